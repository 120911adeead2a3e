"""NHI2-EXPOSED: the value of one of its credentials lay open."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule


class Exposed(Rule):
    """A live credential of which a source or a scan says where its value could be read. The value is not with us."""

    code = "NHI2-EXPOSED"
    category = "NHI2"
    severity = Severity.CRITICAL
    title = "A secret lay open"
    why = "Whoever could read the place has the secret, and nothing tells who did."
    mend = "Replace the credential where it was issued, revoke the old one, then clean the place and its history."
    remedy = Remedy.CREDENTIALS
    judges_disabled = True

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        for credential in facts.live_credentials:
            if credential.exposed_in:
                yield Observation(
                    f"The value of {credential.words} lay open in {credential.exposed_in}.",
                    key=str(credential.id),
                    details={"credentialId": str(credential.id), "place": credential.exposed_in},
                )
