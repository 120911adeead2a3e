"""The commands on a finding: accept until a date, open again, comment, assign; and the way to what mends it."""

from datetime import UTC, datetime
from typing import Any

from django import forms

from identities.access.matrix import Duty
from identities.admin.commands import Call, Command, Done, button
from identities.admin.forms import CommandForm, ReasonForm, day
from identities.admin.pages import command_of, page_of
from identities.admin.parts import Link
from identities.admin.scope import Scope
from identities.admin.searching import OfTenant
from identities.admin.site import site
from identities.detections import services as detections
from identities.detections.judging import rule_of
from identities.detections.models import Finding, FindingState
from identities.detections.rules.base import Remedy
from identities.inventory.models import ManagedIdentity
from identities.people.models import User

TAB = "tab:"


class AcceptForm(ReasonForm):
    """Until when, and why."""

    until = day(label="Accepted until", help_text="The last day, in UTC; on the next one the finding opens again.")
    field_order = ("until", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.obj, Finding):
            today = datetime.now(UTC).date()
            latest = detections.latest_acceptance(self.obj, today=today)
            self.fields["until"].help_text += f" At the latest {latest:%d %b %Y}: it is {self.obj.severity}."
            self.fields["until"].widget.attrs.update(min=today.isoformat(), max=latest.isoformat())


class CommentForm(CommandForm):
    """What to say."""

    text = forms.CharField(
        label="Comment",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Stays as it is said. Never paste a secret here.",
    )


class AssignForm(CommandForm):
    """To whom."""

    owner = OfTenant(
        User,
        label="Owner",
        required=False,
        where={"is_agent": False, "is_active": True},
        by=("email",),
        help_text="Leave it empty to give it back to whoever owns the identity.",
    )
    reason = forms.CharField(label="Reason", max_length=500, required=False)
    renamed = {"owner_id": "owner"}


def _comment(call: Call) -> Done:
    detections.comment(call.obj, text=call.values["text"], actor=call.actor)
    return Done("The comment is kept.", obj=call.obj)


def _assign(call: Call) -> Done:
    owner = call.values["owner"]
    detections.assign(call.obj, owner_id=owner.pk if owner else None, reason=call.values["reason"], actor=call.actor)
    return Done(f"{owner} sees to it." if owner else "It follows the identity's owner again.", obj=call.obj)


BUTTONS = (
    button(
        detections.accept,
        key="accept",
        label="Accept for a time",
        icon="event_available",
        duty=Duty.REPORT,
        fields=AcceptForm,
        done="Accepted. It opens again by itself.",
        title="Accept finding",
        intro="The risk stays; you answer for it until that day. If its cause is gone before, it is resolved.",
        applies=lambda finding: finding.state != FindingState.RESOLVED,
    ),
    button(
        detections.reopen,
        key="reopen",
        label="Open again",
        icon="undo",
        duty=Duty.REPORT,
        done="The acceptance has ended.",
        title="Open finding again",
        applies=lambda finding: finding.state == FindingState.ACCEPTED,
    ),
    Command(key="comment", label="Comment", icon="comment", duty=Duty.REPORT, run=_comment, form=CommentForm),
    Command(
        key="assign",
        label="Assign",
        icon="person_add",
        duty=Duty.REPORT,
        run=_assign,
        form=AssignForm,
        title="Assign finding",
        applies=lambda finding: finding.state != FindingState.RESOLVED,
    ),
)


def way_to_mend(finding: Finding, scope: Scope) -> Link:
    """The button on the identity that mends it, if this person may press it there now; else the identity's page."""
    identity, rule = finding.identity, rule_of(finding.code)
    own, _, named = str(finding.details.get("remedy") or "").partition("#")
    remedy = own or (rule.remedy if rule is not None else Remedy.EDIT)
    if remedy.startswith(TAB):
        name = remedy.removeprefix(TAB)
        return Link(f"Look at its {name}", page_of(identity, tab=name))
    admin: Any = site.get_model_admin(ManagedIdentity)
    command = next((found for found in admin.buttons if found.key == remedy), None)
    if command is None or not command.applies(identity) or not command.may(scope, identity, identity.tenant_id):
        return Link("Look at the identity", page_of(identity))
    begin_with = named if own else rule.field if rule is not None else ""
    anchor = f"#id_{begin_with}" if begin_with else ""
    return Link(f"{command.label} the identity", command_of(identity, remedy) + anchor)
