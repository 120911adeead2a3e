"""What is done about one leaked secret, by the tier of its identity."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.actors import Actor
from identities.credentials import services as credentials
from identities.credentials.models import ClientSecret
from identities.credentials.selectors import is_live, live_count
from identities.detections.models import LeakAction, LeakMatch
from identities.errors import Conflict
from identities.inventory.models import ManagedIdentity
from identities.inventory.vocabulary import RiskTier
from identities.lifecycle import quarantines, runbook_lines
from identities.lifecycle.models import Cause
from identities.tokens import services as tokens

HOUR = timedelta(hours=1)
#: So many identities of a tenant are quarantined for leaks within an hour; past it only secrets are revoked.
MOST_AN_HOUR = 10
#: What the runbook of its quarantine says of the leaked secret.
DONE = "Revoked: it leaked."
#: Why a quarantine does not begin although one is due: it is stopped already, or never worked.
_STOPPED = {"already_quarantined", "wrong_state"}


@dataclass(frozen=True, slots=True)
class Acted:
    """What was done, how many secrets and keys still work, and whether the limit kept a quarantine from beginning."""

    action: LeakAction
    left: int = 0
    is_limited: bool = False


def act(identity: ManagedIdentity, secret: ClientSecret, *, reason: str, actor: Actor, at: datetime) -> Acted:
    """End `secret` and every token of `identity`; of a high tier, quarantine it as well.

    In the caller's transaction, with the tenant and the identity locked. A leaked secret is revoked in every tier: the
    end of a quarantine must not give it back. So is a rotation that it is part of over. Tokens end because nothing
    tells those that a stranger got from those of the workload, which gets new ones with the secret that it has left.
    """
    if not is_live(secret, at):
        return Acted(LeakAction.NONE, left=live_count(identity, at))
    is_high = identity.risk_tier == RiskTier.HIGH
    is_limited = is_high and _is_at_limit(identity, at)
    is_quarantined = False
    if is_high and not is_limited:
        try:
            quarantines.quarantine(identity, reason=reason, actor=actor, cause=Cause.LEAK)
            is_quarantined = True
        except Conflict as refused:
            is_limited = refused.code not in _STOPPED
    credentials.revoke(secret, reason=reason, actor=actor)
    runbook_lines.done_about(identity.pk, "credential_id", str(secret.pk), actor=actor, note=DONE)
    if not is_quarantined:
        tokens.kill_tokens(identity, actor=actor, reason=reason)
    action = LeakAction.QUARANTINED if is_quarantined else LeakAction.REVOKED
    return Acted(action, left=live_count(identity, at), is_limited=is_limited)


def _is_at_limit(identity: ManagedIdentity, at: datetime) -> bool:
    """Who has one secret of each of a hundred identities must not be able to stop a company by telling us."""
    lately = LeakMatch.objects.filter(
        report__tenant_id=identity.tenant_id, report__reported_at__gt=at - HOUR, action=LeakAction.QUARANTINED
    )
    return lately.count() >= MOST_AN_HOUR
