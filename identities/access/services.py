"""Commands on roles and on who holds them."""

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor
from identities.access.models import Role, RoleBinding
from identities.access.permissions import PERMISSIONS
from identities.access.subjects import subject_of
from identities.errors import Conflict, Invalid
from identities.events import BindingEvent, RoleEvent
from identities.inventory import locks, posture
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.watchers.base import run_watchers
from identities.people.models import Tenant

#: Stands for a row that is not there yet, where others are compared with it.
NOT_YET = UUID(int=0)
_ROLE_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._:/-]{0,98}[A-Za-z0-9])?")


@transaction.atomic
def create_role(*, tenant: Tenant, name: str, permissions: Iterable[str], actor: Actor, description: str = "") -> Role:
    """Make a role. Names are unique in a tenant whatever their case; an unknown permission is Invalid."""
    role = Role(
        tenant=tenant,
        name=_name(name, tenant.pk),
        permissions=_permissions(permissions),
        description=_description(description),
    )
    role.save(force_insert=True)
    current = {"name": role.name, "permissions": role.permissions, "description": role.description}
    begun = changes.made({name: value for name, value in current.items() if value})
    audit.record(RoleEvent.CREATED, actor=actor, subject=subject_of(role), changes=begun)
    return role


@transaction.atomic
def change_role(
    role: Role,
    *,
    actor: Actor,
    name: str | None = None,
    permissions: Iterable[str] | None = None,
    description: str | None = None,
) -> Role:
    """Change what is named; it counts at once for every identity that holds the role.

    Raises Invalid, and Conflict `role_elevated` for more permissions while an elevation gives it: others said yes to
    what it permitted then.
    """
    locked = Role.objects.select_for_update(no_key=True).get(pk=role.pk)
    before = {"name": locked.name, "permissions": locked.permissions, "description": locked.description}
    if name is not None:
        locked.name = _name(name, locked.tenant_id, other_than=locked.pk)
    if permissions is not None:
        locked.permissions = _permissions(permissions)
        _check_elevated(locked, was=before["permissions"])
    if description is not None:
        locked.description = _description(description)
    after = {"name": locked.name, "permissions": locked.permissions, "description": locked.description}
    found = changes.between(before, after)
    if found:
        locked.save(update_fields=[*found, "updated_at"])
        posture.mark(ManagedIdentity.objects.filter(bindings__role=locked))
        audit.record(RoleEvent.CHANGED, actor=actor, subject=subject_of(locked), changes=found)
        if {"name", "permissions"} & found.keys():
            _tell_watchers(locked, actor)
    return locked


@transaction.atomic
def remove_role(role: Role, *, actor: Actor, reason: str = "") -> None:
    """Delete a role that nobody ever held. Raises Conflict while a binding names it: an ended one is evidence."""
    locked = Role.objects.select_for_update().get(pk=role.pk)
    held = locked.bindings.count()
    if held:
        raise Conflict(f"The role '{locked.name}' stands in {held} bindings.", code="role_in_use")
    subject = subject_of(locked)
    locked.delete()
    audit.record(RoleEvent.REMOVED, actor=actor, subject=subject, reason=reason.strip())


@transaction.atomic
def grant(
    identity: ManagedIdentity,
    role: Role,
    *,
    valid_until: datetime,
    reason: str,
    actor: Actor,
    valid_from: datetime | None = None,
    is_elevation: bool = False,
) -> RoleBinding:
    """Give `role` to `identity` for [valid_from, valid_until); silent `valid_from` is now.

    An identity that is under approval gets it only with the next one: until then the binding waits and gives nothing.
    `is_elevation`: others said yes to this binding by itself, so it neither waits nor counts as a change.

    Raises Invalid (an end in the past or before the start, no reason, a role of another tenant) and Conflict: a
    retired identity, or the same role held in an overlapping span. A renewal starts where the old one ends, or after
    that was ended.
    """
    at = timezone.now()
    start = valid_from or at
    locked = ManagedIdentity.objects.select_for_update(no_key=True).get(pk=identity.pk)
    _check_span(start, valid_until, at)
    _check_pair(locked, role)
    if not reason.strip() or len(reason.strip()) > 500:
        raise Invalid({"reason": ["Say why, in 1 to 500 characters."]})
    standing = RoleBinding.objects.overlapping(start, valid_until).filter(identity=locked, role=role).first()
    if standing is not None:
        until = standing.valid_until.isoformat()
        raise Conflict(f"'{locked.name}' holds '{role.name}' until {until}.", code="role_binding_overlaps")
    binding = RoleBinding.objects.create(
        identity=locked,
        role=role,
        valid_from=start,
        valid_until=valid_until,
        reason=reason.strip(),
        granted_by=actor.label,
        granted_by_id=actor.id,
        is_elevation=is_elevation,
        awaits_approval=locked.approval_state != "" and not is_elevation,
    )
    posture.mark([locked.pk])
    details = _facts(binding) | {"valid_from": start.isoformat(), "valid_until": valid_until.isoformat()}
    audit.record(BindingEvent.GRANTED, actor=actor, subject=subject_of(binding), reason=binding.reason, details=details)
    if not is_elevation:
        run_watchers(locked, part="bindings", actor=actor)
    if binding.awaits_approval:  # what watches may have released it
        binding.refresh_from_db(fields=["awaits_approval"])
    return binding


@transaction.atomic
def end_binding(binding: RoleBinding, *, actor: Actor, reason: str) -> RoleBinding:
    """End a binding now; the row stays. Raises Conflict when it has ended, Invalid without a reason."""
    ended = _end(binding, actor=actor, reason=reason)
    if not ended.is_elevation:
        run_watchers(ended.identity, part="bindings", actor=actor)
    return ended


def _end(binding: RoleBinding, *, actor: Actor, reason: str) -> RoleBinding:
    at = timezone.now()
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    locks.hold([binding.identity_id])
    rows = RoleBinding.objects.select_for_update(no_key=True, of=("self",)).select_related("role", "identity")
    locked = rows.get(pk=binding.pk)
    if locked.ended_at is not None or locked.valid_until <= at:
        raise Conflict("This binding has ended.", code="role_binding_ended")
    locked.ended_at, locked.ended_reason = at, reason.strip()[:500]
    locked.save(update_fields=["ended_at", "ended_reason"])
    posture.mark([locked.identity_id])
    audit.record(
        BindingEvent.ENDED,
        actor=actor,
        subject=subject_of(locked),
        reason=reason.strip(),
        changes=changes.made({"ended_at": at.isoformat()}),
        details=_facts(locked),
    )
    return locked


@transaction.atomic
def end_bindings_of(identity: ManagedIdentity, *, actor: Actor, reason: str, only_waiting: bool = False) -> int:
    """End every binding that gives a role now or later: what retirement asks for. Says how many ended.

    `only_waiting`: those that wait for an approval that was not given; nobody else is told of that.
    """
    rows = RoleBinding.objects.standing(timezone.now()).filter(identity=identity)
    standing = list(rows.filter(awaits_approval=True) if only_waiting else rows)
    for binding in standing:
        _end(binding, actor=actor, reason=reason)
    if standing and not only_waiting:
        run_watchers(identity, part="bindings", actor=actor)
    return len(standing)


@transaction.atomic
def release_bindings(identity: ManagedIdentity, *, actor: Actor, reason: str) -> int:
    """Those that waited for the approval of `identity` give their role from now on. Says how many."""
    locks.hold([identity.pk])
    rows = RoleBinding.objects.standing(timezone.now()).filter(identity=identity, awaits_approval=True)
    waiting = list(rows.select_related("role", "identity").order_by("pk"))
    for binding in waiting:
        binding.awaits_approval = False
        binding.save(update_fields=["awaits_approval"])
        said = changes.between({"awaits_approval": True}, {"awaits_approval": False})
        audit.record(
            BindingEvent.APPROVED,
            actor=actor,
            subject=subject_of(binding),
            reason=reason,
            changes=said,
            details=_facts(binding),
        )
    if waiting:
        posture.mark([identity.pk])
    return len(waiting)


def _check_elevated(role: Role, *, was: object) -> None:
    if set(role.permissions) <= set(was if isinstance(was, list) else ()):
        return
    given = RoleBinding.objects.standing(timezone.now()).filter(role=role, is_elevation=True)
    if until := given.order_by("-valid_until").values_list("valid_until", flat=True).first():
        said = f"'{role.name}' is given by an elevation until {until:%Y-%m-%d %H:%M} UTC: it takes no more permissions."
        raise Conflict(said, code="role_elevated")


def _tell_watchers(role: Role, actor: Actor) -> None:
    """Of whoever holds it, those that are approved or certified: few, whatever the number of holders."""
    is_watched = ~Q(approval_state="") | Q(certified_until__isnull=False)
    held = RoleBinding.objects.standing(timezone.now()).filter(role=role).values("identity_id")
    holders = ManagedIdentity.objects.filter(is_watched, pk__in=held).order_by("pk")
    locks.hold(holders)
    for holder in list(holders):
        run_watchers(holder, part="bindings", actor=actor)


def _facts(binding: RoleBinding) -> dict[str, object]:
    identity = binding.identity
    return {"identity_id": str(identity.pk), "client_id": identity.client_id, "role": binding.role.name}


def _name(name: str, tenant_id: UUID, other_than: UUID = NOT_YET) -> str:
    cleaned = " ".join(name.split())
    if not _ROLE_NAME.fullmatch(cleaned):
        raise Invalid({"name": ["1 to 100 letters, digits, spaces and . _ : / - with a letter or digit at both ends."]})
    if Role.objects.filter(tenant_id=tenant_id, name__iexact=cleaned).exclude(pk=other_than).exists():
        raise Invalid({"name": ["There is a role of this name."]}, code="name_taken")
    return cleaned


def _permissions(names: Iterable[str]) -> list[str]:
    wanted = set(names)
    if unknown := sorted(wanted - PERMISSIONS):
        raise Invalid({"permissions": [f"There is no permission {name!r}." for name in unknown]})
    return sorted(wanted)


def _description(text: str) -> str:
    if len(text.strip()) > 500:
        raise Invalid({"description": ["At most 500 characters."]})
    return text.strip()


def _check_span(start: datetime, end: datetime, at: datetime) -> None:
    if end <= start:
        raise Invalid({"valid_until": ["It must end after it starts."]})
    if end <= at:
        raise Invalid({"valid_until": ["It lies in the past."]})


def _check_pair(identity: ManagedIdentity, role: Role) -> None:
    if role.tenant_id != identity.tenant_id:
        raise Invalid({"role": ["There is no such role."]})
    if identity.state == State.RETIRED:
        raise Conflict(f"Managed identity '{identity.name}' is retired.", code="identity_retired")
