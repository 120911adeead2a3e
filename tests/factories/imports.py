"""Imports for tests of what comes after reading: an importer that says what a test puts into its mouth."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from audit.actors import Actor
from identities.discovery import services as discovery
from identities.discovery.importers.base import Importer, kinds
from identities.discovery.models import ImportRun, ImportState
from identities.discovery.records import Dropped, Reported, Unreadable
from identities.people.models import Tenant

SYSTEM = Actor.system("tests")
NOWHERE = [("export.json", Path("/dev/null"))]
_numbers = count(1)
Said = Reported | Dropped | Exception


class Mouth:
    """What the importer says next; the classes behind `paper` and `stone` differ in their platform alone."""

    says: ClassVar[list[Said]] = []
    #: Name, mode and content of the files that it was given last.
    seen: ClassVar[list[tuple[str, str, bytes]]] = []

    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported | Dropped]:
        given = [path for path in files if path.is_file()]
        Mouth.seen = [(path.name, oct(path.stat().st_mode)[-3:], path.read_bytes()) for path in given]
        for said in self.says:
            if isinstance(said, Exception):
                raise said
            yield said


@contextmanager
def fake_kinds() -> Iterator[type[Mouth]]:
    """`paper` and `stone` are kinds of imports for as long as this lasts; both say what `Mouth.says`."""
    made = {
        name: type(name, (Mouth, Importer), {"kind": name, "platform": name, "label": name, "accepts": f"{name} only"})
        for name in ("paper", "stone")
    }
    try:
        yield Mouth
    finally:
        Mouth.says = []
        for name in made:
            kinds.pop(name)


def record(key: str = "", **facts: Any) -> Reported:
    """A record of a workload; the members of `Reported` go where they belong, all others are facts."""
    number = next(_numbers)
    own = {name: facts.pop(name) for name in ("account", "aliases", "credentials", "last_used_at") if name in facts}
    key = key or f"bot-{number}"
    place, record_type = facts.pop("place", f"row {number}"), facts.pop("record_type", "bot")
    return Reported(record_type=record_type, key=key, label=facts.get("name", key), place=place, facts=facts, **own)


def read(tenant: Tenant, *said: Said, kind: str = "paper", actor: Actor = SYSTEM, source: str = "") -> ImportRun:
    """A run that has read this."""
    Mouth.says = list(said)
    return discovery.read(tenant_id=tenant.pk, kind=kind, files=NOWHERE, actor=actor, source=source)


def applied(tenant: Tenant, *said: Said, kind: str = "paper", actor: Actor = SYSTEM, source: str = "") -> ImportRun:
    """A run that has read this and has been applied."""
    run = read(tenant, *said, kind=kind, actor=actor, source=source)
    assert run.state == ImportState.PREVIEWED, run.error
    done = discovery.apply(discovery.begin(run, actor=actor))
    assert done.state == ImportState.APPLIED, done.error
    return done


def unreadable(text: str = "row 3, column 7: not a date") -> Unreadable:
    """What an importer raises."""
    return Unreadable(text)
