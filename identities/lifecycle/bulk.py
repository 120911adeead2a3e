"""One deed on many identities: what it would change for each, and doing it, one by one in short transactions.

A deed is a value. `foresee` says what it would change, or why it cannot; `carry_out` calls the same command that the
button of one identity calls, so that nothing is done here that is not done there, and each has its record.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

import structlog
from django.db import DatabaseError
from django.db.models import Prefetch
from django.utils import timezone

from audit.actors import Actor
from identities.credentials.models import ClientSecret, DeliveryStep
from identities.credentials.selectors import alive
from identities.errors import DomainError, Invalid, Unavailable
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State, may_become, only_by
from identities.inventory.vocabulary import Issuance
from identities.lifecycle import rotations, services as lifecycle
from identities.lifecycle.quarantines import quarantine
from identities.vaults.references import SecretReference

log = structlog.get_logger(__name__)
#: More identities than this are not changed at one go: filter, and come back for the rest.
MOST = 5_000
RETIRED = "It is retired: nothing about it changes any more."


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a deed would change on one identity, in words; `refusal` says why it cannot, `is_needless` that it is so."""

    identity_id: UUID
    name: str
    before: str = ""
    after: str = ""
    refusal: str = ""

    @property
    def is_needless(self) -> bool:
        return not self.refusal and self.before == self.after


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one identity: done, or not and why."""

    identity_id: UUID
    name: str
    is_done: bool
    text: str


class Deed(ABC):
    """What is done to each. `is_grave`: not to be undone, or a stop at once; faces ask for a typed word."""

    is_grave: ClassVar[bool] = False
    done: ClassVar[str] = "Done."

    def why_not(self, identity: ManagedIdentity) -> str:
        """Why it cannot be done here; empty where it can."""
        return RETIRED if identity.state == State.RETIRED else ""

    @abstractmethod
    def before_and_after(self, identity: ManagedIdentity) -> tuple[str, str]:
        """What it changes, in words; the same twice where nothing would change."""

    @abstractmethod
    def do(self, identity: ManagedIdentity, *, reason: str, actor: Actor) -> None:
        """Do it by the command that does it for one. Raises DomainError."""


@dataclass(frozen=True)
class AssignOwner(Deed):
    """`role` is business_owner, technical_owner, deputy_owner or owner_team; `who` an id, None for nobody."""

    role: str
    who: str | None
    called: str
    done: ClassVar[str] = "Assigned."

    def before_and_after(self, identity: ManagedIdentity) -> tuple[str, str]:
        if self.role == "owner_team":
            now, known = str(identity.owner_team or ""), identity.owner_team_id
        else:
            now, known = getattr(identity, f"{self.role}_label"), getattr(identity, f"{self.role}_id")
        if self.who is not None and str(known or "") == self.who:
            return self.called, self.called
        return (now or "nobody"), (self.called or "nobody")

    def do(self, identity: ManagedIdentity, *, reason: str, actor: Actor) -> None:
        inventory.change(identity, facts={self.role: self.who}, actor=actor, reason=reason)


@dataclass(frozen=True)
class SetReviewDate(Deed):
    """The day by which it is to be reviewed."""

    day: date
    done: ClassVar[str] = "Review date set."

    def before_and_after(self, identity: ManagedIdentity) -> tuple[str, str]:
        return (identity.review_by.isoformat() if identity.review_by else "none"), self.day.isoformat()

    def do(self, identity: ManagedIdentity, *, reason: str, actor: Actor) -> None:
        inventory.change(identity, facts={"review_by": self.day}, actor=actor, reason=reason)


@dataclass(frozen=True)
class ChangeTags(Deed):
    """Add tags `{key: value}` (a value may be empty), and remove those with the keys of `remove`."""

    add: Mapping[str, str]
    remove: Collection[str] = ()
    done: ClassVar[str] = "Tagged."

    def before_and_after(self, identity: ManagedIdentity) -> tuple[str, str]:
        return _said(identity.tags), _said(self._changed(identity.tags))

    def do(self, identity: ManagedIdentity, *, reason: str, actor: Actor) -> None:
        # The row as it is now: another person's tags, added since the list was drawn, stay.
        tags = ManagedIdentity.objects.values_list("tags", flat=True).get(pk=identity.pk)
        inventory.change(identity, facts={"tags": self._changed(tags)}, actor=actor, reason=reason)

    def _changed(self, tags: object) -> object:
        if isinstance(tags, list):
            added = [f"{key}={value}" if value else key for key, value in self.add.items()]
            return list(dict.fromkeys([*(tag for tag in tags if tag not in self.remove), *added]))
        kept = {key: value for key, value in dict(tags or {}).items() if key not in self.remove}  # type: ignore[call-overload]
        return {**kept, **self.add}


class _Move(Deed):
    target: ClassVar[State]
    is_grave = True

    def why_not(self, identity: ManagedIdentity) -> str:
        state = State(identity.state)
        if command := only_by(state, self.target):
            return f"It is {state}: {command} it first."
        if state is self.target or may_become(state, self.target):
            return ""
        return RETIRED if state is State.RETIRED else f"It is {state}: it cannot become {self.target}."

    def before_and_after(self, identity: ManagedIdentity) -> tuple[str, str]:
        return identity.state, self.target.value


class Disable(_Move):
    """Stop it at once, reversibly."""

    target = State.DISABLED
    done = "Disabled."

    def do(self, identity: ManagedIdentity, *, reason: str, actor: Actor) -> None:
        lifecycle.disable(identity, reason=reason, actor=actor)


class Quarantine(_Move):
    """Stop it as an incident, each with its evidence and its runbook."""

    target = State.QUARANTINED
    done = "Quarantined."

    def do(self, identity: ManagedIdentity, *, reason: str, actor: Actor) -> None:
        quarantine(identity, reason=reason, actor=actor)


class Retire(_Move):
    """End it for good."""

    target = State.RETIRED
    done = "Retired."

    def do(self, identity: ManagedIdentity, *, reason: str, actor: Actor) -> None:
        lifecycle.retire(identity, reason=reason, actor=actor)


class Rotate(Deed):
    """A new secret into the vault place where the old one rests, which works on until evidence ends it."""

    done = "A new secret is in the vault; the old one works until it has been silent for its time."

    def why_not(self, identity: ManagedIdentity) -> str:
        if refusal := super().why_not(identity):
            return refusal
        if identity.issuance == Issuance.EXTERNAL:
            return "Its credentials are issued elsewhere: rotate them there."
        if identity.issuance == Issuance.FEDERATED:
            return "It has no secret: its platform vouches for it."
        live = _live(identity)
        if not live:
            return "It has no live secret."
        if len(live) > 1:
            return "Two secrets overlap: retire the old one or roll back first."
        return "" if _place(live) else "Its secret rests in no vault of ours: somebody must carry the new one there."

    def before_and_after(self, identity: ManagedIdentity) -> tuple[str, str]:
        live = _live(identity)
        return _count(len(live)), f"{_count(len(live) + 1)}, the new one in {_place(live)}"

    def do(self, identity: ManagedIdentity, *, reason: str, actor: Actor) -> None:
        live = _live(identity)
        place = _place(live)
        if place is None:
            raise Invalid(self.why_not(identity) or "Its secret rests in no vault of ours.")
        done = rotations.rotate(identity, reason=reason, store_at=place, secret=live[0], actor=actor).rotation
        if done is not None and done.delivery_step != DeliveryStep.DONE:
            said = f"Not in its vault yet: {done.delivery_reason} It is tried again by itself; the old one works."
            raise Unavailable(said, code=done.delivery_problem)


def foresee(deed: Deed, ids: Collection[UUID], *, tenant_ids: Collection[UUID] | None) -> list[Foreseen]:
    """What `deed` would change, by name; ids outside these tenants (None: every one) are not there."""
    return [_foreseen(deed, identity) for identity in _rows(ids, tenant_ids)]


def carry_out(
    deed: Deed, ids: Sequence[UUID], *, reason: str, actor: Actor, tenant_ids: Collection[UUID] | None
) -> Iterator[Outcome]:
    """Do it for one after the other, each in transactions of its own; what came of each, as it comes.

    Who stops asking for the next leaves the rest undone. Call it outside a transaction. Raises Invalid without a
    reason; after that every id has an outcome, whatever happens.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    found = {identity.pk: identity for identity in _rows(ids, tenant_ids)}
    for identity_id in ids:
        identity = found.get(identity_id)
        if identity is None:
            yield Outcome(identity_id, str(identity_id), is_done=False, text="There is no such identity.")
        else:
            yield _done(deed, identity, reason=reason.strip(), actor=actor)


def _done(deed: Deed, identity: ManagedIdentity, *, reason: str, actor: Actor) -> Outcome:
    foreseen = _foreseen(deed, identity)
    if foreseen.refusal:
        return Outcome(identity.pk, identity.name, is_done=False, text=foreseen.refusal)
    if foreseen.is_needless:
        return Outcome(identity.pk, identity.name, is_done=True, text="Nothing to change.")
    try:
        deed.do(identity, reason=reason, actor=actor)
    except DomainError as error:
        return Outcome(identity.pk, identity.name, is_done=False, text=error.message)
    except DatabaseError as error:
        log.exception("bulk_row_failed", identity_id=str(identity.pk), deed=type(deed).__name__)
        return Outcome(identity.pk, identity.name, is_done=False, text=f"The database refused: {type(error).__name__}.")
    return Outcome(identity.pk, identity.name, is_done=True, text=deed.done)


def _foreseen(deed: Deed, identity: ManagedIdentity) -> Foreseen:
    if refusal := deed.why_not(identity):
        return Foreseen(identity.pk, identity.name, refusal=refusal)
    before, after = deed.before_and_after(identity)
    return Foreseen(identity.pk, identity.name, before, after)


def _rows(ids: Collection[UUID], tenant_ids: Collection[UUID] | None) -> list[ManagedIdentity]:
    live = ClientSecret.objects.filter(alive(timezone.now())).order_by("-created_at")
    rows = ManagedIdentity.objects.filter(pk__in=list(ids)[: MOST + 1]).select_related("owner_team")
    rows = rows if tenant_ids is None else rows.filter(tenant_id__in=tenant_ids)
    return list(rows.prefetch_related(Prefetch("secrets", queryset=live, to_attr="live_now")).order_by("name", "pk"))


def _live(identity: ManagedIdentity) -> list[ClientSecret]:
    return list(getattr(identity, "live_now", ()))


def _place(live: Sequence[ClientSecret]) -> SecretReference | None:
    """Where the newest secret that rests in a vault lies; a new version goes there."""
    for secret in live:
        if secret.stored_at:
            known = {name: value for name, value in secret.stored_at.items() if name != "version"}
            return SecretReference.from_json(known)
    return None


def _count(number: int) -> str:
    return f"{number} live secret" + ("" if number == 1 else "s")


def _said(tags: object) -> str:
    pairs = tags.items() if isinstance(tags, dict) else ((tag, "") for tag in tags) if isinstance(tags, list) else ()
    return ", ".join(f"{key}={value}" if value else str(key) for key, value in pairs) or "no tags"
