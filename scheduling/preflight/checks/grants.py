"""Check `grants`: whoever acts may still resolve the secret reference then (S3-30)."""

from collections.abc import Iterator
from datetime import datetime

from identities.access import secret_grants
from identities.errors import Invalid, Refused
from scheduling.preflight.checks.base import Bearer, Check, Trial
from scheduling.preflight.problems import Mend, Problem


class GrantsCheck(Check):
    """A grant ends once, so what holds at the last occurrence has held at each; asked without being used."""

    kind = "grants"
    position = 20

    def of_bearer(self, trial: Trial, bearer: Bearer) -> Iterator[Problem]:
        if bearer.identity is None or not refusal(trial, bearer, trial.occurrences[-1]):
            return
        low, high = 0, len(trial.occurrences) - 1
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if refusal(trial, bearer, trial.occurrences[middle]) else (middle + 1, high)
        moment = trial.occurrences[high]
        why = refusal(trial, bearer, moment).rstrip(".")
        text = f"{bearer.name} may not read its secret then ({why}): the run of {trial.when(moment)} would fail"
        yield bearer.problem(secret_grants.NOT_GRANTED, text, Mend.GRANT_SECRET, moment)


def refusal(trial: Trial, bearer: Bearer, at: datetime) -> str:
    """Why the secret may not be read at `at`; empty when it may. Of a reference that names nothing the vault speaks."""
    try:
        secret_grants.check(bearer.identity_id, bearer.reference, trial.schedule.pk, at)
    except Refused as refused:
        return refused.message
    except Invalid:
        return ""
    return ""
