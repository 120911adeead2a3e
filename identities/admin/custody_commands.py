"""The commands around the day a credential is due: renew it, grant an exception, end one."""

from typing import Any

from django.utils import timezone

from identities.admin.commands import Call, Command, Done
from identities.admin.exception_commands import KindForm
from identities.admin.forms import ReasonForm, moment
from identities.admin.pages import page_of
from identities.credentials.models import ClientKey, ClientSecret
from identities.credentials.renewal import longest, renew
from identities.credentials.selectors import is_live
from identities.inventory import exceptions
from identities.inventory.models import ManagedIdentity, PolicyException
from identities.inventory.states import State

TAB = "custody"
Credential = ClientSecret | ClientKey


class RenewForm(ReasonForm):
    """Until when, and why it is not rotated instead."""

    until = moment(label="Due")
    field_order = ("until", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.obj, ClientSecret | ClientKey):
            last = longest(self.obj, timezone.now())
            self.fields[
                "until"
            ].help_text = (
                f"At the latest {last:%d %b %Y, %H:%M}, counted from the day it was made. Later only with an exception."
            )
            self.fields["until"].widget.attrs.update(max=f"{last:%Y-%m-%dT%H:%M}")


def _renew(call: Call) -> Done:
    renewed = renew(call.item, **call.values, actor=call.actor)
    message = f"{renewed} is due on {renewed.rotate_by:%d %b %Y} now. Nothing else of it has changed."
    return Done(message, href=page_of(call.obj, tab=TAB))


def _grant(call: Call) -> Done:
    made = exceptions.grant(call.obj, **call.values, actor=call.actor)
    return Done(f"Granted until {made.expires_at:%d %b %Y}. It ends by itself.", href=page_of(call.obj, tab=TAB))


def _end(call: Call) -> Done:
    exceptions.end(call.item, **call.values, actor=call.actor)
    return Done("The exception has ended. The policy counts again.", href=page_of(call.obj, tab=TAB))


def _credential(identity: ManagedIdentity, key: str) -> Credential | None:
    held: list[Credential] = [*identity.secrets.select_related("identity")]
    held += identity.keys.select_related("identity")
    return next((one for one in held if str(one.pk) == key), None)


def _exception(identity: ManagedIdentity, key: str) -> PolicyException | None:
    return next((one for one in identity.exceptions.all() if str(one.pk) == key), None)


RENEW = Command(
    key="renew",
    label="Renew",
    icon="event_repeat",
    title="Renew credential",
    run=_renew,
    form=RenewForm,
    item=_credential,
    listed=False,
    applies=lambda one: not isinstance(one, ClientSecret | ClientKey) or is_live(one, timezone.now()),
    intro=lambda one: (
        f"{one}, made {one.created_at:%d %b %Y}, is due on {one.rotate_by:%d %b %Y}. It stays the same: whoever knows "
        "it goes on knowing it. Rotating is better wherever it can be done."
    ),
)
GRANT = Command(
    key="grant-exception",
    label="Grant exception",
    icon="rule",
    run=_grant,
    form=KindForm,
    listed=False,
    applies=lambda identity: identity.state != State.RETIRED,
    intro="This identity may deviate from the policy in one respect, until a day. The audit keeps who allowed it.",
)
END = Command(
    key="end-exception",
    label="End exception",
    icon="event_busy",
    run=_end,
    item=_exception,
    form=ReasonForm,
    listed=False,
    applies=lambda one: not isinstance(one, PolicyException) or exceptions.is_live(one, timezone.now()),
    intro=lambda one: f"Granted until {one.expires_at:%d %b %Y}: {one.reason}",
    confirm="What was allowed beyond the policy is overdue at once.",
)
BUTTONS = (RENEW, GRANT, END)
