"""Commands on the register: create an identity, change its facts, move its state."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor, Subject
from identities.errors import Conflict, Invalid
from identities.events import IdentityEvent, StandardsEvent
from identities.inventory import demands, facts as register, posture, provenance, standards_reading
from identities.inventory.cadence import review_by
from identities.inventory.client_ids import new_client_id
from identities.inventory.facts import Facts
from identities.inventory.models import ManagedIdentity, TenantStandards
from identities.inventory.portrait.register import parts_of
from identities.inventory.standards import Standards, as_rules, laid_over, standards_from
from identities.inventory.standards_rows import standards_of
from identities.inventory.states import State, may_become, only_by
from identities.inventory.subjects import subject_of
from identities.inventory.vocabulary import Origin
from identities.inventory.watchers.base import run_watchers
from identities.people.models import User

BY_TIER = "risk tier"
MOVED = ("state", "state_reason", "state_changed_at", "paused_until", "review_by", "provenance", "updated_at")
#: The command that alone makes a move, by the word it leaves in the audit.
_COMMANDS = {IdentityEvent.RELEASED: "release", IdentityEvent.RESUMED: "resume"}
_EVENTS = {
    State.ACTIVE: IdentityEvent.ENABLED,
    State.PAUSED: IdentityEvent.PAUSED,
    State.QUARANTINED: IdentityEvent.QUARANTINED,
    State.DISABLED: IdentityEvent.DISABLED,
    State.RETIRED: IdentityEvent.RETIRED,
}


@transaction.atomic
def create(*, tenant_id: UUID, facts: Facts, actor: Actor, source: str = "") -> ManagedIdentity:
    """Enter an identity: active, without owner, role or secret unless `facts` name an owner (S0-05, S0-15).

    Nothing comes to it from `actor`. Where `facts` name no day of review, the tier sets one (marked as derived).
    `source` says where a person's words stand written ("inventory.yaml"). Raises Invalid for facts that do not fit,
    for what `demands` asks and for a name already taken.
    """
    now = timezone.now()
    if missing := [name for name in register.REQUIRED if facts.get(name) in (None, "")]:
        raise Invalid({name: ["This member is required."] for name in missing})
    identity = ManagedIdentity(
        tenant_id=tenant_id,
        client_id=new_client_id(),
        state=State.ACTIVE.value,
        state_changed_at=now,
        created_at=now,
        created_by=actor.label,
    )
    register.apply(identity, facts)
    standards = standards_of(tenant_id)
    _ask(demands.of_a_vendor(identity) | demands.of_its_method(identity, standards))
    said = [name for name in facts if facts[name] not in register.NOTHING]
    identity.provenance = provenance.marked({}, said, origin=Origin.EDITED, at=now, by=actor.label, source=source)
    if identity.review_by is None:
        _fill_in_review(identity, standards, actor=actor, at=now)
    _assess(identity, now)
    _save(identity)
    begins = {
        name: value
        for name, value in register.snapshot(identity).items()
        if value is not False and value not in register.NOTHING
    }
    audit.record(
        IdentityEvent.CREATED,
        actor=actor,
        subject=subject_of(identity),
        changes=changes.made(begins),
        details={"client_id": identity.client_id} | ({"source": source} if source else {}),
    )
    return identity


@transaction.atomic
def change(
    identity: ManagedIdentity, *, facts: Facts, actor: Actor, reason: str = "", source: str = ""
) -> ManagedIdentity:
    """Change the named facts and leave the rest; what is named is a person's word from now on.

    Asked is only what the change itself takes away: an imported row may be mended member by member. Raises Invalid,
    or Conflict for a retired identity.
    """
    now = timezone.now()
    locked = lock(identity)
    if locked.state == State.RETIRED:
        raise Conflict(f"Managed identity '{locked.name}' is retired.", code="identity_retired")
    before, asked_before, method = register.snapshot(locked), _open_demands(locked), locked.auth_method
    agreed = parts_of(locked)
    register.apply(locked, facts)
    _ask({name: said for name, said in _open_demands(locked).items() if name not in asked_before})
    if locked.auth_method != method:
        _ask(demands.of_its_method(locked, standards_of(locked.tenant_id)))
    found = changes.between(before, register.snapshot(locked)) | _confirmed(locked, facts, before)
    said = [name for name in facts if name in found or facts[name] not in register.NOTHING]
    locked.provenance = provenance.marked(
        locked.provenance, said, origin=Origin.EDITED, at=now, by=actor.label, source=source
    )
    _assess(locked, now)
    _save(locked)
    if found:
        audit.record(
            IdentityEvent.CHANGED,
            actor=actor,
            subject=subject_of(locked),
            reason=reason.strip(),
            changes=found,
            details={"source": source} if source else None,
        )
    _tell_watchers(locked, agreed, found, actor)
    return locked


@transaction.atomic
def set_state(
    identity: ManagedIdentity,
    *,
    target: State,
    reason: str,
    actor: Actor,
    event: IdentityEvent | None = None,
    until: datetime | None = None,
) -> ManagedIdentity:
    """Move to `target`. Only the row: secrets, bindings, tokens and effects are lifecycle's.

    `event` names the move in the audit where the state alone does not (a release); `until` ends a pause.

    To become active, a vendor's identity needs its owners and its revocation procedure; where there is neither an end
    nor a day of review, the tier sets one. Raises Invalid without a reason or for those, Conflict where there is no
    such move.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    locked = lock(identity)
    previous = State(locked.state)
    if not may_become(previous, target):
        raise Conflict(
            f"Managed identity '{locked.name}' is {previous}: it cannot become {target}.", code="wrong_state"
        )
    if (command := only_by(previous, target)) and (event is None or _COMMANDS.get(event) != command):
        raise Conflict(f"Managed identity '{locked.name}' is {previous}: {command} it first.", code="wrong_state")
    before = _standing(locked)
    locked.state, locked.state_reason, locked.state_changed_at = target.value, reason.strip(), timezone.now()
    locked.paused_until = until if target is State.PAUSED else None
    if target is State.ACTIVE:
        _ask(demands.of_a_vendor(locked))
        if demands.of_an_end(locked):
            _fill_in_review(locked, standards_of(locked.tenant_id), actor=actor, at=locked.state_changed_at)
    _assess(locked, locked.state_changed_at)
    locked.save(update_fields=[*MOVED, *posture.kept_columns()])
    audit.record(
        event or _EVENTS[target],
        actor=actor,
        subject=subject_of(locked),
        reason=locked.state_reason,
        changes=changes.between(before, _standing(locked)),
        details={"client_id": locked.client_id},
    )
    return locked


@transaction.atomic
def change_standards(
    *, tenant_id: UUID, rules: Mapping[str, object], actor: Actor, reason: str = ""
) -> TenantStandards:
    """Lay `rules` over the identity policy of the tenant; None takes a member, or a key in it, back to the default.

    In force at once: what is made and changed from now on is held to it, what is there is judged by it at the next
    sweep. Raises Invalid.
    """
    given = standards_reading.read(rules)
    row, _ = TenantStandards.objects.select_for_update(no_key=True).get_or_create(tenant_id=tenant_id)
    before = as_rules(standards_from(row.rules))
    row.rules, row.updated_by = laid_over(row.rules, given), actor.label
    if not (found := changes.between(before, as_rules(standards_from(row.rules)))):
        return row
    row.save()
    posture.mark(ManagedIdentity.objects.filter(tenant_id=tenant_id).exclude(state=State.RETIRED))
    audit.record(
        StandardsEvent.CHANGED,
        actor=actor,
        subject=Subject(kind="standards", id=str(tenant_id), label="Identity policy", tenant_id=tenant_id),
        reason=reason.strip(),
        changes=found,
    )
    return row


def lock(identity: ManagedIdentity) -> ManagedIdentity:
    """The row as it is now, held until the caller's transaction ends; the account it stands for is held before it."""
    if identity.account_id is not None:
        User.objects.select_for_update(no_key=True).filter(pk=identity.account_id).first()
    return ManagedIdentity.objects.select_for_update(no_key=True).get(pk=identity.pk)


def _standing(identity: ManagedIdentity) -> Facts:
    """What a move may change, as the audit compares it."""
    names = ("state", "paused_until", "review_by")
    return {name: register.plain(getattr(identity, name)) for name in names}


def _open_demands(identity: ManagedIdentity) -> demands.Demands:
    """What the row lacks, whatever it is changed to; that of a vendor only where it is one."""
    return demands.of_a_vendor(identity) | demands.of_an_end(identity) | demands.of_an_account(identity)


def _ask(missing: demands.Demands) -> None:
    if missing:
        raise Invalid(missing)


def _fill_in_review(identity: ManagedIdentity, standards: Standards, *, actor: Actor, at: datetime) -> None:
    identity.review_by = review_by(identity.risk_tier, today=at.date(), standards=standards)
    identity.provenance = provenance.marked(
        identity.provenance, ["review_by"], origin=Origin.DERIVED, at=at, by=actor.label, source=BY_TIER
    )


def _confirmed(identity: ManagedIdentity, facts: Facts, before: Facts) -> changes.Changes:
    """Values that a source had said and a person now says as well: from here on no source changes them."""
    after = register.snapshot(identity)
    origins = {name: provenance.origin_of(identity.provenance, name) for name in facts if before[name] == after[name]}
    return {
        f"provenance.{name}": {"previous": origin.value, "current": Origin.EDITED.value}
        for name, origin in origins.items()
        if origin not in (None, Origin.EDITED)
    }


def _tell_watchers(
    identity: ManagedIdentity, before: Mapping[str, object], found: changes.Changes, actor: Actor
) -> None:
    """The parts of its portrait that became others; a purpose (once it was known) and a tier also by their names."""
    after = parts_of(identity)
    is_other = {member: bool((found.get(member) or {}).get("previous")) for member in ("purpose", "risk_tier")}
    parts = ["purpose"] if is_other["purpose"] else []
    parts += [kind for kind in after if after[kind] != before[kind]]
    # Last, when it is known whether the new tier itself waits for somebody's word.
    parts += ["tier"] if is_other["risk_tier"] else []
    for part in parts:
        run_watchers(identity, part=part, actor=actor)


def _assess(identity: ManagedIdentity, at: datetime) -> None:
    """Colour, reasons and completeness as of now, so that no row is ever saved without its verdict."""
    posture.assess_rows([identity], at=at)


def _save(identity: ManagedIdentity) -> None:
    if _is_taken(identity):
        raise Invalid({"name": ["An identity of this tenant has this name."]}, code="name_taken")
    try:
        with transaction.atomic():
            identity.save()
    except IntegrityError as error:
        if not _is_taken(identity):
            raise
        raise Invalid({"name": ["An identity of this tenant has this name."]}, code="name_taken") from error


def _is_taken(identity: ManagedIdentity) -> bool:
    others = ManagedIdentity.objects.filter(tenant_id=identity.tenant_id, name__iexact=identity.name)
    return others.exclude(state=State.RETIRED).exclude(pk=identity.pk).exists()
