"""What people and service users do with their own account: the password, the name and the address."""

from django.contrib.auth.hashers import check_password
from django.db import transaction

from audit.actors import Actor
from identities.errors import Invalid
from identities.people import refusals, tries
from identities.people.models import User
from identities.people.services import users

WRONG = "This is not the current password."


def change_own_password(user: User, *, current: str, new: str, actor: Actor) -> User:
    """Give oneself another password (S2-18); every session ends, that of the caller too, and nothing has to be reset.

    Raises Invalid naming `current_password` (recorded and counted as a refused sign-in) or `new_password`, and
    `tries.TooManyTries` past so many wrong ones of this account or this address within a minute.
    """
    fresh = User.objects.get(pk=user.pk)
    tries.check(account=str(fresh.pk))
    if not check_password(current, fresh.password):
        tries.note_failure(account=str(fresh.pk))
        refusals.record_refusal(fresh.email, reason="wrong_current_password", source="password_change")
        raise Invalid({"current_password": [WRONG]}, code="wrong_password")
    if current == new:
        raise Invalid({"new_password": ["This is the password there is already."]})
    with transaction.atomic():
        _hold(fresh)
        try:
            return users.set_password(fresh, password=new, actor=actor)
        except Invalid as error:
            raise _about_new(error) from error


def change_own_profile(
    user: User,
    *,
    actor: Actor,
    first_name: str | None = None,
    last_name: str | None = None,
    email: str | None = None,
) -> User:
    """Change one's own names and address; None leaves a member. Never a role, and never makes an agent.

    The record says each field as it was and as it is. Raises Invalid, and `tries.TooManyTries` past so many addresses
    within a minute.
    """
    if email is not None and email.strip().lower() != user.email:
        tries.note_address(account=str(user.pk))
    return users.change_user(user, first_name=first_name, last_name=last_name, email=email, actor=actor)


def _hold(checked: User) -> None:
    """Of two who come with the same password at once, one has changed it by the time the other gets here."""
    held = User.objects.select_for_update(no_key=True).get(pk=checked.pk)
    if held.password != checked.password:
        raise Invalid({"current_password": [WRONG]}, code="wrong_password")


def _about_new(error: Invalid) -> Invalid:
    """The rules speak of `password`; here it is the new one."""
    renamed = {"new_password" if member == "password" else member: said for member, said in error.errors.items()}
    return Invalid(renamed, code=error.code)
