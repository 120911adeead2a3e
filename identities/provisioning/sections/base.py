"""Section: one part of the document, such as `roles`: how its entries are compared and carried out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from audit.actors import Actor
from identities.people.models import Tenant
from identities.provisioning.planning import Change, Values, Weight

kinds: dict[str, type["Section"]] = {}


class Section(ABC):
    """One part. Add one by one file: subclass, name `kind`, `position` and `schema`, implement the five questions.

    `kind` is the member of the document, `schema` the JSON Schema of one entry, `position` the order in which parts are
    carried out (what is named comes before what names it). Contract: values are in canonical form, as `read` gives it,
    so that equal things are equal; `create` and `change` call services, inside the caller's transaction, and raise
    what those raise. A part that is `networked` is carried out after that transaction, one entry at a time.
    """

    kind: ClassVar[str]
    position: ClassVar[int]
    schema: ClassVar[Mapping[str, Any]]
    networked: ClassVar[bool] = False
    #: What a member that nobody wrote means, where that is not None.
    absent: ClassVar[Values] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if kinds.get(cls.kind, cls).__qualname__ != cls.__qualname__:
            raise TypeError(f"Two sections are called {cls.kind!r}")
        kinds[cls.kind] = cls

    @abstractmethod
    def key(self, values: Values) -> str:
        """What tells an entry from its neighbours, for people; compared whatever its case."""

    @abstractmethod
    def read(self, entry: Values) -> Values:
        """An entry of the document in canonical form; Invalid names the members that do not fit."""

    @abstractmethod
    def current(self, tenant: Tenant) -> Sequence[Values]:
        """Everything of this kind that the register holds, in canonical form, ordered by key."""

    @abstractmethod
    def weigh(self, before: Values | None, changes: Sequence[Change]) -> Weight:
        """What speaks for caution; `before` is None for something new. Pure."""

    @abstractmethod
    def create(self, tenant: Tenant, values: Values, *, actor: Actor, reason: str) -> None:
        """Make it."""

    @abstractmethod
    def change(self, tenant: Tenant, values: Values, changes: Sequence[Change], *, actor: Actor, reason: str) -> None:
        """Make it say what `changes` say; `values` is the whole entry."""


def sections() -> list[Section]:
    """Every part, in order."""
    return [kind() for kind in sorted(kinds.values(), key=lambda kind: kind.position)]


def texts(values: Any) -> list[str]:
    """A list of texts, sorted, each once."""
    return sorted({str(value).strip() for value in values or ()})
