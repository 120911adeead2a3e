"""NHI1-SHOWN-LEAVER: somebody who left was shown a secret that still works."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule, day


class ShownToLeaver(Rule):
    """One observation a secret of ours, also of a disabled identity: it works again on the day that is enabled."""

    code = "NHI1-SHOWN-LEAVER"
    category = "NHI1"
    severity = Severity.HIGH
    title = "Somebody who left knows a live secret"
    why = "An account that is disabled forgets nothing: whoever was shown a secret can use it from anywhere."
    mend = "Rotate it into a vault, where nobody sees it; the old one ends when it is silent. Or revoke it now."
    remedy = Remedy.CREDENTIALS
    judges_disabled = True

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        for credential in facts.live_credentials:
            if credential.shown_to and credential.shown_at is not None:
                yield Observation(
                    f"Its {credential.words} was shown on {day(credential.shown_at)} to {credential.shown_to}, whose "
                    "account is disabled.",
                    key=str(credential.id),
                    details={"credentialId": str(credential.id)},
                )
