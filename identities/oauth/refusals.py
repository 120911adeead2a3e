"""What happens when a token is refused: it is counted, it is recorded, and past ten a minute it is told to wait."""

from django.db import transaction

from audit import context, services as audit
from audit.actors import Actor, Subject
from audit.events import Outcome
from identities import throttle
from identities.credentials.authentication import Authenticated
from identities.events import TokenEvent
from identities.inventory import subjects
from identities.inventory.models import ManagedIdentity
from identities.oauth.answers import OAuthError
from identities.oauth.forms import ClientCredentials

KIND = "passport-failures"
FAILURES_A_MINUTE = 10
RECORDS_A_MINUTE = 20
UNKNOWN = "unknown client"

_records = throttle.Allowance("token-refused", a_minute=RECORDS_A_MINUTE)


def unproved(claimed: ClientCredentials | None) -> OAuthError:
    """The answer to a client that did not prove who it is: 401, or 429 past ten failures a minute from its address.

    Every such failure costs the same whether the client exists or not: one look-up by its id, and a record while there
    is room for one. A right secret is never counted, so a stranger locks nobody out.
    """
    client_id = claimed.client_id if claimed else ""
    count = throttle.hit(KIND, client_id, context.current().address)
    identity = ManagedIdentity.objects.filter(client_id=client_id).first()
    record(identity, _reason(identity, claimed))
    if count.number > FAILURES_A_MINUTE:
        return OAuthError(
            "invalid_client",
            "Too many failed attempts; try again later.",
            status=429,
            headers={"Retry-After": str(count.seconds_left)},
        )
    return OAuthError("invalid_client", "Client authentication failed.")


def too_often(proved: Authenticated) -> OAuthError:
    """The answer to a right secret that should have been replaced: it is served once a minute."""
    record(proved.identity, "past its cutover, and used within the minute")
    return OAuthError(
        "slow_down",
        "This credential has been replaced and is served once a minute: use the new one.",
        status=429,
        headers={"Retry-After": str(proved.wait_seconds)},
    )


def record(identity: ManagedIdentity | None, reason: str) -> None:
    """One audit record `token.refused` in a transaction of its own, at most twenty a minute for each identity.

    All clients that do not exist share one such allowance. Those left out are counted; the next record says how many.
    """
    left_out = _records.take(str(identity.id) if identity else UNKNOWN)
    if left_out is None:
        return
    with transaction.atomic():
        audit.record(
            TokenEvent.REFUSED,
            actor=subjects.actor_of(identity) if identity else Actor.anonymous(),
            subject=subjects.subject_of(identity) if identity else Subject(kind="client", id="", label=UNKNOWN),
            outcome=Outcome.DENIED,
            reason=reason,
            details={"unrecorded_before": left_out} if left_out else None,
        )


def _reason(identity: ManagedIdentity | None, claimed: ClientCredentials | None) -> str:
    if claimed is None:
        return "no client authentication"
    if identity is None:
        return "unknown client"
    if claimed.problem:
        return f"assertion not taken: {claimed.problem}"
    return "wrong secret" if identity.is_enabled else f"identity is {identity.state}"
