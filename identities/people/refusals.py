"""Passwords that were not accepted, as the audit has them: by the account that was claimed, and not without end."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from audit import services as audit
from audit.actors import Actor, Subject
from audit.events import Outcome
from identities import throttle
from identities.events import PersonEvent
from identities.people import selectors
from identities.people.actors import subject_of

NOBODY = "nobody"
refusals = throttle.Allowance("sign-in-refused", a_minute=20)


@transaction.atomic
def record_refusal(email: str, *, reason: str = "invalid_credentials", source: str = "login") -> None:
    """Record a sign-in that failed, at most twenty a minute for each account; all unknown ones share one allowance.

    An address nobody has is recorded as claimed, without a tenant. Those left out are counted; the next record says
    how many.
    """
    label = claimed_address(email)
    user = selectors.by_email(label)
    left_out = refusals.take(str(user.pk) if user else NOBODY)
    if left_out is None:
        return
    subject = subject_of(user) if user else Subject(kind="user", id="", label=label)
    audit.record(
        PersonEvent.SIGN_IN_REFUSED,
        actor=Actor.anonymous(label),
        subject=subject,
        outcome=Outcome.DENIED,
        reason=reason,
        details={"source": source} | ({"unrecorded_before": left_out} if left_out else {}),
    )


def claimed_address(text: str) -> str:
    """What may be kept of an address somebody signs in with: whoever types a password into the wrong field must not
    find it in a log, a table or the audit."""
    claimed = text.strip().lower()[:254]
    try:
        validate_email(claimed)
    except ValidationError:
        return "not an address"
    return claimed
