"""NHI7-NO-EXPIRY: a credential that could end by itself, and does not."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule

#: Kinds that platforms issue with an end for the asking; an access key or a password has none by nature.
CAN_END = frozenset({"api_token", "client_secret", "service_account_token", "certificate", "signing_key"})


class NoExpiry(Rule):
    """Only credentials of others: ours are ended by rotation, never by a clock (a date in the next century is none)."""

    code = "NHI7-NO-EXPIRY"
    category = "NHI7"
    severity = Severity.LOW
    title = "A credential without an end"
    why = "A credential that ends by itself is safe even when everybody has forgotten it."
    mend = "Issue it again with an expiry date, as short as its renewal can be automated."
    remedy = Remedy.CREDENTIALS

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        for credential in facts.live_credentials:
            if credential.is_ours or credential.kind not in CAN_END or credential.has_expiry:
                continue
            yield Observation(
                f"Its {credential.words} has no expiry date.",
                key=str(credential.id),
                details={"credentialId": str(credential.id)},
                severity=Severity.MEDIUM if facts.risk_tier == "high" else None,
            )
