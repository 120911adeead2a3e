"""What a source's words would change on a row, and which of a person's they stand against. Asks no database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from identities.inventory import facts as register, owners, provenance
from identities.inventory.facts import Facts
from identities.inventory.models import ManagedIdentity
from identities.inventory.naming import is_numbered
from identities.inventory.owners import Owner
from identities.inventory.vocabulary import Origin
from identities.people.models import Team

Sides = dict[str, dict[str, object]]
#: What no source decides: how an identity comes to a token of ours.
OURS = frozenset({"issuance"})
NO_TEAM = "There is no such team."


class Lookup(Protocol):
    """Who stands behind a text: `directory.Directory`."""

    def owner(self, written: object) -> Owner: ...
    def team(self, written: object) -> Team | None: ...


@dataclass(frozen=True, slots=True)
class Proposed:
    """What an import would do to one row.

    `changes` is `{member: {previous, current}}`; `kept` is `{member: {mine, theirs}}`, where a person's value stands
    against the source's; `elsewhere` the same for a value that another source said first. `dropped` is
    `{member: why}` for what does not fit the register. All of it is plain JSON but for `columns`: what is to be set.
    """

    changes: Sides = field(default_factory=dict)
    kept: Sides = field(default_factory=dict)
    elsewhere: Sides = field(default_factory=dict)
    dropped: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """One member as a source says it: as it is shown, and the columns that hold it."""

    shown: object
    columns: Mapping[str, object]


def propose(identity: ManagedIdentity, facts: Facts, *, source: str, people: Lookup | None = None) -> Proposed:
    """What `change_many` would change on this row, and which values it would leave.

    Without `people`, an owner or a team is compared by the text that the row shows of it. Have `owner_team` loaded.
    """
    said, dropped = words_of(facts, people)
    columns: dict[str, object] = {}
    found = Proposed(dropped=dropped, columns=columns)
    for member, theirs in said.items():
        mine = shown(identity, member)
        if _is_same(identity, member, mine, theirs, source):
            continue
        if (beside := _stands_beside(identity, member, source, found)) is not None:
            if theirs.shown not in register.NOTHING:
                beside[member] = {"mine": mine, "theirs": theirs.shown}
        elif theirs.shown not in register.NOTHING or provenance.origin_of(identity.provenance, member):
            found.changes[member] = {"previous": mine, "current": theirs.shown}
            columns |= theirs.columns
    return found


def words_of(facts: Facts, people: Lookup | None = None) -> tuple[dict[str, Said], dict[str, str]]:
    """The members that a source may say, and those of `facts` that do not fit, with the reason."""
    fitted = register.fit(facts)
    said = {
        name: Said(register.plain(value), {name: value}) for name, value in fitted.values.items() if name not in OURS
    }
    for role in owners.ROLES:
        if role in facts:
            said[role] = _owner(role, facts[role], people)
    if "owner_team" in facts:
        team = people.team(facts["owner_team"]) if people else None
        if team is None and people and facts["owner_team"]:
            fitted.dropped["owner_team"] = NO_TEAM
        else:
            said["owner_team"] = Said(team.name if team else _text(facts["owner_team"]), {"owner_team": team})
    return said, fitted.dropped


def shown(identity: ManagedIdentity, member: str) -> object:
    """A member of the row as the audit and a preview show it."""
    if member in owners.ROLES:
        return getattr(identity, f"{member}_label")
    if member == "owner_team":
        return identity.owner_team.name if identity.owner_team else ""
    return register.plain(getattr(identity, member))


def _owner(role: str, written: object, people: Lookup | None) -> Said:
    owner = people.owner(written) if people else Owner(user=None, label=_text(written))
    return Said(owner.label, {role: owner.user, f"{role}_label": owner.label})


def _is_same(identity: ManagedIdentity, member: str, mine: object, theirs: Said, source: str) -> bool:
    if member == "name":
        return is_numbered(str(mine), str(theirs.shown), source)
    if member not in (*owners.ROLES, "owner_team"):
        return mine == theirs.shown
    key, other = getattr(identity, f"{member}_id"), theirs.columns.get(member)
    if other is not None:
        return bool(key == getattr(other, "pk", None))
    return str(theirs.shown).lower() in {str(mine).lower(), str(key)}


def _stands_beside(identity: ManagedIdentity, member: str, source: str, found: Proposed) -> Sides | None:
    """Where the source's value is put when it may not be written; None when it may."""
    mine = getattr(identity, member)
    if provenance.is_kept(identity.provenance, member, mine):
        return found.kept
    is_imported = provenance.origin_of(identity.provenance, member) is Origin.IMPORTED
    if is_imported and mine not in register.NOTHING and provenance.source_of(identity.provenance, member) != source:
        return found.elsewhere
    return None


def _text(written: object) -> str:
    return written.strip() if isinstance(written, str) else "" if written is None else str(written)
