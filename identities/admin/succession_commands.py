"""The answers to a succession and to a transfer, and the question with which a transfer begins."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone

from identities.access.matrix import Duty
from identities.access.models import RoleBinding
from identities.admin.commands import Call, Command, Done
from identities.admin.forms import CommandForm, ReasonForm
from identities.admin.identity_fields import Somebody
from identities.admin.pages import link_to, page_of
from identities.admin.parts import Block, Empty, Moment, Table
from identities.admin.scope import Scope
from identities.admin.searching import OfTenant
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.people.models import Team
from identities.succession import cases, transfers
from identities.succession.models import CaseState, OwnershipTransfer, SuccessionCase, TransferState

ROLES = (
    ("technical_owner", "Technical owner: operates it"),
    ("business_owner", "Business owner: accountable for it"),
    ("deputy_owner", "Deputy: next in line"),
)


class OptionalReasonForm(CommandForm):
    """A word for the record, where there is one to say."""

    reason = forms.CharField(
        label="Note", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), help_text="Optional."
    )


class TransferForm(ReasonForm):
    """Whom to ask, as what."""

    receiver = Somebody(label="To", help_text="They are asked, and nothing changes before they accept.")
    role = forms.ChoiceField(label="As", choices=ROLES)
    owner_team = OfTenant(Team, label="And to the team", required=False, help_text="Empty leaves the team as it is.")
    ticket = forms.CharField(required=False, max_length=transfers.MAX_TICKET, help_text="A ticket or its address.")
    field_order = ("receiver", "role", "owner_team", "reason", "ticket")


def bindings_that_end(identity: ManagedIdentity) -> Sequence[Block]:
    """What it may do now, and will not when the receiver has accepted."""
    standing = RoleBinding.objects.standing(timezone.now()).filter(identity=identity).select_related("role")
    rows = [[link_to(one.role), Moment(one.valid_until), one.reason] for one in standing[:50]]
    empty = Empty("It holds no role", "There is nothing to ask for anew.", icon="link_off")
    text = "With a new owner these end. Whoever takes it over asks for what it still needs."
    return [Table("Role bindings that end with it", ["Role", "Until", "Why"], rows, empty, text if rows else "")]


def _hand_on(call: Call) -> Done:
    transfer = transfers.ask(call.obj, actor=call.actor, **call.values)
    return Done(f"{transfer.receiver.email} is asked, until {transfer.due_at:%d %b %Y}.", obj=call.obj)


HAND_ON = Command(
    key="transfer",
    label="Hand on",
    title="Hand on to another owner",
    icon="swap_horiz",
    run=_hand_on,
    form=TransferForm,
    listed=False,
    applies=lambda identity: identity.state != State.RETIRED,
    notes=bindings_that_end,
    submit="Ask the receiver",
)


def _take_over(call: Call) -> Done:
    case = cases.take_over(call.obj, actor=call.actor, **call.values)
    return Done(f"{case.identity.name} is yours.", href=page_of(case.identity, tab="ownership"))


def _say_no(call: Call) -> Done:
    case = cases.decline(call.obj, actor=call.actor, **call.values)
    return Done(f"Noted. {case.identity.name} goes on working while the next is asked.", obj=case)


def _was_asked(scope: Scope, case: Any) -> bool:
    return isinstance(case, SuccessionCase) and cases.may_answer(case, scope.user)


def _is_asked_now(scope: Scope, case: Any) -> bool:
    return isinstance(case, SuccessionCase) and str(scope.user.pk) in case.steps[-1]["people"]


def _is_open(case: SuccessionCase) -> bool:
    return case.state == CaseState.OPEN


CASE_BUTTONS = (
    Command(
        key="accept",
        label="Take it over",
        icon="person_add",
        primary=True,
        duty=Duty.OWN_PROFILE,
        owned=_was_asked,
        run=_take_over,
        form=OptionalReasonForm,
        applies=_is_open,
        intro="You become its owner: you answer for what it does, and for its secrets. It goes on as it is.",
    ),
    Command(
        key="decline",
        label="Say no",
        icon="person_off",
        duty=Duty.OWN_PROFILE,
        owned=_is_asked_now,
        run=_say_no,
        form=ReasonForm,
        applies=_is_open,
        intro="The next in line is asked, at once when everybody of this step has said no.",
    ),
)


def _accept(call: Call) -> Done:
    done = transfers.accept(call.obj, actor=call.actor, **call.values)
    ended = f" {done.bindings_ended} role bindings ended with it: ask for what it needs." if done.bindings_ended else ""
    return Done(f"{done.identity.name} is yours.{ended}", href=page_of(done.identity, tab="ownership"))


def _decline(call: Call) -> Done:
    return Done("Declined: it stays where it is.", obj=transfers.decline(call.obj, actor=call.actor, **call.values))


def _withdraw(call: Call) -> Done:
    return Done("Withdrawn: it stays where it is.", obj=transfers.withdraw(call.obj, actor=call.actor, **call.values))


def _is_receiver(scope: Scope, transfer: Any) -> bool:
    return isinstance(transfer, OwnershipTransfer) and transfer.receiver_id == scope.user.pk


def _is_asked(transfer: OwnershipTransfer) -> bool:
    return transfer.state == TransferState.ASKED


TRANSFER_BUTTONS = (
    Command(
        key="accept",
        label="Accept",
        icon="check",
        primary=True,
        duty=Duty.OWN_PROFILE,
        owned=_is_receiver,
        run=_accept,
        form=OptionalReasonForm,
        applies=_is_asked,
        notes=lambda transfer: bindings_that_end(transfer.identity),
        confirm="You answer for it from now on, and its role bindings end: runs are refused until it has new ones.",
    ),
    Command(
        key="decline",
        label="Decline",
        icon="close",
        duty=Duty.OWN_PROFILE,
        owned=_is_receiver,
        run=_decline,
        form=ReasonForm,
        applies=_is_asked,
    ),
    Command(
        key="withdraw",
        label="Withdraw",
        icon="undo",
        run=_withdraw,
        form=ReasonForm,
        applies=_is_asked,
    ),
)
