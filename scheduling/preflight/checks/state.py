"""Check `state`: the identity is there, may have a token, and has not ended by then."""

import copy
from collections.abc import Iterator
from datetime import datetime

from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.tokens import authorise
from scheduling.preflight.checks.base import Bearer, Check, Trial
from scheduling.preflight.problems import Mend, Problem

#: What brings it back, by the state it is in; from the others nothing does.
MENDS = {
    State.DISABLED: Mend.ENABLE_IDENTITY,
    State.PAUSED: Mend.RESUME_IDENTITY,
    State.QUARANTINED: Mend.RELEASE_IDENTITY,
}


class StateCheck(Check):
    """A pause that ends before the occurrence stops nothing."""

    kind = "state"
    position = 10

    def of_bearer(self, trial: Trial, bearer: Bearer) -> Iterator[Problem]:
        identity = bearer.identity
        if identity is None:
            text = f"There is no managed identity {bearer.identity_id}"
            yield bearer.problem("identity_not_found", text, Mend.CHOOSE_IDENTITY, trial.occurrences[0])
            return
        turns = (identity.paused_until, identity.expires_at)
        moment = trial.first(lambda at: bool(refusal_at(identity, at)), turns=turns)
        if moment is not None:
            code = refusal_at(identity, moment)
            text, mend = _words(identity, code, trial)
            run = "the run" if not bearer.nodes else "that step of the run"
            yield bearer.problem(code, f"{text}: {run} of {trial.when(moment)} would be refused", mend, moment)


def refusal_at(identity: ManagedIdentity, at: datetime) -> str:
    """The code with which a token would be refused at `at`, as far as is known now; empty when it would be given."""
    then = copy.copy(identity)
    if then.state == State.PAUSED and then.paused_until is not None and then.paused_until <= at:
        then.state = State.ACTIVE.value
    return authorise.refusal(then, at)


def _words(identity: ManagedIdentity, code: str, trial: Trial) -> tuple[str, Mend]:
    if code == "identity_expired" and identity.expires_at:
        return f"{identity.name} ends on {trial.when(identity.expires_at)}", Mend.EXTEND_IDENTITY
    if code == "identity_external":
        return f"{identity.name} proves itself elsewhere and gets no token of ours", Mend.CHOOSE_IDENTITY
    until = f" until {trial.when(identity.paused_until)}" if identity.paused_until else ""
    state = State(identity.state)
    said = f"{identity.name} is {state.value}{until if state is State.PAUSED else ''}"
    return said, MENDS.get(state, Mend.CHOOSE_IDENTITY)
