"""The answers to a review item as buttons on its page; the keyboard screen gives the same ones."""

from typing import Any

from django import forms

from identities.access.matrix import Duty, Reach
from identities.admin.commands import Call, Command, Done
from identities.admin.forms import CommandForm, ReasonForm
from identities.admin.review_card import bindings_of
from identities.admin.review_drawing import may_undo
from identities.admin.scope import Scope
from identities.admin.searching import OfTenant
from identities.people.models import PortalRole, User
from identities.recertification import decisions, undoing
from identities.recertification.models import CampaignState, Decision, ItemState, ReviewItem

OVER = (CampaignState.CLOSED, CampaignState.CANCELLED)


class CertifyForm(CommandForm):
    """Why, where it is not plain."""

    reason = forms.CharField(
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed where it is not what is recommended, or a question has no answer. Never paste a secret here.",
    )


class ReduceForm(ReasonForm):
    """Which ones are taken away."""

    def extra_fields(self) -> dict[str, forms.Field]:
        found = bindings_of(self.obj)
        field = forms.MultipleChoiceField(
            label="Take these away",
            choices=[(binding.id, f"{binding.role}: {binding.permissions}") for binding in found],
            initial=[binding.id for binding in found if binding.is_unused],
            widget=forms.CheckboxSelectMultiple,
            help_text="Chosen already: those that nothing used.",
        )
        return {"bindings": field}


class ReassignForm(ReasonForm):
    """Who answers instead."""

    reviewer = OfTenant(
        User,
        label="To whom",
        where={"is_agent": False, "is_active": True, "role__in": (PortalRole.ADMIN, PortalRole.ANALYST)},
        by=("email",),
    )


def is_open(item: ReviewItem) -> bool:
    """Whether it still waits for an answer."""
    return item.state == ItemState.OPEN and item.campaign.state not in OVER


def is_theirs(scope: Scope, item: ReviewItem) -> bool:
    """Whether this person may answer it: its reviewer, or who governs."""
    return item.reviewer_id == scope.user.pk or scope.principal.reach(Duty.GOVERN) is not Reach.NONE


def _has_roles(item: ReviewItem) -> bool:
    return is_open(item) and bool(item.evidence.get("access", {}).get("roles"))


def _decide(word: str, said: str) -> Any:
    def run(call: Call) -> Done:
        names = ("reason", "bindings", "reviewer")
        given = {name: call.values[name] for name in names if name in call.values}
        decisions.decide(call.obj, decision=word, actor=call.actor, **given)
        return Done(said.format(call.obj.identity.name), obj=call.obj)

    return run


def _undo(call: Call) -> Done:
    undoing.undo(call.obj, reason=call.values["reason"], actor=call.actor)
    return Done(f"{call.obj.identity.name} has back what was taken; it is asked again.", obj=call.obj)


BUTTONS = (
    Command(
        key="certify", label="Certify", run=_decide(Decision.CERTIFY, "{0} is certified."), form=CertifyForm,
        duty=Duty.REPORT, icon="verified", applies=is_open, reaches=is_theirs, primary=True,
    ),
    Command(
        key="reduce", label="Reduce", run=_decide(Decision.REDUCE, "{0} is reduced."), form=ReduceForm,
        duty=Duty.REPORT, icon="remove_moderator", applies=_has_roles, reaches=is_theirs,
        confirm="What is chosen ends at once. It can be undone for 72 hours.",
    ),
    Command(
        key="revoke", label="Revoke", run=_decide(Decision.REVOKE, "{0} is revoked."), form=ReasonForm,
        duty=Duty.REPORT, icon="block", applies=is_open, reaches=is_theirs, danger=True,
        confirm="It is disabled at once, and every role of it ends. It can be undone for 72 hours.",
    ),
    Command(
        key="reassign", label="Reassign", run=_decide(Decision.REASSIGN, "Somebody else is asked about {0}."),
        form=ReassignForm, duty=Duty.REPORT, icon="forward", applies=is_open, reaches=is_theirs,
    ),
    Command(
        key="undo", label="Undo", run=_undo, form=ReasonForm, duty=Duty.UNDO_DECISION, icon="undo",
        applies=may_undo, reaches=is_theirs, owned=is_theirs, primary=True,
        confirm="It gets back its state and the roles that this review took. The answer stays on record as undone.",
    ),
)  # fmt: skip
