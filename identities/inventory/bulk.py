"""Many rows at once, as imports bring them: lenient where a form is strict, and never over what a person set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects

from audit import changes, services as audit
from audit.actors import Actor
from identities.errors import Conflict, Missing
from identities.events import IdentityEvent
from identities.inventory import facts as register, owners, posture, provenance
from identities.inventory.client_ids import new_client_id
from identities.inventory.directory import Directory
from identities.inventory.facts import Facts
from identities.inventory.models import ManagedIdentity
from identities.inventory.naming import free_names
from identities.inventory.proposals import Proposed, Said, propose, words_of
from identities.inventory.states import State
from identities.inventory.subjects import subject_of
from identities.inventory.vocabulary import Issuance, Origin
from identities.statements.prepared import insert_many, update_many

__all__ = ["Entry", "Proposed", "Update", "change_many", "enter_many", "propose"]

UNNAMED = "unnamed"
NAME_CONSTRAINT = "identity_name_unique_in_tenant"
#: What a report changes on a row beside its facts.
NOTED = ("provenance", "last_used_at", "reported_by", "unreported_since", "updated_at")
TAKEN = "Another identity took one of these names in the same moment: try again."


@dataclass(frozen=True, slots=True)
class Entry:
    """A new identity as a source reports it. Owners are texts: an e-mail of a person of the tenant, or a label.

    `state` is REQUESTED for a draft that nobody has looked at, told by a person and not by a system. Where
    `credentials_follow`, the caller reports them in the same transaction, and it is judged then, and only then.
    """

    facts: Facts
    source: str
    last_used_at: datetime | None = None
    reported_by: tuple[str, ...] = ()
    state: State = State.ACTIVE
    credentials_follow: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """What a source says of an identity that is there. `reported_by` None leaves the list of sources as it is."""

    identity: ManagedIdentity
    facts: Facts
    source: str
    last_used_at: datetime | None = None
    reported_by: tuple[str, ...] | None = None


def enter_many(*, tenant_id: UUID, entries: Sequence[Entry], actor: Actor, at: datetime) -> list[ManagedIdentity]:
    """Enter up to a thousand identities: external, active, in the order of `entries`, in one transaction.

    A missing member is left open, a value that does not fit is left out (the record of the row says why), a name that
    is taken gets its source or a number. Nobody is asked for anything here: what is missing shows in the row's verdict.
    A fixed number of queries (a few more where names are taken), one `identity.created` a row. Raises Conflict.
    """
    if not entries:
        return []
    people = _directory(tenant_id, [entry.facts for entry in entries])
    read = [words_of(entry.facts, people) for entry in entries]
    wanted = [str(said["name"].shown) if "name" in said else UNNAMED for said, _ in read]
    names = free_names(tenant_id, wanted, [entry.source for entry in entries])
    made = [
        _row(tenant_id, entry, said, name, actor=actor, at=at)
        for entry, (said, _), name in zip(entries, read, names, strict=True)
    ]
    with transaction.atomic():
        now = [row for row, entry in zip(made, entries, strict=True) if not entry.credentials_follow]
        posture.assess_rows(now, at=at)
        _write(lambda: insert_many(made))
        audit.record_many(
            [
                audit.compose(
                    IdentityEvent.CREATED,
                    actor=actor,
                    subject=subject_of(identity),
                    changes=changes.made(_begins(said) | {"name": identity.name}),
                    details={"client_id": identity.client_id, **_details(entry.source, dropped)},
                )
                for identity, entry, (said, dropped) in zip(made, entries, read, strict=True)
            ]
        )
    return made


def change_many(
    *, tenant_id: UUID, updates: Sequence[Update], actor: Actor, at: datetime, reason: str = ""
) -> list[Proposed]:
    """Write what the sources say, up to a thousand rows in one transaction; what a person set stays.

    Answers what was done to each, in order; the identities of `updates` hold what was saved. A retired identity keeps
    its facts. A fixed number of queries, one `identity.changed` for each row whose facts changed. Raises Missing for a
    row that is not the tenant's, Conflict for a name taken meanwhile.
    """
    with transaction.atomic():
        rows = _locked(tenant_id, updates)
        people = _directory(tenant_id, [update.facts for update in updates])
        before = {key: _noted(row) for key, row in rows.items()}
        done = [_take(rows[update.identity.pk], update, people, actor=actor, at=at) for update in updates]
        _number_names(tenant_id, rows, done, updates)
        touched = [row for key, row in rows.items() if _noted(row) != before[key]]
        if touched:
            posture.assess_rows(touched, at=at)
            columns = {column for proposed in done for column in proposed.columns}
            _write(lambda: update_many(touched, sorted({*columns, *NOTED, *posture.kept_columns()})))
        audit.record_many(
            [
                audit.compose(
                    IdentityEvent.CHANGED,
                    actor=actor,
                    subject=subject_of(rows[update.identity.pk]),
                    reason=reason.strip(),
                    changes=proposed.changes,
                    details=_details(update.source, proposed.dropped),
                )
                for update, proposed in zip(updates, done, strict=True)
                if proposed.changes
            ]
        )
    _hand_back(rows, updates)
    return done


def _row(
    tenant_id: UUID, entry: Entry, said: Mapping[str, Said], name: str, *, actor: Actor, at: datetime
) -> ManagedIdentity:
    identity = ManagedIdentity(
        tenant_id=tenant_id,
        client_id=new_client_id(),
        issuance=Issuance.EXTERNAL.value,
        state=entry.state.value,
        state_changed_at=at,
        created_at=at,
        created_by=actor.label,
        last_used_at=entry.last_used_at,
        reported_by=list(entry.reported_by),
    )
    for words in said.values():
        _set(identity, words.columns)
    identity.name = name
    told = [member for member, words in said.items() if words.shown not in register.NOTHING]
    identity.provenance = provenance.marked(
        {}, told, origin=Origin.IMPORTED, at=at, by=actor.label, source=entry.source
    )
    return identity


def _locked(tenant_id: UUID, updates: Sequence[Update]) -> dict[UUID, ManagedIdentity]:
    """The rows in hand, each once, held until the transaction ends and as the database has them now."""
    rows = {update.identity.pk: update.identity for update in reversed(updates)}
    held = (
        ManagedIdentity.objects.filter(tenant_id=tenant_id, pk__in=rows).order_by("pk").select_for_update(no_key=True)
    )
    now = {pk: (changed, used) for pk, changed, used in held.values_list("pk", "updated_at", "last_used_at")}
    if len(now) < len(rows):
        raise Missing("There is no such identity.")
    stale = [pk for pk, row in rows.items() if (row.updated_at, row.last_used_at) != now[pk]]
    for pk, fresh in ManagedIdentity.objects.in_bulk(stale).items() if stale else ():
        rows[pk].__dict__.update(fresh.__dict__)
    if any("owner_team" in update.facts for update in updates):
        prefetch_related_objects(list(rows.values()), "owner_team")
    return rows


def _take(identity: ManagedIdentity, update: Update, people: Directory, *, actor: Actor, at: datetime) -> Proposed:
    """Set on the row in hand what `update` may change."""
    is_over = identity.state == State.RETIRED
    proposed = Proposed() if is_over else propose(identity, update.facts, source=update.source, people=people)
    _set(identity, proposed.columns)
    if proposed.changes:
        identity.updated_at = at
        identity.provenance = provenance.marked(
            identity.provenance, proposed.changes, origin=Origin.IMPORTED, at=at, by=actor.label, source=update.source
        )
    if update.last_used_at and (identity.last_used_at is None or identity.last_used_at < update.last_used_at):
        identity.last_used_at = update.last_used_at
    if update.reported_by is not None:
        identity.reported_by = list(update.reported_by)
        identity.unreported_since = None if update.reported_by else identity.unreported_since
    return proposed


def _number_names(
    tenant_id: UUID, rows: Mapping[UUID, ManagedIdentity], done: Sequence[Proposed], updates: Sequence[Update]
) -> None:
    """Give those that are called otherwise now a name that is free."""
    renamed = [
        (rows[update.identity.pk], proposed.changes["name"], update.source)
        for update, proposed in zip(updates, done, strict=True)
        if "name" in proposed.changes
        and str(proposed.changes["name"]["previous"]).lower() != str(proposed.changes["name"]["current"]).lower()
    ]
    if not renamed:
        return
    wanted = [str(change["current"]) for _, change, _ in renamed]
    free = free_names(tenant_id, wanted, [source for _, _, source in renamed])
    for (identity, change, _), name in zip(renamed, free, strict=True):
        identity.name = change["current"] = name


def _hand_back(rows: Mapping[UUID, ManagedIdentity], updates: Sequence[Update]) -> None:
    for update in updates:
        if update.identity is not rows[update.identity.pk]:
            update.identity.__dict__.update(rows[update.identity.pk].__dict__)


def _directory(tenant_id: UUID, told: Sequence[Facts]) -> Directory:
    people = (facts[role] for facts in told for role in owners.ROLES if role in facts)
    return Directory(tenant_id, people=people, teams=(facts["owner_team"] for facts in told if "owner_team" in facts))


def _noted(identity: ManagedIdentity) -> tuple[object, ...]:
    return tuple(getattr(identity, column) for column in NOTED)


def _set(identity: ManagedIdentity, columns: Mapping[str, object]) -> None:
    for column, value in columns.items():
        setattr(identity, column, value)


def _begins(said: Mapping[str, Said]) -> dict[str, object]:
    return {
        member: words.shown
        for member, words in said.items()
        if words.shown is not False and words.shown not in register.NOTHING
    }


def _details(source: str, dropped: Mapping[str, str]) -> dict[str, object]:
    return {"source": source, "dropped": dict(dropped)} if dropped else {"source": source}


def _write(write: Callable[[], None]) -> None:
    try:
        with transaction.atomic():
            write()
    except IntegrityError as error:
        if NAME_CONSTRAINT not in str(error):
            raise
        raise Conflict(TAKEN, code="name_taken") from error
