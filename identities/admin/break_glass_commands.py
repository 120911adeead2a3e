"""The commands on break-glass grants: arm, use, end, take back, say what was replaced, review."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin.commands import Call, Command, Done, button
from identities.admin.elevation_commands import AskForm, TermsForm, is_own
from identities.admin.forms import CommandForm, ReasonForm, moment
from identities.admin.identity_fields import Somebody
from identities.admin.scope import Scope
from identities.elevations import aftermath, alarms, break_glass, selectors, terms
from identities.elevations.models import BreakGlassGrant, BreakGlassState

USUAL_SPAN = timedelta(days=30)
USUAL_MINUTES = 60
TWO = "Security and an owner of the identity approve it now, two people, so that nobody has to be woken then. Neither "
TWO += "who asks nor who is named counts."


class ReadyForm(TermsForm):
    """How long it gives the role, until when it lies ready, and who may use it."""

    owner = Somebody(label="Who may use it", help_text="This person, or an ADMIN, may use it. ANALYST or ADMIN.")
    valid_until = moment(
        label="Ready until", help_text=f"Unused by then it has ended. Within {terms.LONGEST_ARMED.days} days."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("minutes", USUAL_MINUTES)
        ends = (timezone.now() + USUAL_SPAN).replace(second=0, microsecond=0)
        self.initial.setdefault("valid_until", ends)


class ArmForm(ReadyForm, AskForm):
    """For which identity, and with which role."""

    field_order = ("identity", "role", "owner", "minutes", "valid_until", "justification", "ticket")


class UseForm(ReasonForm):
    """What has happened."""

    is_confirmed = forms.BooleanField(
        label="This is an emergency. I know that everybody concerned is told", required=True
    )


class NoteForm(CommandForm):
    """What was replaced."""

    note = forms.CharField(
        label="What was replaced, and how you know",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Never paste a secret here.",
    )


class ReviewForm(CommandForm):
    """What somebody saw who did not use it."""

    text = forms.CharField(
        label="Review",
        max_length=aftermath.MAX_REVIEW,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="What it was used for, what you looked at, whether it was right. It stays with the grant.",
    )


def _arm(call: Call) -> Done:
    values = dict(call.values)
    identity, role = values.pop("identity"), values.pop("role")
    made = break_glass.arm(identity, role, **values, actor=call.actor)
    return Done("Asked. It is armed when two people have approved it.", obj=made)


def _renew(call: Call) -> Done:
    made = break_glass.arm(call.obj.identity, call.obj.role, renews=call.obj, **call.values, actor=call.actor)
    return Done("Asked anew. It is armed when two people have approved it.", obj=made)


def _use(call: Call) -> Done:
    used = break_glass.use(call.obj, reason=call.values["reason"], actor=call.actor)
    return Done(f"The glass is broken: '{used.role}' is given until {used.use_ends_at:%H:%M} UTC.", obj=used)


def _in(*states: BreakGlassState) -> Any:
    return lambda row: selectors.state_of(row, timezone.now()) in states


def _may_use(scope: Scope, row: BreakGlassGrant) -> bool:
    return row.owner_id == scope.user.pk or scope.may(Duty.GOVERN, row.tenant_id)


def _is_second(scope: Scope, row: BreakGlassGrant) -> bool:
    return str(scope.user.pk) != row.used_by_id


def _may_review(scope: Scope, row: BreakGlassGrant) -> bool:
    return scope.user.pk in {person.pk for person in alarms.reviewers(row)}


def _again(row: BreakGlassGrant) -> dict[str, Any]:
    return {"minutes": row.minutes, "owner": row.owner_id, "ticket": row.ticket}


CREATION = Command(
    key="add",
    label="Arm break-glass",
    submit="Ask for it",
    run=_arm,
    form=ArmForm,
    duty=Duty.REPORT,
    intro=f"Access for an emergency, made ready beforehand and used once. {TWO}",
)
BUTTONS = (
    Command(
        key="use",
        label="Break the glass",
        icon="e911_emergency",
        danger=True,
        run=_use,
        form=UseForm,
        duty=Duty.REPORT,
        reaches=_may_use,
        applies=_in(BreakGlassState.ARMED),
        title="Use in an emergency",
        submit="Break the glass",
        intro=lambda row: f"'{row.role}' is given to {row.identity} at once, for {row.minutes} minutes, this one time.",
        confirm="Everybody who governs or answers for it is told now. Afterwards what was used is replaced, and within "
        "24 hours a second person reviews what you did.",
    ),
    button(
        aftermath.end_use,
        key="end",
        label="End now",
        icon="timer_off",
        primary=True,
        duty=Duty.CANCEL_OWN_REQUEST,
        owned=is_own,
        applies=lambda row: row.state == BreakGlassState.USED,
        title="End its use",
        done="It is over. What it used is replaced now; then somebody else reviews it.",
        confirm="The role is gone at once, and every token of the identity with it.",
    ),
    button(
        break_glass.cancel,
        key="cancel",
        label="Take back",
        icon="undo",
        duty=Duty.CANCEL_OWN_REQUEST,
        owned=is_own,
        applies=_in(BreakGlassState.ASKED, BreakGlassState.ARMED),
        title="Take it back",
        done="It cannot be used any more.",
    ),
    button(
        aftermath.rotated_by_hand,
        key="rotated",
        label="It is replaced",
        icon="autorenew",
        fields=NoteForm,
        duty=Duty.REPORT,
        applies=lambda row: row.rotation.get("state") == aftermath.BY_HAND,
        title="What it used is replaced",
        done="Noted. Somebody else can review and close it now.",
        intro=lambda row: str(row.rotation.get("text", "")),
    ),
    button(
        aftermath.review,
        key="review",
        label="Review",
        icon="rate_review",
        primary=True,
        fields=ReviewForm,
        duty=Duty.DECIDE_REQUEST,
        owned=_may_review,
        reaches=_is_second,
        applies=_in(BreakGlassState.REVIEW),
        title="Review its use",
        submit="Close it",
        done="Reviewed and closed.",
        intro=lambda row: f"Used by {row.used_by}: {row.used_reason}",
    ),
    Command(
        key="renew",
        label="Renew",
        icon="update",
        run=_renew,
        form=ReadyForm,
        duty=Duty.REPORT,
        initial=_again,
        applies=_in(BreakGlassState.ARMED, BreakGlassState.EXPIRED, BreakGlassState.CLOSED),
        title="Renew break-glass",
        submit="Ask for it",
        intro=f"A decision of its own. {TWO}",
    ),
)
