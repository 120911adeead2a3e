"""What was chosen for a replacement, checked: everything that can be refused before a vault is spoken to."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from identities.access.models import Role
from identities.access.permissions import PERMISSIONS
from identities.errors import Conflict, Invalid
from identities.people.models import User
from identities.service_users.models import Replacement, ReplacementState
from identities.service_users.planning import MOST_OVERDUE_DAYS, MOST_QUIET_HOURS, Plan, check_agent, plan
from identities.service_users.replacement_words import LEFT_OUT, said_of

LONGEST_REASON = 500
_UNKNOWN = "There is no permission {name!r}."


@dataclass(frozen=True, slots=True)
class Terms:
    """How `plan.user` is replaced, as planned or as somebody chose instead."""

    plan: Plan
    reason: str
    name: str
    environment: str
    permissions: tuple[str, ...]
    role: Role | None
    quiet_hours: int
    overdue_days: int

    def not_covered(self) -> list[dict[str, object]]:
        """What the account did and the identity will not be able to, as it is kept with the replacement."""
        found: list[dict[str, object]] = [
            {"duty": one.duty, "resource_kind": one.resource_kind, "times": one.times,
             "last_at": one.last_at.isoformat(), "text": said_of(one), "matters": one.matters}
            for one in self.plan.uncovered
        ]  # fmt: skip
        left_out = (one for one in self.plan.needed if one.permission not in self.permissions)
        found += [
            {"permission": one.permission, "times": one.times, "last_at": one.last_at.isoformat(),
             "text": f"{one.permission}: {LEFT_OUT}.", "matters": True}
            for one in left_out
        ]  # fmt: skip
        return found


def settle(
    user: User,
    *,
    reason: str,
    name: str = "",
    environment: str = "",
    permissions: Collection[str] | None = None,
    role: Role | None = None,
    quiet_hours: int | None = None,
    overdue_days: int | None = None,
) -> Terms:
    """The terms of `replacing.begin`, silent ones as planned. Raises Invalid and Conflict as that does."""
    check_agent(user)
    check_able(user)
    found = plan(user, at=timezone.now())
    quiet = found.quiet_hours if quiet_hours is None else quiet_hours
    overdue = max(found.overdue_days, quiet // 24 + 1) if overdue_days is None else overdue_days
    if errors := {**_unfit(reason, quiet, overdue), **_unfit_choice(user, permissions, role)}:
        raise Invalid(errors)
    chosen = role.permissions if role is not None else found.permissions if permissions is None else permissions
    return Terms(
        plan=found,
        reason=reason.strip(),
        name=name.strip() or found.name,
        environment=environment or found.environment,
        permissions=tuple(sorted(set(chosen))),
        role=role,
        quiet_hours=quiet,
        overdue_days=overdue,
    )


def check_able(user: User) -> None:
    """Conflict for an account that is disabled, and for one that is being replaced already."""
    if not user.is_active:
        raise Conflict(f"{user.email} is disabled: there is nothing to move over.", code="account_disabled")
    check_none_goes_on(user)


def check_none_goes_on(user: User) -> None:
    """Conflict for an account that is being replaced already."""
    if going_on(user.pk) is not None:
        raise Conflict(f"{user.email} is being replaced already.", code="replacement_going_on")


def going_on(user_id: UUID) -> Replacement | None:
    """The replacement of this account that has not ended."""
    return Replacement.objects.filter(account_id=user_id, state=ReplacementState.BOTH_ALIVE).first()


def _unfit(reason: str, quiet_hours: int, overdue_days: int) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        errors["reason"] = [f"Say why, in 1 to {LONGEST_REASON} characters."]
    if not 1 <= quiet_hours <= MOST_QUIET_HOURS:
        errors["quiet_hours"] = [f"1 to {MOST_QUIET_HOURS} hours."]
    if not 1 <= overdue_days <= MOST_OVERDUE_DAYS:
        errors["overdue_days"] = [f"1 to {MOST_OVERDUE_DAYS} days."]
    elif "quiet_hours" not in errors and overdue_days * 24 <= quiet_hours:
        errors["overdue_days"] = ["It would be overdue before it could have been quiet for long enough."]
    return errors


def _unfit_choice(user: User, permissions: Collection[str] | None, role: Role | None) -> dict[str, list[str]]:
    if permissions is not None and role is not None:
        return {"role": ["Name a role or its permissions, not both."]}
    if role is not None and role.tenant_id != user.tenant_id:
        return {"role": ["There is no such role."]}
    unknown = sorted(set(permissions or ()) - PERMISSIONS)
    return {"permissions": [_UNKNOWN.format(name=name) for name in unknown]} if unknown else {}
