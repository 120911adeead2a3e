"""The commands on elevations: ask, renew, end early, take back."""

from typing import Any

from django import forms
from django.utils import timezone

from identities.access.matrix import Duty
from identities.access.models import Role
from identities.admin.bindings import LivingIdentity
from identities.admin.commands import Call, Command, Done, button
from identities.admin.forms import CommandForm
from identities.admin.identity_fields import Somebody
from identities.admin.scope import Scope
from identities.admin.searching import OfTenant
from identities.elevations import selectors, services as elevations, terms
from identities.elevations.models import Elevation, ElevationState
from identities.elevations.selectors import Phase
from identities.inventory.models import ManagedIdentity

USUAL_MINUTES = 30
DECIDED = (
    "Of low tier a role that merely reads is given at once. Everything else waits for others, as the identity's tier "
    "asks: of high tier security and an owner, two people, neither of them you."
)


class TermsForm(CommandForm):
    """How long, why, and who answers for it."""

    minutes = forms.IntegerField(
        label="Minutes",
        min_value=1,
        max_value=terms.MOST_MINUTES,
        initial=USUAL_MINUTES,
        help_text="From the approval on, a day at most. It ends by itself.",
    )
    justification = forms.CharField(
        label="Why",
        max_length=terms.MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What has to be done that its usual roles do not permit. Never paste a secret here.",
    )
    owner = Somebody(label="Answers for it", help_text="The person who is asked about it afterwards.")
    ticket = forms.CharField(label="Ticket", max_length=terms.MAX_TICKET, required=False)


class AskForm(TermsForm):
    """Which identity, and which role."""

    identity = LivingIdentity(ManagedIdentity, label="Identity", by=("name", "client_id"))
    role = OfTenant(Role, label="Role")
    field_order: tuple[str, ...] = ("identity", "role", "minutes", "justification", "owner", "ticket")


def _said(row: Elevation) -> Done:
    if row.state == ElevationState.GIVEN and row.binding is not None:
        return Done(f"Given until {row.binding.valid_until:%H:%M} UTC. It ends by itself.", obj=row)
    return Done("Asked. Those who decide are told.", obj=row)


def _ask(call: Call) -> Done:
    values = dict(call.values)
    identity, role = values.pop("identity"), values.pop("role")
    return _said(elevations.ask(identity, role, **values, actor=call.actor))


def _renew(call: Call) -> Done:
    return _said(elevations.ask(call.obj.identity, call.obj.role, renews=call.obj, **call.values, actor=call.actor))


def is_own(scope: Scope, row: Any) -> bool:
    """Whether the person asked for it, or is named by it."""
    return selectors.is_own(row, scope.user.pk)


def _phase(*phases: Phase) -> Any:
    return lambda row: selectors.phase_of(row, timezone.now()) in phases


def _again(row: Elevation) -> dict[str, Any]:
    return {"minutes": row.minutes, "owner": row.owner_id, "ticket": row.ticket}


CREATION = Command(
    key="add",
    label="Elevate",
    submit="Ask for it",
    run=_ask,
    form=AskForm,
    duty=Duty.REPORT,
    intro=f"More than an identity usually may, for a short while. {DECIDED}",
)
BUTTONS = (
    button(
        elevations.end,
        key="end",
        label="End now",
        icon="timer_off",
        danger=True,
        duty=Duty.CANCEL_OWN_REQUEST,
        owned=is_own,
        applies=_phase(Phase.LIVE, Phase.COMING),
        title="End elevation",
        done="The role is gone.",
        confirm="The role is gone at once, and every token of the identity with it: it fetches a new one.",
    ),
    button(
        elevations.cancel,
        key="cancel",
        label="Take back",
        icon="undo",
        duty=Duty.CANCEL_OWN_REQUEST,
        owned=is_own,
        applies=_phase(Phase.ASKED),
        title="Take back what is asked for",
        done="It is not asked for any more.",
    ),
    Command(
        key="renew",
        label="Renew",
        icon="update",
        run=_renew,
        form=TermsForm,
        duty=Duty.REPORT,
        initial=_again,
        applies=_phase(Phase.LIVE, Phase.OVER),
        title="Renew elevation",
        submit="Ask for it",
        intro="A decision of its own, also of low tier: somebody else has to say yes. It begins where this one ends.",
    ),
)
