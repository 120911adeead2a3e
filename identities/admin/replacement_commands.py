"""The commands of the way out: migrate a service user, disable it now, take it back."""

from typing import Any

from django.utils import timezone

from identities.admin.account_reach import may_disable
from identities.admin.commands import Call, Command, Done, Shown
from identities.admin.identity_forms import reference_of
from identities.admin.replacement_forms import EndForm, MigrateForm, initial_of, plan_of
from identities.admin.replacement_rows import cancelling_notes, finishing_notes, plan_blocks
from identities.service_users import ending, replacing
from identities.service_users.models import Replacement, ReplacementState


def _migrate(call: Call) -> Done:
    values = dict(call.values)
    begun = replacing.begin(call.obj, actor=call.actor, store_secret_at=reference_of(values), **values)
    message = f"{begun.identity.name} can do what {call.obj.email} did. Both work until the use has moved over."
    if begun.secret_text is None:
        return Done(f"{message} Its secret is in the vault.", obj=begun.replacement)
    return Done(message, obj=begun.replacement, shown=_shown(begun.identity.client_id, begun.secret_text))


def _shown(client_id: str, text: str) -> Shown:
    intro = (
        "Give both to the client in the place of its address and password. It fetches a token at /passport/token with "
        "them (client credentials), and calls the same routes as before with that token."
    )
    return Shown("Client secret", "Client secret", text, intro, (("Client id", client_id),))


def _finish(call: Call) -> Done:
    ended = ending.finish_now(call.obj, **call.values, actor=call.actor)
    return Done(f"{ended.account.email} is disabled. {ended.identity.name} has taken over.", obj=ended)


def _cancel(call: Call) -> Done:
    ended = ending.cancel(call.obj, **call.values, actor=call.actor)
    return Done(f"Taken back: {ended.identity.name} is retired, {ended.account.email} goes on.", obj=ended)


def _goes_on(row: Any) -> bool:
    return bool(row.state == ReplacementState.BOTH_ALIVE)


def _can_begin(user: Any) -> bool:
    return bool(user.is_active) and getattr(user, "replacement_state", "") != ReplacementState.BOTH_ALIVE


MIGRATE = Command(
    key="migrate",
    label="Migrate to a managed identity",
    submit="Make the identity",
    icon="move_up",
    primary=True,
    run=_migrate,
    form=MigrateForm,
    initial=initial_of,
    notes=lambda user: plan_blocks(plan_of(user)),
    applies=_can_begin,
    reaches=may_disable,
    intro="A managed identity with the least role for what this service user did. Both work until its client has moved "
    "over; then Steward disables the account. Nothing is switched off by a date.",
)


def _now_finishing(row: Replacement) -> Any:
    return finishing_notes(row, timezone.now())


def _now_cancelling(row: Replacement) -> Any:
    return cancelling_notes(row, timezone.now())


BUTTONS = (
    Command(
        key="finish",
        label="Disable the account now",
        icon="block",
        danger=True,
        run=_finish,
        form=EndForm,
        applies=_goes_on,
        notes=_now_finishing,
        intro="Steward does this by itself once the account was quiet for long enough.",
        confirm="The account is shut out at once. Enabling it again brings it back.",
    ),
    Command(
        key="cancel",
        label="Take back",
        icon="undo",
        run=_cancel,
        form=EndForm,
        applies=_goes_on,
        notes=_now_cancelling,
        title="Take back the replacement",
        confirm="The account goes on as before. The identity is retired: its secrets, its role and its tokens end.",
    ),
)
