"""Check `approval`: what runs as an identity of the high tier is what others approved (S3-63)."""

from collections.abc import Iterator

from scheduling.preflight.checks.base import Check, Trial
from scheduling.preflight.problems import Mend, Problem
from scheduling.services import approving


class ApprovalCheck(Check):
    """One that runs on for a while stops at the first occurrence after that."""

    kind = "approval"
    position = 15

    def of_schedule(self, trial: Trial) -> Iterator[Problem]:
        schedule = trial.schedule
        if schedule.approval_state == approving.NONE:
            return
        moment = trial.first(
            lambda at: bool(approving.standing_refusal(schedule, at)), turns=(schedule.approval_by, trial.at)
        )
        if moment is not None:
            said = approving.standing_refusal(schedule, moment)
            text = f"{said}: the run of {trial.when(moment)} would be refused."
            yield Problem(code=approving.CODE, text=text, mend=Mend.APPROVE_SCHEDULE, at=moment)
