"""What is done with requests: ask, change, approve, reject, cancel, collect the secret."""

from typing import Any

from identities.access.matrix import Duty, Reach
from identities.admin.approval_commands import ApproveForm, SeenForm
from identities.admin.commands import Call, Command, Done, Shown, button
from identities.admin.forms import CommandForm
from identities.admin.request_forms import PREVIEW, RequestForm, given_of
from identities.admin.scope import Scope
from identities.requests import selectors, services as requests
from identities.requests.checks import OPEN
from identities.requests.models import IdentityRequest, RequestState
from identities.requests.services import Answered
from identities.requests.wanted import OF_THE_IDENTITY


def _ask(call: Call) -> Done:
    answered = requests.request(tenant=call.tenant, given=given_of(call.values), actor=call.actor)
    row = answered.row
    if row.state == RequestState.ISSUED:
        return Done(f"{row.name} is issued.", obj=row, shown=_shown(answered))
    if row.problem:
        return Done(f"Approved, and tried again by itself: {row.problem}", obj=row, tone="warning")
    return Done("Asked. Who may say yes has been told.", obj=row)


def _change(call: Call) -> Done:
    given = given_of(call.values)
    if call.obj.is_for_existing:
        own = (*OF_THE_IDENTITY, "technical_owner", "owner_team", "store_secret_at")
        given = {name: value for name, value in given.items() if name not in own}
    row = requests.change(call.obj, given=given, actor=call.actor)
    return Done("Saved. Where something changed it is asked anew: no yes to what it was counts.", obj=row)


def _approve(call: Call) -> Done:
    values = call.values
    seen = values["content_hash"] or None
    row = requests.approve(call.obj, reason=values["reason"], content_hash=seen, actor=call.actor)
    if row.state == RequestState.ISSUED:
        return Done(f"Approved. {row.name} is issued.", obj=row)
    if row.state == RequestState.APPROVED:
        return Done(f"Approved, and tried again by itself: {row.problem}", obj=row, tone="warning")
    return Done("Your yes is kept. Somebody else has to say theirs.", obj=row)


def _reject(call: Call) -> Done:
    requests.reject(call.obj, reason=call.values["reason"], actor=call.actor)
    return Done("Rejected. Who asked is told why.", obj=call.obj)


def _collect(call: Call) -> Done:
    answered = requests.collect(call.obj, actor=call.actor)
    return Done("Its secret was shown to you, and is to nobody else.", obj=call.obj, shown=_shown(answered))


def _shown(answered: Answered) -> Shown | None:
    identity = answered.row.identity
    if answered.secret_text is None or identity is None:
        return None
    facts = (("Client id", identity.client_id), ("Identity", identity.name))
    return Shown("Client secret", "Client secret", answered.secret_text, facts=facts)


def _is_own(scope: Scope, row: IdentityRequest) -> bool:
    return selectors.is_own(row, scope.user.pk)


def _is_others(scope: Scope, row: IdentityRequest) -> bool:
    return not _is_own(scope, row)


def _answers(scope: Scope, row: IdentityRequest) -> bool:
    return scope.user.pk in selectors.answering_ids(row)


def _may_change(scope: Scope, row: IdentityRequest) -> bool:
    return _is_own(scope, row) or scope.principal.reach(Duty.GOVERN) is not Reach.NONE


def _waits(row: Any) -> bool:
    return bool(row.state == RequestState.PENDING)


def _is_open(row: Any) -> bool:
    return row.state in OPEN


def _seen(row: IdentityRequest) -> dict[str, str]:
    return {"content_hash": row.approval.content_hash if row.approval else ""}


CREATION = Command(
    key="add",
    label="Ask for an identity",
    submit="Ask",
    run=_ask,
    form=RequestForm,
    duty=Duty.REPORT,
    preview=PREVIEW,
    intro="Of low tier it is issued at once, with its secret. Else others say yes first; nothing is made before.",
)

BUTTONS = (
    Command(
        key="edit",
        label="Change",
        title="Change what is asked",
        icon="edit",
        run=_change,
        form=RequestForm,
        duty=Duty.REPORT,
        initial=RequestForm.initial_of,
        preview=PREVIEW,
        applies=_is_open,
        reaches=_may_change,
        intro="Every yes that was given to what it was before counts for nothing then.",
    ),
    Command(
        key="approve",
        label="Approve",
        icon="check",
        run=_approve,
        form=ApproveForm,
        duty=Duty.DECIDE_REQUEST,
        initial=_seen,
        primary=True,
        applies=_waits,
        reaches=_is_others,
        owned=_answers,
        confirm="You say yes to exactly what this page shows. With the last yes it is issued at once.",
    ),
    Command(
        key="reject",
        label="Reject",
        icon="block",
        run=_reject,
        form=SeenForm,
        duty=Duty.DECIDE_REQUEST,
        initial=_seen,
        danger=True,
        applies=_waits,
        reaches=_is_others,
        owned=_answers,
        confirm="One no ends it. Who asked reads your reason, and can ask again.",
    ),
    button(
        requests.cancel,
        key="cancel",
        label="Cancel request",
        icon="undo",
        duty=Duty.CANCEL_OWN_REQUEST,
        applies=_is_open,
        owned=_is_own,
        done="Taken back.",
        confirm="Nothing is issued. Who was asked is asked no longer.",
    ),
    Command(
        key="collect",
        label="Collect secret",
        icon="key",
        run=_collect,
        form=CommandForm,
        duty=Duty.REPORT,
        primary=True,
        submit="Show it to me once",
        applies=lambda row: selectors.may_collect(row, row.requested_by_id),
        reaches=_is_own,
        intro="It is made now and shown this once, to you alone; that you saw it is kept. Have a safe place at hand.",
    ),
)
