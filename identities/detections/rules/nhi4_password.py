"""NHI4-PASSWORD: a machine that signs in with a password."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule
from identities.inventory.vocabulary import AuthMethod


class MachinePassword(Rule):
    """By its method, or by a live credential of that kind."""

    code = "NHI4-PASSWORD"
    category = "NHI4"
    severity = Severity.MEDIUM
    title = "A machine with a password"
    why = "Passwords are guessed, reused and typed by people; a machine needs none of that."
    mend = "Replace the password by a token with an end, or by federation, and switch password sign-in off for it."
    remedy = Remedy.CREDENTIALS

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        held = sorted(credential.words for credential in facts.live_credentials if credential.kind == "password")
        if facts.auth_method != AuthMethod.PASSWORD and not held:
            return
        said = f"It holds the {', '.join(held)}." if held else "Its method of authentication is a password."
        yield Observation(said, severity=Severity.HIGH if facts.is_production else None)
