"""How work on a run stops before its last node: for good, or until later."""

from datetime import datetime
from typing import Any

from audit.actors import Actor
from scheduling.models import RunState, RunStep, StepState
from scheduling.services.ledger import End

#: Ends for a reason of identity, secret or token (S0-03): they are audited and logged as such.
CREDENTIAL_CAUSES = frozenset({"identity_not_found", "identity_disabled", "secret_unresolved", "mint_refused"})


class Stop(Exception):
    """The run ends here, unless it `may_retry` and its schedule leaves a further attempt.

    `step` and `actor` are filled in by the step in which it was raised; `detail` is what that step shows beside the
    reason.
    """

    def __init__(
        self,
        code: str,
        reason: str,
        *,
        state: RunState = RunState.FAILED,
        status: int | None = None,
        may_retry: bool = False,
        detail: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(reason)
        self.code, self.reason, self.state, self.status = code, reason, state, status
        self.may_retry = may_retry
        self.detail = detail or {}
        self.step: RunStep | None = None
        self.actor: Actor | None = None

    @property
    def is_of_credentials(self) -> bool:
        return self.code in CREDENTIAL_CAUSES

    @property
    def step_state(self) -> StepState:
        return {RunState.REFUSED: StepState.REFUSED, RunState.SUCCEEDED: StepState.SUCCEEDED}.get(
            self.state, StepState.FAILED
        )

    def shown(self) -> dict[str, Any]:
        """What the step in which it happened shows."""
        status = {} if self.status is None else {"status": self.status}
        return {**self.detail, "code": self.code, "reason": self.reason, **status}

    def end(self, owner: str) -> End:
        cause = self.code if self.is_of_credentials else ""
        return End(state=self.state, code=self.code, reason=self.reason, status=self.status, cause=cause, owner=owner)


class Pause(Exception):
    """Not now: the run goes back to the queue until `until`, and no attempt is used up."""

    def __init__(self, reason: str, until: datetime) -> None:
        super().__init__(reason)
        self.reason, self.until = reason, until
        self.step: RunStep | None = None
        self.actor: Actor | None = None


def refused(code: str, reason: str, **detail: Any) -> Stop:
    """A refusal: status 403, never tried again."""
    return Stop(code, reason, state=RunState.REFUSED, status=403, detail=detail)
