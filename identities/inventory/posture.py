"""The verdicts as the register's rows keep them: judged when a row changes, and again when time alone changes them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from identities.inventory import locks
from identities.inventory.assessable import Assessable
from identities.inventory.assessment import Verdict, assess
from identities.inventory.models import ManagedIdentity
from identities.inventory.orphans import Answerer
from identities.inventory.standards import Standards
from identities.inventory.standards_rows import standards_of_each
from identities.inventory.supplies.base import kinds, supplied_columns
from identities.people.models import Team, User
from identities.statements.prepared import update_many

#: In the order of the chain.
ROLES = (("technical_owner", "technical owner"), ("business_owner", "business owner"), ("deputy_owner", "deputy"))
SAME = tuple(name for name in Assessable.__dataclass_fields__ if name not in ("chain", "has_team", "is_merged"))
#: So long a verdict stands unasked.
LOOK_AGAIN = timedelta(days=1)
#: Up to so many rows are saved one by one.
FEW = 3
#: What moves with every look, also where the verdict stays.
LOOKED = ("assessed_at", "reassess_at")
#: Wide columns that no verdict rests on: reading them costs more than judging.
UNREAD = (
    "provenance", "tags", "protocols", "upstream_dependencies", "downstream_systems", "description", "state_reason",
    "vendor_contract", "vendor_renewal_on", "revocation_tested_at", "tokens_revoked_at", "created_by", "updated_at",
)  # fmt: skip
#: The columns that hold a verdict; `assess_rows` sets them and nothing else.
COLUMNS = (
    "triage",
    "triage_reasons",
    "use_state",
    "is_orphaned",
    "completeness",
    "assessed_at",
    "reassess_at",
)


def assess_rows(identities: Sequence[ManagedIdentity], *, at: datetime, is_last_word: bool = False) -> None:
    """Set the verdict, and what it rests on, on these rows in hand; the caller saves `kept_columns()` of them.

    A fixed number of queries, however many rows. A row that is not saved yet has no credentials and no schedules.
    Unless it `is_last_word`, the rows are left due: the next sweep passes them on to whoever builds on the verdict.
    """
    standards = standards_of_each({identity.tenant_id for identity in identities})
    if saved := [identity for identity in identities if not identity._state.adding]:  # noqa: SLF001 - documented API
        for kind in sorted(kinds):
            kinds[kind]().fill(saved, standards=standards, at=at)
    for identity, verdict in zip(identities, _judge(identities, standards, at), strict=True):
        _write(identity, verdict, at)
        identity.reassess_at = _due_again(verdict, at) if is_last_word else at


def refresh(identity_ids: Collection[UUID], *, at: datetime) -> None:
    """Judge these anew and save it, in the caller's transaction: what belongs to them has changed."""
    rows = ManagedIdentity.objects.filter(pk__in=identity_ids).order_by("pk").defer(*UNREAD)
    refresh_held(list(rows.select_for_update(no_key=True)), at=at)


def refresh_held(identities: Sequence[ManagedIdentity], *, at: datetime) -> None:
    """As `refresh`, for rows that the caller holds and has as the database has them."""
    assess_rows(identities, at=at)
    _save(identities)


def kept_columns() -> tuple[str, ...]:
    """The columns that `assess_rows` sets: the verdict, and what rooms above keep on the row."""
    return (*COLUMNS, *supplied_columns())


def verdicts(identities: Sequence[ManagedIdentity], *, at: datetime) -> list[Verdict]:
    """The verdict on each as its row stands. Three queries, however many rows; nothing is written."""
    return _judge(identities, standards_of_each({identity.tenant_id for identity in identities}), at)


def _judge(identities: Sequence[ManagedIdentity], standards: Mapping[UUID, Standards], at: datetime) -> list[Verdict]:
    people, teams = _people(identities), _teams(identities)
    return [
        assess(facts_of(identity, _chain(identity, people, teams)), standards=standards[identity.tenant_id], at=at)
        for identity in identities
    ]


def facts_of(identity: ManagedIdentity, chain: Sequence[Answerer]) -> Assessable:
    """The row as the pure rules read it."""
    plain = {name: getattr(identity, name) for name in SAME}
    is_merged = identity.merged_into_id is not None
    return Assessable(chain=chain, has_team=identity.owner_team_id is not None, is_merged=is_merged, **plain)


def mark(concerned: Collection[UUID] | QuerySet[ManagedIdentity]) -> None:
    """Something else than the row has changed (an owner, a team): the next sweep looks at these again."""
    rows = concerned if isinstance(concerned, QuerySet) else ManagedIdentity.objects.filter(pk__in=concerned)
    with transaction.atomic(savepoint=False):
        locks.hold(rows)
        rows.order_by().update(reassess_at=timezone.now())


def sweep(at: datetime, *, limit: int = 2000) -> list[UUID]:
    """Judge again what is due at `at`, the longest overdue first; the ids looked at, `limit` at most.

    In one short transaction; asked twice, the second finds nothing. No audit: a verdict follows from facts. Rows that a
    command holds are passed by. Where nothing is due: one query, and no transaction.
    """
    due = ManagedIdentity.objects.filter(reassess_at__lte=at).order_by("reassess_at")
    if not due.exists():
        return []
    with transaction.atomic():
        skip = connection.features.has_select_for_update_skip_locked
        rows = list(due.defer(*UNREAD).select_for_update(no_key=True, skip_locked=skip)[:limit])
        before = [_kept(row) for row in rows]
        assess_rows(rows, at=at, is_last_word=True)
        _save([row for row, was in zip(rows, before, strict=True) if _kept(row) != was])
        update_many([row for row, was in zip(rows, before, strict=True) if _kept(row) == was], LOOKED)
    return [row.pk for row in rows]


def _kept(row: ManagedIdentity) -> tuple[object, ...]:
    return tuple(getattr(row, column) for column in kept_columns() if column not in LOOKED)


def _save(rows: Sequence[ManagedIdentity]) -> None:
    columns = kept_columns()
    if len(rows) > FEW:
        update_many(rows, columns)
        return
    for row in rows:
        # Not `save`: a verdict is no edit, so `updated_at` stays and nobody's open form is refused for it.
        ManagedIdentity.objects.filter(pk=row.pk).update(**{column: getattr(row, column) for column in columns})


def _write(identity: ManagedIdentity, verdict: Verdict, at: datetime) -> None:
    identity.triage = verdict.colour.value
    identity.triage_reasons = [reason.as_json() for reason in verdict.reasons]
    identity.use_state = verdict.use_state.value
    identity.is_orphaned = verdict.is_orphaned
    identity.completeness = verdict.completeness
    identity.assessed_at = at


def _due_again(verdict: Verdict, at: datetime) -> datetime | None:
    """Each day at the latest: what rooms above judge by may change with time in ways unknown here."""
    if verdict.is_final:
        return None
    return min(verdict.reassess_at or at + LOOK_AGAIN, at + LOOK_AGAIN)


def _people(identities: Iterable[ManagedIdentity]) -> Mapping[UUID, bool]:
    """Who of the owners named may still sign in; those at hand with their row are not asked for again."""
    known = {person.pk: person.is_active for identity in identities for person in _at_hand(identity)}
    named = {getattr(identity, f"{role}_id") for identity in identities for role, _ in ROLES} - {None, *known}
    return {**known, **dict(User.objects.filter(pk__in=named).values_list("pk", "is_active"))} if named else known


def _at_hand(identity: ManagedIdentity) -> list[User]:
    held = identity._state.fields_cache  # noqa: SLF001 - where Django keeps related rows that were read along
    return [held[role] for role, _ in ROLES if held.get(role) is not None]


def _teams(identities: Iterable[ManagedIdentity]) -> Mapping[UUID, tuple[str, bool]]:
    """The teams named, with whether anybody active is in them."""
    named = {identity.owner_team_id for identity in identities if identity.owner_team_id is not None}
    if not named:
        return {}
    active = Team.members.through.objects.filter(team_id=OuterRef("pk"), user__is_active=True)
    rows = Team.objects.filter(pk__in=named).annotate(is_manned=Exists(active))
    return {pk: (name, is_manned) for pk, name, is_manned in rows.values_list("pk", "name", "is_manned")}


def _chain(
    identity: ManagedIdentity, people: Mapping[UUID, bool], teams: Mapping[UUID, tuple[str, bool]]
) -> list[Answerer]:
    chain = []
    for role, label in ROLES:
        key, name = getattr(identity, f"{role}_id"), getattr(identity, f"{role}_label")
        if key is not None:
            chain.append(Answerer(label, name or "", "" if people.get(key) else "has a disabled account"))
        elif name:
            chain.append(Answerer(label, name, "is matched to no person"))
    if identity.owner_team_id is not None:
        name, is_manned = teams.get(identity.owner_team_id, ("", False))
        chain.append(Answerer("team", name, "" if is_manned else "has no active member"))
    return chain
