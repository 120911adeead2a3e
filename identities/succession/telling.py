"""Who is told of a succession: one notice a person, leaver and step, however many identities somebody left."""

from collections.abc import Sequence
from datetime import datetime

from audit.actors import Subject
from identities.people import notices
from identities.people.models import User
from identities.succession.models import CaseState, OwnershipTransfer, SuccessionCase

ASKED, TRANSFER = "succession_asked", "transfer_asked"


def asked(case: SuccessionCase, people: Sequence[User]) -> None:
    """They may take it over."""
    about = _about(case)
    who = case.leaver_label or "Nobody is left of a team:"
    notices.tell(
        people,
        tenant_id=case.tenant_id,
        kind=ASKED,
        key=f"{ASKED}:{about.id}:{case.step}:{case.opened_at:%Y-%m-%d}",
        subject=f"{who} left identities behind: will you answer for them?"
        if case.leaver_label
        else f"{case.identity.name} has nobody left to answer for it: will you?",
        text="They go on working meanwhile. Take them over, or say no: then the next is asked.",
        about=about,
        waits=True,
    )


def done(case: SuccessionCase, people: Sequence[User] | None, *, at: datetime) -> None:
    """Nothing is asked of these people (None: of anybody) any more, unless another identity of the leaver asks it."""
    others = SuccessionCase.objects.filter(state=CaseState.OPEN, leaver=case.leaver).exclude(pk=case.pk)
    still: set[str] = set()
    if case.leaver_id is not None:
        still = {key for steps in others.values_list("steps", flat=True) if steps for key in steps[-1]["people"]}
    keys = {str(one.pk) for one in people} if people is not None else _asked_now(case)
    notices.settle(ASKED, about_id=_about(case).id, at=at, people=User.objects.filter(pk__in=keys - still))


def transfer_asked(transfer: OwnershipTransfer) -> None:
    """The receiver is asked."""
    notices.tell(
        [transfer.receiver],
        tenant_id=transfer.tenant_id,
        kind=TRANSFER,
        key=f"{TRANSFER}:{transfer.pk}",
        subject=f"{transfer.identity.name} is to be yours: will you answer for it?",
        text=f"{transfer.asked_by} asks: {transfer.reason}",
        about=Subject("transfer", str(transfer.pk), transfer.identity.name, transfer.tenant_id),
        waits=True,
    )


def transfer_done(transfer: OwnershipTransfer, *, at: datetime) -> None:
    """It was answered."""
    notices.settle(TRANSFER, about_id=transfer.pk, at=at)


def _asked_now(case: SuccessionCase) -> set[str]:
    return {key for step in case.steps for key in step["people"]}


def _about(case: SuccessionCase) -> Subject:
    if case.leaver_id is not None:
        return Subject("leaver", str(case.leaver_id), case.leaver_label, case.tenant_id)
    return Subject("succession", str(case.pk), case.identity.name, case.tenant_id)
