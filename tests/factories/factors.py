"""Second factors for tests: an app that counts as RFC 6238 has it, by arithmetic of its own."""

import hashlib
import hmac
import struct
import time
from base64 import b32decode
from collections.abc import Iterator
from contextlib import contextmanager

import time_machine

from identities.people import second_factor
from identities.people.actors import actor_of
from identities.people.models import User


class App:
    """An authenticator app with one seed; it shows a code for now, or for so many steps from now."""

    def __init__(self, seed: str) -> None:
        self.seed = seed.replace(" ", "")

    def code(self, steps: int = 0) -> str:
        counter = int(time.time()) // 30 + steps
        digest = hmac.digest(b32decode(self.seed), struct.pack(">Q", counter), hashlib.sha1)
        at = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"

    def wrong(self) -> str:
        """A code that the app shows neither now nor a minute around."""
        shown = {self.code(steps) for steps in range(-3, 4)}
        return next(text for text in map("{:06}".format, range(10)) if text not in shown)


@contextmanager
def one_moment() -> Iterator[None]:
    """The clock stands: when it passes a half minute, what was the step before is too old a moment later."""
    with time_machine.travel(time.time(), tick=False):
        yield


def with_app(user: User) -> tuple[App, list[str]]:
    """Give the person an app; its recovery codes come along. The code of the step before the present one is spent."""
    app = App(second_factor.new_seed())
    with one_moment():
        added = second_factor.add_app(user, seed=app.seed, code=app.code(-1), actor=actor_of(user))
    return app, added.codes
