"""The commands on exceptions: grant, renew, end."""

from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from identities.admin.bindings import LivingIdentity
from identities.admin.commands import Call, Command, Done, button
from identities.admin.forms import ReasonForm, moment
from identities.admin.identity_fields import Somebody
from identities.inventory import exceptions
from identities.inventory.models import ExceptionKind, ManagedIdentity, PolicyException

SAID: dict[str, str] = {
    ExceptionKind.ROTATION_BEYOND_MAXIMUM.value: "A credential may be due later than its risk tier allows",
    ExceptionKind.SHARED_IDENTITY.value: "Several workloads may use it: low tier, read-only",
}


class RenewForm(ReasonForm):
    """Until when, why, and who answers for it."""

    renamed: ClassVar = {"kind": "reason"}
    expires_at = moment(
        label="Ends", help_text="It ends by itself: a year from now at the latest, 180 days where it is shared."
    )
    owner = Somebody(
        label="Answers for it", required=False, help_text="Left empty: you. A shared identity needs a name of its own."
    )
    ticket = forms.CharField(label="Ticket", max_length=exceptions.MAX_TICKET, required=False)
    field_order: tuple[str, ...] = ("expires_at", "reason", "owner", "ticket")


class KindForm(RenewForm):
    """What is allowed."""

    renamed: ClassVar = {}
    kind = forms.ChoiceField(label="What is allowed", choices=list(SAID.items()))
    field_order: tuple[str, ...] = ("kind", "expires_at", "reason", "owner", "ticket")


class GrantForm(KindForm):
    """To which identity."""

    identity = LivingIdentity(ManagedIdentity, label="Identity", by=("name", "client_id"))
    field_order = ("identity", "kind", "expires_at", "reason", "owner", "ticket")


def _grant(call: Call) -> Done:
    values = dict(call.values)
    made = exceptions.grant(values.pop("identity"), **values, actor=call.actor)
    return Done(f"Granted until {made.expires_at:%d %b %Y}. It ends by itself.", obj=made)


def _renew(call: Call) -> Done:
    made = exceptions.renew(call.obj, **call.values, actor=call.actor)
    return Done(f"Decided anew, until {made.expires_at:%d %b %Y}.", obj=made)


def _is_live(row: Any) -> bool:
    return not isinstance(row, PolicyException) or exceptions.is_live(row, timezone.now())


def _as_before(row: PolicyException) -> dict[str, Any]:
    return {"owner": row.owner_id, "ticket": row.ticket}


CREATION = Command(
    key="add",
    label="Grant exception",
    submit="Grant it",
    run=_grant,
    form=GrantForm,
    intro="One identity may deviate from the policy in one respect, until a day. The audit keeps who allowed it.",
)
BUTTONS = (
    Command(
        key="renew",
        label="Renew",
        icon="update",
        run=_renew,
        form=RenewForm,
        initial=_as_before,
        title="Renew exception",
        submit="Decide anew",
        intro="A decision of its own, with its own reason and end: a new exception begins, this one ends now.",
    ),
    button(
        exceptions.end,
        key="end",
        label="End now",
        icon="event_busy",
        danger=True,
        applies=_is_live,
        title="End exception",
        done="The exception has ended. The policy counts again.",
        confirm="What was allowed beyond the policy is a finding, or overdue, at once.",
    ),
)
