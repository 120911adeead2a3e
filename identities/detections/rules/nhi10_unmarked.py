"""NHI10-UNMARKED: an account with the address of a service user that nobody made one."""

from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Remedy, Rule


class Unmarked(Rule):
    """Also while its row is stopped, if the account still signs in."""

    code = "NHI10-UNMARKED"
    category = "NHI10"
    severity = Severity.MEDIUM
    title = "An account that calls itself an agent and is none"
    why = (
        "The health check passes it by, it may sign in here like a person, and what a machine does reads as a person's."
    )
    mend = (
        "If software uses it, make a service user for that and disable this one; if a person does, change its address."
    )
    remedy = Remedy.ACCOUNT
    judges_disabled = True

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        account = facts.account
        if account is None or account.is_agent or not account.is_active:
            return
        said = f"The address {account.email} is a service user's, and its account is a person's."
        if facts.state == "active":
            yield Observation(said)
        else:
            yield Observation(f"{said} It still signs in, though its row is {facts.state}.", severity=Severity.HIGH)
