"""Commands on people and service users."""

from typing import Any

from django.db import transaction

from audit import changes, services as audit
from audit.actors import Actor
from identities.errors import Conflict, Invalid
from identities.events import PersonEvent
from identities.people import accounts, standing
from identities.people.actors import subject_of
from identities.people.models import PortalRole, Tenant, User
from identities.people.refresh_reasons import Cause
from identities.people.services import rules, sessions

_SHOWN = ("email", "first_name", "last_name", "role", "is_agent", "is_platform_admin", "must_reset_password")


@transaction.atomic
def create_user(
    *,
    tenant: Tenant,
    email: str,
    actor: Actor,
    role: PortalRole | str = PortalRole.READ_ONLY,
    password: str | None = None,
    first_name: str = "",
    last_name: str = "",
    is_agent: bool = False,
    is_platform_admin: bool = False,
    must_reset_password: bool = False,
) -> User:
    """Make a person, or with `is_agent` a service user (S2-01…07). Without a password they cannot sign in yet.

    Raises Invalid naming the member: an address that is taken or no address, an agent's address without `-agent@`,
    a password that is too weak; Refused when somebody gives platform administration or AUDITOR (which reads every
    tenant) who is no platform administrator.
    """
    user = User(
        tenant=tenant,
        email=rules.address(email),
        first_name=first_name.strip(),
        last_name=last_name.strip(),
        role=rules.role(role),
        is_agent=is_agent,
        is_platform_admin=is_platform_admin,
        must_reset_password=must_reset_password,
    )
    rules.check_flags(user, actor)
    rules.take_password(user, password)
    user.save(force_insert=True)
    begun = changes.made({name: value for name, value in _facts(user).items() if value})
    audit.record(PersonEvent.CREATED, actor=actor, subject=subject_of(user), changes=begun)
    accounts.account_changed(user, actor=actor, made=True)
    return user


@transaction.atomic
def change_user(
    user: User,
    *,
    actor: Actor,
    first_name: str | None = None,
    last_name: str | None = None,
    email: str | None = None,
    is_platform_admin: bool | None = None,
    must_reset_password: bool | None = None,
) -> User:
    """Change what is named; None leaves a member as it is. Never makes somebody an agent, whatever the new address.

    Raises Invalid, Refused for platform administration from one who does not have it and for an account that reaches
    beyond its tenant (`rules.check_account`), Conflict for taking it from the last who has it.
    """
    locked = _lock(user)
    rules.check_account(locked, actor)
    before = _facts(locked)
    locked.email = locked.email if email is None else rules.address(email, other_than=locked.pk)
    locked.first_name = locked.first_name if first_name is None else first_name.strip()
    locked.last_name = locked.last_name if last_name is None else last_name.strip()
    if must_reset_password is not None:
        locked.must_reset_password = must_reset_password
    if is_platform_admin is not None and is_platform_admin != locked.is_platform_admin:
        rules.check_not_last_platform_admin(locked)
        locked.is_platform_admin = is_platform_admin
        rules.check_platform_admin(locked, actor)
    if locked.is_agent and not rules.is_agents_address(locked.email):
        raise Invalid({"email": ["The address of a service user reads <capability>-agent@<domain>."]})
    rules.check_names(locked)
    _save(locked, before, PersonEvent.CHANGED, actor)
    return locked


@transaction.atomic
def set_role(user: User, *, role: PortalRole | str, actor: Actor, reason: str = "") -> User:
    """Give another portal role; it counts from the next request on.

    Raises Conflict for the last active ADMIN of a tenant and for a platform administrator, who stays ADMIN; Refused for
    AUDITOR from anybody but a platform administrator.
    """
    locked, wanted = _lock(user), rules.role(role)
    rules.check_role_given(wanted, actor)
    before = _facts(locked)
    if wanted is not PortalRole.ADMIN:
        if locked.is_platform_admin:
            raise Conflict("A platform administrator stays ADMIN.", code="platform_admin")
        rules.check_not_last_admin(locked)
    locked.role = wanted
    _save(locked, before, PersonEvent.ROLE_CHANGED, actor, reason)
    return locked


@transaction.atomic
def set_password(user: User, *, password: str, actor: Actor, must_reset: bool = False) -> User:
    """Set a password. Every refresh token and every session opened with the old one ends (S2-18, S2-19).

    Raises Invalid naming `password` with each rule that is not met, Refused as `change_user`. The password is never
    recorded.
    """
    locked = _lock(user)
    rules.check_account(locked, actor)
    rules.take_password(locked, password)
    locked.must_reset_password = must_reset
    locked.save(update_fields=["password", "password_set_at", "must_reset_password", "updated_at"])
    ended = sessions.end_all(locked, Cause.PASSWORD_CHANGED)
    details = {"sessions_ended": ended, "must_reset": must_reset}
    audit.record(PersonEvent.PASSWORD_SET, actor=actor, subject=subject_of(locked), details=details)
    return locked


@transaction.atomic
def force_reset(user: User, *, actor: Actor, reason: str = "") -> User:
    """Have somebody choose a new password: every session ends, and until then all but that is closed to them.

    The old password still signs in, and opens only the way to a new one. A service user's next refresh fails, so that
    it shows. Raises Refused as `change_user`.
    """
    locked = _lock(user)
    rules.check_account(locked, actor)
    before, locked.must_reset_password = _facts(locked), True
    locked.save(update_fields=["must_reset_password", "updated_at"])
    audit.record(
        PersonEvent.RESET_FORCED,
        actor=actor,
        subject=subject_of(locked),
        reason=reason.strip(),
        changes=changes.between(before, _facts(locked)),
        details={"sessions_ended": sessions.end_all(locked, Cause.RESET_FORCED)},
    )
    accounts.account_changed(locked, actor=actor)
    return locked


@transaction.atomic
def disable_user(user: User, *, actor: Actor, reason: str) -> User:
    """Shut somebody out at once: no sign-in, no refresh, no use of a token already given out.

    Touches only the person. What they own goes on working (S0-01); that it lost an owner is for
    `lifecycle.disable_person` to say. Raises Invalid without a reason, Conflict for the last active ADMIN of a tenant,
    the last platform administrator, and somebody who is disabled already; Refused for a platform administrator from
    somebody who is none.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    locked = _lock(user)
    if not locked.is_active:
        raise Conflict(f"{locked.email} is disabled already.", code="already_disabled")
    rules.check_may_disable(locked, actor)
    rules.check_not_last_admin(locked)
    rules.check_not_last_platform_admin(locked)
    _switch(locked, PersonEvent.DISABLED, actor, reason, is_active=False)
    sessions.end_all(locked, Cause.ACCOUNT_DISABLED)
    return locked


@transaction.atomic
def enable_user(user: User, *, actor: Actor, reason: str = "") -> User:
    """Let somebody in again; what ended when they were disabled stays ended. Raises Conflict, Refused."""
    locked = _lock(user)
    rules.check_account(locked, actor)
    if locked.is_active:
        raise Conflict(f"{locked.email} is not disabled.", code="not_disabled")
    _switch(locked, PersonEvent.ENABLED, actor, reason, is_active=True)
    return locked


def _switch(user: User, event: PersonEvent, actor: Actor, reason: str, *, is_active: bool) -> None:
    user.is_active = is_active
    user.save(update_fields=["is_active", "updated_at"])
    standing.person_changed(user.pk)
    switched = changes.between({"is_active": not is_active}, {"is_active": is_active})
    audit.record(event, actor=actor, subject=subject_of(user), reason=reason.strip(), changes=switched)
    accounts.account_changed(user, actor=actor)


def _lock(user: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _facts(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in _SHOWN}


def _save(user: User, before: dict[str, Any], event: PersonEvent, actor: Actor, reason: str = "") -> None:
    found = changes.between(before, _facts(user))
    if not found:
        return
    user.save(update_fields=[*found, "updated_at"])
    audit.record(event, actor=actor, subject=subject_of(user), reason=reason.strip(), changes=found)
    accounts.account_changed(user, actor=actor)
