"""The commands on a service user: make, change, another role, another password, tokens to a vault, stop and start."""

from typing import Any

from identities.admin import accounts
from identities.admin.account_reach import as_far, may_disable
from identities.admin.commands import Call, Command, Done, Shown, button
from identities.admin.forms import ReasonForm
from identities.admin.pages import page_of
from identities.admin.parts import Block, Notice
from identities.admin.service_user_forms import (
    SPARINGLY,
    EditForm,
    NewServiceUserForm,
    PlaceForm,
    RoleForm,
    place_in,
)
from identities.inventory.states import State
from identities.lifecycle import services as lifecycle
from identities.people import first_passwords, services as people
from identities.people.models import PortalRole, User
from identities.service_users import issuing
from identities.service_users.models import ServiceUser

#: Stops of the row in the register that the account's own button does not end.
ENDED_THERE = frozenset({State.QUARANTINED.value, State.RETIRED.value})


def _create(call: Call) -> Done:
    values = dict(call.values)
    place, owner = place_in(values), values.pop("owner")
    password = first_passwords.generate()
    user = issuing.issue(
        tenant=call.tenant,
        password=password,
        is_agent=True,
        owner=str(owner.pk) if owner else None,
        store_tokens_at=place,
        actor=call.actor,
        **values,
    )
    made = ServiceUser.objects.get(pk=user.pk)
    if place is not None:
        return Done(f"{made.email} is made, and its tokens are in the vault. Nobody has seen them.", obj=made)
    return Done(f"{made.email} is made.", obj=made, shown=shown(made, password))


def _new_password(call: Call) -> Done:
    password = first_passwords.generate()
    people.set_password(call.obj, password=password, must_reset=False, actor=call.actor)
    return Done(f"{call.obj.email} has a new password.", obj=call.obj, shown=shown(call.obj, password))


def shown(user: User, password: str) -> Shown:
    """The password, once."""
    intro = "Put it where the software finds it. Steward keeps only a hash."
    return Shown("Password", "Password", password, intro, (("E-mail address", user.email),))


def _store(call: Call) -> Done:
    place = place_in(dict(call.values))
    issuing.check_place(place, tenant=call.obj.tenant, of=call.obj)
    if place is not None:
        issuing.store_tokens(call.obj, store_at=place, actor=call.actor)
    where = page_of(call.obj, tab="sessions")
    return Done("It is signed in, and the tokens are in the vault. Nobody has seen them.", href=where)


def _end_sessions(call: Call) -> Done:
    ended = people.sign_out(call.obj, everywhere=True, actor=call.actor)
    said = "1 session is" if ended == 1 else f"{ended} sessions are"
    return Done(f"{said} over. It signs in anew with its password.", href=page_of(call.obj, tab="sessions"))


def _disable(call: Call) -> Done:
    lifecycle.disable_person(call.obj, reason=call.values["reason"], actor=call.actor)
    return Done(f"{call.obj.email} can no longer sign in, and its row in the register is disabled.", obj=call.obj)


def _is_active(user: Any) -> bool:
    return bool(user.is_active)


def _may_start(user: Any) -> bool:
    """Disabled, and by nothing that only the register ends: a quarantine, a retirement."""
    row = getattr(user, "register_row", None)
    return not user.is_active and (row is None or row.state not in ENDED_THERE)


def _sparingly(user: User) -> list[Block]:
    """What must be known before a machine governs."""
    title = f"{user.email} is ADMIN now." if user.role == PortalRole.ADMIN else "ADMIN is for people."
    return [Notice(title, SPARINGLY, "warn", "warning")]


CREATION = Command(
    key="add",
    label="New service user",
    run=_create,
    form=NewServiceUserForm,
    intro="For software that cannot use a managed identity yet. It signs in to the API with a password, never here, "
    "and stands in the register from the first moment, amber.",
)

BUTTONS: tuple[Command, ...] = (
    Command(
        key="edit", label="Edit", icon="edit", run=accounts.change, form=EditForm, initial=EditForm.initial_of,
        title="Edit service user", reaches=as_far,
    ),
    button(
        people.set_role,
        key="role",
        label="Change role",
        icon="badge",
        fields=RoleForm,
        initial=lambda user: {"role": user.role},
        notes=_sparingly,
        reaches=as_far,
        done="{obj} has another role. It counts from the next request on.",
    ),
    Command(
        key="password",
        label="New password",
        icon="lock_reset",
        run=_new_password,
        applies=_is_active,
        reaches=as_far,
        confirm="The old password and every session of it end at once. It is shown once, and works from then on.",
    ),
    Command(
        key="tokens",
        label="Tokens to a vault",
        icon="lock",
        listed=False,
        run=_store,
        form=PlaceForm,
        applies=lambda user: user.is_active and not user.must_reset_password,
        reaches=as_far,
        intro="It is signed in once, and what it needs to go on by itself is put into the vault as JSON. Its other "
        "sessions go on.",
    ),
    button(
        people.force_reset,
        key="force-reset",
        label="Force a reset",
        icon="password",
        fields=ReasonForm,
        applies=lambda user: user.is_active and not user.must_reset_password,
        reaches=as_far,
        done="{obj} has to change its password before it can do anything else.",
        confirm="Every session of it ends at once. It can sign in with its password only to choose another one; its "
        "next refresh fails, and shows as an incident.",
    ),
    Command(
        key="end-sessions",
        label="End sessions",
        icon="logout",
        listed=False,
        run=_end_sessions,
        applies=_is_active,
        reaches=as_far,
        confirm="Every session of it ends at once. Its password stays: it signs in anew by itself.",
    ),
    Command(
        key="disable",
        label="Disable",
        icon="block",
        danger=True,
        run=_disable,
        form=ReasonForm,
        applies=_is_active,
        reaches=may_disable,
        confirm="It is shut out at once, and its row in the register is disabled with it. It can be enabled again.",
    ),
    button(
        people.enable_user,
        key="enable",
        label="Enable",
        icon="play_circle",
        primary=True,
        applies=_may_start,
        reaches=as_far,
        done="{obj} may sign in again, and its row in the register works again.",
    ),
)  # fmt: skip
