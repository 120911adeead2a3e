"""What must hold of a person before a command is carried out."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from audit.actors import Actor, ActorKind
from identities.errors import Conflict, Invalid, Refused
from identities.people import passwords, selectors
from identities.people.models import PortalRole, Tenant, User

AGENT_MARK = "-agent@"
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
#: Stands for a row that is not there yet, where others are compared with it.
NOT_YET = UUID(int=0)


def address(email: str, other_than: UUID = NOT_YET) -> str:
    """The address trimmed and in lower case (S2-03), or Invalid: not one, or taken."""
    cleaned = email.strip().lower()
    try:
        validate_email(cleaned)
    except ValidationError as exc:
        raise Invalid({"email": ["This is not an e-mail address."]}) from exc
    if len(cleaned) > 254:
        raise Invalid({"email": ["At most 254 characters."]})
    if User.objects.filter(email=cleaned).exclude(pk=other_than).exists():
        raise Invalid({"email": ["Somebody signs in with this address already."]}, code="email_taken")
    return cleaned


def is_agents_address(email: str) -> bool:
    """Whether an address reads `<capability>-agent@<domain>` (S2-07): something before the mark, the mark once."""
    capability, mark, domain = email.strip().lower().partition(AGENT_MARK)
    return bool(capability and mark and domain) and "@" not in capability


def role(role: PortalRole | str) -> PortalRole:
    """One of the four, or Invalid."""
    try:
        return PortalRole(role)
    except ValueError as exc:
        raise Invalid({"role": [f"One of {', '.join(PortalRole.values)}."]}) from exc


def check_flags(user: User, actor: Actor) -> None:
    """That an agent has an agent's address, and that nobody is given what the actor does not hold."""
    if user.is_agent and not is_agents_address(user.email):
        raise Invalid({"is_agent": ["The address of a service user reads <capability>-agent@<domain>."]})
    check_names(user)
    check_platform_admin(user, actor)
    check_role_given(user.role, actor)


def check_names(user: User) -> None:
    """That names fit, and hold nothing that would break a line or turn the text around it."""
    odd = [name for name in ("first_name", "last_name") if _UNSEEN.search(getattr(user, name))]
    if odd:
        raise Invalid({name: ["No control characters."] for name in odd})
    long = [name for name in ("first_name", "last_name") if len(getattr(user, name)) > 80]
    if long:
        raise Invalid({name: ["At most 80 characters."] for name in long})


def check_platform_admin(user: User, actor: Actor) -> None:
    """Nobody hands on what they do not hold."""
    if not user.is_platform_admin:
        return
    if user.role != PortalRole.ADMIN or user.is_agent:
        raise Invalid({"is_platform_admin": ["Only a person with the role ADMIN can be platform administrator."]})
    if not _is_platform_admin(actor):
        raise Refused("Only a platform administrator makes another.")


def check_role_given(role: PortalRole | str, actor: Actor) -> None:
    """Refused for AUDITOR, who reads every tenant, from somebody whose own reach ends at one."""
    if role == PortalRole.AUDITOR and not _is_platform_admin(actor):
        raise Refused("Only a platform administrator makes an AUDITOR: that role reads every tenant.")


def check_account(user: User, actor: Actor) -> None:
    """Refused for an account that reaches beyond its tenant, unless it is the actor's own or the actor reaches as far.

    A tenant's ADMIN who could give such an account a password or an address would sign in with it.
    """
    if user.is_wide and actor.id != str(user.pk) and not _is_platform_admin(actor):
        raise Refused(f"{user.email} reaches beyond this tenant: only a platform administrator changes this account.")


def check_may_disable(user: User, actor: Actor) -> None:
    """Refused for a platform administrator from somebody who is none; to shut out an AUDITOR takes no such reach."""
    if user.is_platform_admin:
        check_account(user, actor)


def _is_platform_admin(actor: Actor) -> bool:
    return actor.kind is ActorKind.SYSTEM or _platform_admins().filter(pk__in=_uuid(actor.id)).exists()


def _uuid(text: str) -> Iterable[UUID]:
    try:
        return [UUID(text)]
    except ValueError:
        return []


def _platform_admins() -> Any:
    return User.objects.filter(is_platform_admin=True, is_active=True)


def check_not_last_admin(user: User) -> None:
    """Conflict for the last active ADMIN. The tenant's row is held: of two who demote each other, one fails."""
    Tenant.objects.select_for_update(no_key=True).get(pk=user.tenant_id)
    admins = selectors.active_admins(user.tenant_id)
    if admins.filter(pk=user.pk).exists() and not admins.exclude(pk=user.pk).exists():
        raise Conflict(f"{user.email} is the last active ADMIN of this tenant.", code="last_admin")


def check_not_last_platform_admin(user: User) -> None:
    """Conflict when nobody else could make a tenant."""
    if user.is_platform_admin and not _platform_admins().select_for_update(no_key=True).exclude(pk=user.pk).exists():
        raise Conflict(f"{user.email} is the last platform administrator.", code="last_platform_admin")


def take_password(user: User, password: str | None) -> None:
    """Set a password that meets every rule, or Invalid; None leaves an account without one."""
    if password is None:
        user.set_unusable_password()
        return
    found = passwords.problems(password, min_length=settings.AUTH_PASSWORD_MIN_LENGTH)
    if not found:
        try:
            password_validation.validate_password(password, user)
        except ValidationError as exc:
            found = list(exc.messages)
    if found:
        raise Invalid({"password": found})
    user.set_password(password)
    user.password_set_at = timezone.now()
