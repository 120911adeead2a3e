"""The words that are given on an approval: yes, no, and taking it back; each carries the hash of what was seen."""

from typing import Any

from django import forms

from identities.access.matrix import Duty
from identities.admin.approval_content import content_table
from identities.admin.commands import Call, Command, Done
from identities.admin.forms import CommandForm, ReasonForm
from identities.admin.parts import Block
from identities.admin.scope import Scope
from identities.approvals import services as approvals
from identities.approvals.models import ApprovalRequest, ApprovalState
from identities.approvals.selectors import open_needs

HASH = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput())


class SeenForm(ReasonForm):
    """Why, and (hidden) what was seen."""

    content_hash = HASH


class ApproveForm(CommandForm):
    """Why, where there is something to say, and (hidden) what was seen."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What you looked at. Goes into the audit log beside your name. Never paste a secret here.",
    )
    content_hash = HASH


def _approve(call: Call) -> Done:
    values = call.values
    row = approvals.approve(
        call.obj, reason=values["reason"], content_hash=values["content_hash"] or None, actor=call.actor
    )
    if row.state == ApprovalState.APPROVED:
        return Done("Approved: everybody has said yes.", obj=call.obj)
    left = len(open_needs(row))
    return Done(f"Your yes is kept. {left} more {'word is' if left == 1 else 'words are'} needed.", obj=call.obj)


def _reject(call: Call) -> Done:
    values = call.values
    approvals.reject(call.obj, reason=values["reason"], content_hash=values["content_hash"] or None, actor=call.actor)
    return Done("Rejected. Who asked is told why.", obj=call.obj)


def _withdraw(call: Call) -> Done:
    approvals.withdraw(call.obj, reason=call.values["reason"], actor=call.actor)
    return Done("Withdrawn.", obj=call.obj)


def _waits(row: Any) -> bool:
    return bool(row.state == ApprovalState.PENDING)


def _may_try(scope: Scope, row: Any) -> bool:
    # Whether somebody owns it, and whether they are another pair of eyes, the service says: a no of it is on record.
    return True


def _is_own(scope: Scope, row: ApprovalRequest) -> bool:
    return row.requested_by_id == str(scope.user.pk)


def _seen(row: ApprovalRequest) -> dict[str, str]:
    return {"content_hash": row.content_hash}


def _notes(row: ApprovalRequest) -> list[Block]:
    return [content_table(row)]


BUTTONS = (
    Command(
        key="approve",
        label="Approve",
        icon="check",
        duty=Duty.DECIDE_REQUEST,
        run=_approve,
        form=ApproveForm,
        applies=_waits,
        owned=_may_try,
        initial=_seen,
        notes=_notes,
        primary=True,
        intro=lambda row: row.summary,
        confirm="You say yes to exactly what stands here. With the last yes that is needed it takes effect at once.",
    ),
    Command(
        key="reject",
        label="Reject",
        icon="block",
        duty=Duty.DECIDE_REQUEST,
        run=_reject,
        form=SeenForm,
        applies=_waits,
        owned=_may_try,
        initial=_seen,
        danger=True,
        intro=lambda row: row.summary,
        confirm="One no ends it. Who asked reads your reason, and can ask again.",
    ),
    Command(
        key="withdraw",
        label="Withdraw",
        icon="undo",
        duty=Duty.CANCEL_OWN_REQUEST,
        run=_withdraw,
        form=ReasonForm,
        applies=_waits,
        owned=_is_own,
        intro=lambda row: row.summary,
        confirm="Nobody is asked any more, and words given so far count for nothing.",
    ),
)  # fmt: skip
