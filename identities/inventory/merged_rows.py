"""Two rows that are one identity: one stays, with what it lacked of the other; that one rests until it is parted.

Only the rows: what hangs on them (records of sources, credentials) is the business of the room that merges.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from audit import services as audit
from audit.actors import Actor
from identities.events import IdentityEvent
from identities.inventory import facts as register, owners, posture, provenance
from identities.inventory.models import ManagedIdentity
from identities.inventory.naming import free_names
from identities.inventory.states import State
from identities.inventory.subjects import subject_of
from identities.inventory.vocabulary import Origin

#: What is the row's own, and so is never taken from another.
OWN = frozenset({"name", "issuance", "kind", "ownership_class", "risk_tier", "auth_method"})
FORMER = ("name", "state", "state_reason", "state_changed_at")
MERGED = "merge"


def fillable(kept: ManagedIdentity, absorbed: ManagedIdentity) -> dict[str, object]:
    """The members that `kept` lacks and `absorbed` has, as they are shown. Pure."""
    mine, theirs = register.snapshot(kept), register.snapshot(absorbed)
    empty = (False, *register.NOTHING)
    members = [name for name in mine if name not in OWN and mine[name] in empty and theirs[name] not in empty]
    return {name: theirs[name] for name in members}


def differing(kept: ManagedIdentity, absorbed: ManagedIdentity) -> dict[str, tuple[object, object]]:
    """The members on which both say something else; those of `kept` stay. Pure."""
    mine, theirs = register.snapshot(kept), register.snapshot(absorbed)
    both = [name for name in mine if mine[name] not in register.NOTHING and theirs[name] not in register.NOTHING]
    return {name: (mine[name], theirs[name]) for name in both if mine[name] != theirs[name]}


def absorb(absorbed: ManagedIdentity, *, into: ManagedIdentity, reason: str, actor: Actor, at: datetime) -> list[str]:
    """Fill what `into` lacks, let `absorbed` rest; both rows are locked by the caller. The members that were filled."""
    filled = fillable(into, absorbed)
    for member in filled:
        for column in columns_of(member):
            setattr(into, column, getattr(absorbed, column))
    into.provenance = provenance.marked(
        into.provenance, filled, origin=Origin.DERIVED, at=at, by=actor.label, source=f"{MERGED}/{absorbed.pk}"
    )
    into.last_used_at = max((at for at in (into.last_used_at, absorbed.last_used_at) if at is not None), default=None)
    into.reported_by = list(dict.fromkeys([*into.reported_by, *absorbed.reported_by]))
    absorbed.merged_into, absorbed.state = into, State.RETIRED.value
    absorbed.state_reason, absorbed.state_changed_at = f"Merged into {into.name}: {reason}", at
    _save([into, absorbed], at)
    filled_in = {member: {"previous": None, "current": value} for member, value in filled.items()}
    for subject, changes, other in ((into, filled_in, absorbed), (absorbed, {}, into)):
        audit.record(
            IdentityEvent.MERGED,
            actor=actor,
            subject=subject_of(subject),
            reason=reason,
            changes=changes,
            details={"kept": into.name, "absorbed": absorbed.name, "other": str(other.pk)},
        )
    return list(filled)


def reinstate(
    absorbed: ManagedIdentity,
    *,
    kept: ManagedIdentity,
    former: Mapping[str, object],
    filled: Collection[str],
    reason: str,
    actor: Actor,
    at: datetime,
) -> ManagedIdentity:
    """Give `absorbed` back its former name and state, and take from `kept` what came with it and nobody changed since.

    A name that somebody else took meanwhile gets a number. Both rows are locked by the caller.
    """
    for member in filled:
        entry = provenance.entries(kept.provenance).get(member, {})
        if entry.get("source") == f"{MERGED}/{absorbed.pk}":
            for column in columns_of(member):
                setattr(kept, column, _default(column))
            kept.provenance = {name: said for name, said in kept.provenance.items() if name != member}
    absorbed.merged_into = None
    absorbed.state, absorbed.state_reason = str(former["state"]), str(former["state_reason"])
    absorbed.state_changed_at = at
    if absorbed.state != State.RETIRED:
        absorbed.name = free_names(absorbed.tenant_id, [str(former["name"])])[0]
    _save([kept, absorbed], at)
    for subject, other in ((kept, absorbed), (absorbed, kept)):
        audit.record(
            IdentityEvent.PARTED,
            actor=actor,
            subject=subject_of(subject),
            reason=reason,
            details={"other": other.name, "other_id": str(other.pk)},
        )
    return absorbed


def columns_of(member: str) -> tuple[str, ...]:
    """The columns that hold a member: an owner is a person and a label."""
    return (
        (f"{member}_id", f"{member}_label")
        if member in owners.ROLES
        else (("owner_team_id",) if member == "owner_team" else (member,))
    )


def _default(column: str) -> object:
    return None if column.endswith("_id") else ManagedIdentity._meta.get_field(column).get_default()  # type: ignore[union-attr]


def _save(rows: list[ManagedIdentity], at: datetime) -> None:
    posture.assess_rows(rows, at=at)
    for row in rows:
        row.save()
