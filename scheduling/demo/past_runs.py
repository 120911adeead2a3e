"""The runs of the weeks before, as rows that nobody has saved yet: when each was due, how it ended, what it left.

They look as the runner leaves them: prelude, nodes, token, decision. Deterministic but for ids: the same moment and
the same plan give the same outcomes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zlib import crc32

from audit import context
from audit.moments import zulu
from identities.inventory.models import ManagedIdentity
from identities.policies.models import AuthorizationDecision, DecisionOutcome, DecisionStage
from identities.tokens.models import IssuedToken
from scheduling import calendar as calendars, graph, templating
from scheduling.demo.plans import Plan
from scheduling.demo.shapes import DAY
from scheduling.models import RunState, RunStep, Schedule, ScheduleRun, StepState, Trigger

PRELUDE = ("resolve-identity", "fetch-secret", "mint-token", "guard")
MOST = 2000
A_STEP, SPREAD = 90, 140


@dataclass(frozen=True)
class Ending:
    """How a run came out: its state and words, and the step that ended it. `attempts`: how many it took."""

    state: RunState
    code: str = ""
    reason: str = ""
    status: int | None = None
    stops_at: str = ""
    attempts: int = 1
    cause: str = ""
    policy_ids: tuple[str, ...] = ()


WELL = Ending(RunState.SUCCEEDED)
ENDINGS: Mapping[str, Ending] = {
    "retried": Ending(RunState.SUCCEEDED, attempts=2),
    "failed": Ending(RunState.FAILED, "node_failed", "The gateway answered 502", 502, stops_at="first node"),
    "skipped": Ending(RunState.SKIPPED, "overlap", "An earlier run of this schedule was still going"),
    "denied": Ending(
        RunState.REFUSED,
        "authorization_denied",
        "Unattended exports of the ledger are not allowed (FIN-2107)",
        403,
        stops_at="guard",
        policy_ids=("no-unattended-export",),
    ),
    "disabled": Ending(
        RunState.REFUSED, "identity_disabled", "Managed identity '{identity}' is disabled", 403,
        stops_at="resolve-identity", cause="identity_disabled",
    ),
}  # fmt: skip


@dataclass
class PastRuns:
    """Rows to insert, parents first."""

    runs: list[ScheduleRun] = field(default_factory=list)
    steps: list[RunStep] = field(default_factory=list)
    tokens: list[IssuedToken] = field(default_factory=list)
    decisions: list[AuthorizationDecision] = field(default_factory=list)


@dataclass(frozen=True)
class Setting:
    """What all runs of one schedule have in common."""

    plan: Plan
    schedule: Schedule
    identity: ManagedIdentity
    kid: str
    issuer: str
    roles: tuple[str, ...]
    token_life: timedelta


def write(setting: Setting, at: datetime, into: PastRuns) -> list[tuple[ScheduleRun, Ending]]:
    """Add the past runs of one schedule to `into`; those runs, oldest first, each with its ending."""
    found = [(moment, ending) for moment, ending in occurrences(setting.plan, at)]
    return [(_run(setting, moment, ending, into), ending) for moment, ending in found]


def occurrences(plan: Plan, at: datetime) -> Iterator[tuple[datetime, Ending]]:
    """When `plan` fell in its past, oldest first, and how each ended. Pure."""
    past = plan.past
    if past is None:
        return
    calendar = calendars.parse(plan.cron, plan.timezone)
    moments = calendars.occurrences_between(calendar, at - past.days * DAY, at - timedelta(minutes=2), MOST)
    for number, moment in enumerate(moments, 1):
        words = [word for nth, word in past.every if number % nth == 0]
        if past.since is not None and moment > at - past.since[0] * DAY:
            words = [past.since[1]]
        yield moment, ENDINGS[words[0]] if words else WELL


def _run(setting: Setting, moment: datetime, ending: Ending, into: PastRuns) -> ScheduleRun:
    schedule, calendar = setting.schedule, calendars.parse(setting.plan.cron, setting.plan.timezone)
    facts = templating.ScheduleFacts(id=str(schedule.pk), name=schedule.name, timezone=calendar.place, at=moment)
    is_skipped = ending.state == RunState.SKIPPED
    run = ScheduleRun(
        tenant_id=schedule.tenant_id,
        schedule=schedule,
        workflow=schedule.workflow,
        workflow_key=schedule.workflow.key,
        workflow_version=schedule.workflow.version,
        trigger=Trigger.SCHEDULE,
        scheduled_for=moment,
        available_at=moment,
        state=ending.state,
        code=ending.code,
        reason=ending.reason.format(identity=setting.identity.name),
        status=ending.status,
        attempt=ending.attempts,
        started_at=None if is_skipped else moment + timedelta(seconds=1),
        finished_at=moment + timedelta(seconds=1),
        identity_id=setting.identity.pk,
        secret_reference=schedule.secret_reference,
        input_data=templating.resolve_schedule(schedule.input_data, facts),
        correlation_id=context.new_correlation_id(),
        lease_epoch=0 if is_skipped else ending.attempts,
    )
    into.runs.append(run)
    if not is_skipped:
        _Story(setting, run, ending, into).tell()
    return run


class _Story:
    """The steps of one run, attempt by attempt."""

    def __init__(self, setting: Setting, run: ScheduleRun, ending: Ending, into: PastRuns) -> None:
        self.setting, self.run, self.ending, self.into = setting, run, ending, into
        self.now: datetime = run.started_at or run.available_at
        self.jti = uuid4()
        nodes = list(graph.order(run.schedule.workflow.nodes))
        self.first = str(nodes[0]["id"])
        self.steps = [*((name, name) for name in PRELUDE), *((str(one["id"]), str(one["kind"])) for one in nodes)]

    def tell(self) -> None:
        for attempt in range(1, self.ending.attempts):
            self._attempt(attempt, stops_at="first node", reason="The gateway answered 502", status=502)
            self.now += timedelta(seconds=60)
        self._attempt(self.ending.attempts, self.ending.stops_at, self.run.reason, self.ending.status)
        self.run.finished_at = self.now

    def _attempt(self, attempt: int, stops_at: str, reason: str, status: int | None) -> None:
        stop = self.first if stops_at == "first node" else stops_at
        for sequence, (name, kind) in enumerate(self.steps, 1):
            detail = self._detail(name)
            is_stop = name == stop
            if is_stop:
                detail |= {"code": self.ending.code or "node_failed", "reason": reason, "status": status}
            refused = self.ending.state == RunState.REFUSED
            ended = (StepState.REFUSED if refused else StepState.FAILED) if is_stop else StepState.SUCCEEDED
            began, self.now = self.now, self.now + self._took(sequence)
            self.into.steps.append(
                RunStep(
                    run=self.run,
                    sequence=sequence,
                    name=name,
                    kind=kind,
                    attempt=attempt,
                    state=ended,
                    started_at=began,
                    finished_at=self.now,
                    detail=detail,
                    output=self._output(name, is_stop=is_stop),
                )
            )
            if is_stop:
                return

    def _took(self, sequence: int) -> timedelta:
        """Some milliseconds, never the same twice running, always the same for the same run."""
        return timedelta(milliseconds=A_STEP + crc32(f"{self.run.scheduled_for} {sequence}".encode()) % SPREAD)

    def _detail(self, name: str) -> dict[str, Any]:
        who = self.setting.identity
        if name == "resolve-identity":
            return {"identity": who.name, "clientId": who.client_id}
        if name == "fetch-secret":
            return dict(self.run.secret_reference)
        if name == "mint-token":
            self._mint()
            return self._token()
        if name == "guard":
            return self._decide()
        return {
            "actor": self.run.actor, "clientId": who.client_id, "identity": who.name,
            "token": {**self._token(), "renewed": False},
        }  # fmt: skip

    def _token(self) -> dict[str, Any]:
        return {"jti": str(self.jti), "expiresAt": zulu(self.now + self.setting.token_life)}

    def _mint(self) -> None:
        self.jti = uuid4()
        self.run.actor = {
            "userId": self.setting.identity.client_id,
            "isServiceAccount": True,
            "managedIdentityId": str(self.setting.identity.pk),
            "tenantId": str(self.run.tenant_id),
            "roles": list(self.setting.roles),
        }
        self.into.tokens.append(
            token(self.setting.identity, self.setting.kid, self.now, self.setting.token_life, self.jti)
        )

    def _decide(self) -> dict[str, Any]:
        is_no = self.ending.stops_at == "guard"
        outcome = DecisionOutcome.DENY if is_no else DecisionOutcome.ALLOW
        reason, ids = (self.run.reason, list(self.ending.policy_ids)) if is_no else ("", [])
        self.into.decisions.append(
            AuthorizationDecision(
                at=self.now,
                tenant_id=self.run.tenant_id,
                actor_kind="identity",
                actor_id=str(self.setting.identity.pk),
                actor_label=self.setting.identity.name,
                permission="workflow.execute",
                resource_kind="workflow",
                resource_id=self.run.workflow_key,
                outcome=outcome,
                reason=reason,
                policy_ids=ids,
                environment=self.setting.identity.environment,
                token_issuer=self.setting.issuer,
                token_jti=str(self.jti),
                correlation_id=self.run.correlation_id,
                run_id=self.run.pk,
                stage=DecisionStage.GUARD,
            )
        )
        return {"outcome": outcome.value, "decisionReason": reason, "policyIds": ids}

    def _output(self, name: str, *, is_stop: bool) -> Any:
        node = next((one for one in self.run.schedule.workflow.nodes if one["id"] == name), None)
        if node is None or is_stop:
            return None
        if node["kind"] == "http_call":
            return {"status": 201, "headers": {}, "body": {"accepted": True}}
        said = templating.resolve_params({"message": node["params"]["message"]}, given=self.run.input_data, steps={})
        return {**said, "values": {}}


def token(who: ManagedIdentity, kid: str, issued_at: datetime, life: timedelta, jti: UUID) -> IssuedToken:
    """A token that was issued and has ended by now: nobody ever held its text."""
    return IssuedToken(
        jti=jti, identity=who, kid=kid, scope="roles", issued_at=issued_at, expires_at=issued_at + life,
        address="127.0.0.1",
    )  # fmt: skip
