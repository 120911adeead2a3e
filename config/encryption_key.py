"""Replacing STEWARD_ENCRYPTION_KEY: what rests on a former one is carried over; what cannot be is counted and named."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit import eras, keys, replacement, services as audit
from audit.actors import Actor
from audit.events import InstallationEvent
from audit.moments import zulu
from identities.credentials import former_digests
from identities.discovery.models import Questionnaire
from identities.notifications import secret_box
from identities.people.models import RefreshToken
from identities.recertification import snapshots
from identities.tokens import signing_keys
from identities.vaults import factor_seals, local, registration
from identities.vaults.resealing import Count, SealedColumn, reseal

#: Every column that holds what the key has sealed; a test looks for others.
SEALED: tuple[SealedColumn, ...] = (
    local.SEALED,
    registration.SEALED,
    signing_keys.SEALED,
    secret_box.SEALED,
    factor_seals.SEALED,
    snapshots.SEALED,
)
NAMED = 50
Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Rest:
    """What only a former key proves and nobody but its holder can bring over: how many, and which (never the value)."""

    what: str
    count: int
    named: list[str]


@dataclass
class State:
    """`columns`: by what they hold. `until_seq`: the chain was closed by this run after so many records."""

    key_id: str
    former_ids: tuple[str, ...]
    until_seq: int | None = None
    is_chain_ours: bool = True
    columns: dict[str, Count] = field(default_factory=dict)
    rests: list[Rest] = field(default_factory=list)

    @property
    def is_free(self) -> bool:
        """Whether the former key may go: everything that works goes on without it."""
        is_over = all(count.former == count.moved and not count.unreadable for count in self.columns.values())
        return self.is_chain_ours and is_over and not any(rest.count for rest in self.rests)


def look(progress: Progress) -> State:
    """What rests on a former key; nothing is written."""
    state = State(keys.key_id(), keys.accepted_ids()[1:], is_chain_ours=not replacement.is_due())
    _through(state, progress, is_trial=True)
    return state


def replace(progress: Progress, *, actor: Actor) -> State:
    """Carry over all that can be: the audit's chain first, then each sealed column in batches.

    May be stopped and repeated: what was done is left alone. Leaves one record of what it sealed anew, besides that of
    the chain. Raises `replacement.CannotReplace`, and has changed nothing then.
    """
    closed = replacement.close_era(actor=actor)
    state = State(keys.key_id(), keys.accepted_ids()[1:], until_seq=closed.until_seq if closed else None)
    _through(state, progress, is_trial=False)
    moved = {what: count.moved for what, count in state.columns.items() if count.moved}
    if moved:
        with transaction.atomic():
            audit.record(
                InstallationEvent.VALUES_RESEALED,
                actor=actor,
                subject=replacement.INSTALLATION,
                details={"key_id": state.key_id, "moved": moved},
            )
    return state


def _through(state: State, progress: Progress, *, is_trial: bool) -> None:
    for column in SEALED:
        for count in reseal(column, is_trial=is_trial):
            state.columns[column.what] = count
            progress(column.what, count.seen)
    state.rests = list(_rests(eras.marks_of_present()))


def _rests(marks: tuple[str, ...]) -> Iterator[Rest]:
    now = timezone.now()
    secrets = former_digests.resting(marks)
    used = [f"{it.identity.name} …{it.hint} ({_since(it.last_used_at)})" for it in secrets[:NAMED]]
    yield Rest("client secrets", secrets.count(), used)
    tokens = RefreshToken.objects.open().filter(expires_at__gt=now).exclude(digest_key__in=marks)
    yield Rest("refresh tokens", tokens.count(), _names(tokens.order_by(), "user__email"))
    forms = Questionnaire.objects.filter(closed_at=None, expires_at__gt=now).exclude(digest_key__in=marks)
    yield Rest("questionnaires", forms.count(), _names(forms.order_by(), "title"))
    yield Rest("audit records that wait for their seal", replacement.waiting(), [])


def _names(rows: "QuerySet[RefreshToken] | QuerySet[Questionnaire]", column: str) -> list[str]:
    return sorted(str(name) for name in rows.values_list(column, flat=True).distinct()[:NAMED])


def _since(at: datetime | None) -> str:
    return f"last used {zulu(at, 'minutes')}" if at else "never used"
