"""What a kind of channel is to Steward: a class in a file of its own beside this one, found by its `kind`."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from identities.notifications.message import Message
from identities.vaults.base import VaultSettings
from identities.vaults.secret_text import SecretText


class SinkFailed(Exception):
    """A message did not arrive. The text is kept and shown: it holds no secret and nothing the other side said."""


@dataclass(frozen=True, slots=True)
class SinkSettings(VaultSettings):
    """A sink's settings, in the way of a vault's: a frozen dataclass of texts, numbers and switches, none secret."""


class Sink(ABC):
    """One channel, opened for one message and thrown away.

    Contract: `send` returns once the other side has taken the message, and raises `SinkFailed` for every way it did
    not; it uses the network, so it is never called inside a transaction; it ends within half a minute, follows no
    redirect, reaches no address that outgoing calls may not reach, and puts no secret into an error, a log line or an
    attribute. A message may come twice with the same id, where a worker died before it could note the first.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    Settings: ClassVar[type[SinkSettings]] = SinkSettings

    secret_label: ClassVar[str] = ""
    """What the secret is called in a form; empty where there is none to give."""

    secret_hint: ClassVar[str] = ""

    makes_secret: ClassVar[bool] = False
    """Does Steward make the secret, and show it once?"""

    pause_minutes: ClassVar[int] = 0
    """After one message what follows waits so long and goes together: people read it. 0: each by itself."""

    kinds: ClassVar[dict[str, type["Sink"]]] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if Sink.kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two sinks are called {cls.kind!r}")
        Sink.kinds[cls.kind] = cls

    def __init__(self, settings: SinkSettings, secrets: Sequence[SecretText] = ()) -> None:
        """`secrets`: the one in force, then, while it is being changed, the one before."""
        self.settings = settings
        self._secrets = tuple(secrets)

    @abstractmethod
    def send(self, message: Message) -> None:
        """Hand the message over, or raise `SinkFailed`."""

    @classmethod
    def fresh_secret(cls) -> SecretText:
        """A new secret, where `makes_secret`."""
        raise NotImplementedError

    @classmethod
    def check_secret(cls, text: str) -> str:
        """A given secret as it is kept; raises `Invalid` (member `secret`), quoting nothing of it."""
        return text.strip()

    def _secret(self) -> SecretText:
        if not self._secrets:
            raise SinkFailed("The channel has no secret: set it again.")
        return self._secrets[0]
