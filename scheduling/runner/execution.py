"""One run from its identity to its end: the sequence of S1-01 … S1-11, each step a row, each row under the lease."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from audit import clock
from audit.actors import Actor
from audit.moments import zulu
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import actor_of
from scheduling import graph, selectors
from scheduling.models import RunState, ScheduleRun, StepState
from scheduling.runner import badges, guarding, nodework, retries
from scheduling.runner.badges import Badge
from scheduling.runner.endings import Pause, Stop
from scheduling.runner.heartbeat import Heartbeat
from scheduling.runner.stepping import OpenStep, Steps
from scheduling.services import ledger
from scheduling.services.steps import Finish

log = structlog.get_logger(__name__)

RESOLVE, FETCH, MINT, GUARD = "resolve-identity", "fetch-secret", "mint-token", "guard"
PRELUDE = (RESOLVE, FETCH, MINT, GUARD)
#: So long an identity that was read for the token counts as looked at: Passport has looked at it since.
FRESH_SECONDS = 1.0


class Execution:
    """The work of one worker on one run. It holds tokens in memory and nothing of them anywhere else."""

    def __init__(self, lease: ledger.Lease, heartbeat: Heartbeat) -> None:
        self.lease, self.heartbeat = lease, heartbeat
        self.run: ScheduleRun = lease.run
        self.steps = Steps(lease)
        self.who = Actor.system(ledger.SYSTEM, self.run.tenant_id)
        self.identity: ManagedIdentity | None = None
        self.read: tuple[ManagedIdentity, float] | None = None
        self.badges: dict[str, Badge] = {}

    def go(self) -> None:
        """Work until the run has ended or must wait; LeaseLost when somebody else has it."""
        try:
            self._prepare()
            self._work()
        except Stop as stop:
            self._stop(stop)
        except Pause as pause:
            self._pause(pause)
        except ledger.LeaseLost:
            self.steps.keep_decisions()
            raise
        else:
            end = ledger.End(state=RunState.SUCCEEDED)
            ledger.finish_run(self.lease, end, actor=self.who, at=clock.now(), work=self.steps.work())

    def _prepare(self) -> None:
        """Identity, secret, token, guard: again at each attempt and after each pause, since nothing of it is kept.

        None of the four leaves anything outside, so that they are written with the beginning of the first node, or
        with the end of the run; a worker that dies before then is found by its claim.
        """
        identity_id, reference = self.run.identity_id, self.run.secret_reference or self.run.schedule.secret_reference
        with self._prelude(RESOLVE) as step:
            identity = self._identity(identity_id, step)
            step.detail |= {"identity": identity.name, "clientId": identity.client_id}
            badges.check_enabled(identity, self.run.schedule)
            badges.check_approved(identity, self.run)
            self.read = identity, time.monotonic()
        with self._prelude(FETCH) as step:
            step.detail |= dict(reference)
            secret = badges.fetch(identity, reference, self.run, step.row)
        with self._prelude(MINT) as step:
            badge = badges.mint(identity, secret, step.row)
            step.detail |= badge.facts()
            step.of_run["actor"] = badge.actor.as_json()
        with self._prelude(GUARD) as step:
            guarding.check(badge.actor, self.run, detail=step.detail, later=self.steps.decisions)
        self.badges[_key(identity_id, reference)] = badge

    def _work(self) -> None:
        definition = selectors.definition_of(self.run).definition
        for place, node in enumerate(graph.order(definition["nodes"])):
            if node["id"] not in self.steps.done:
                self._node(node, definition, len(PRELUDE) + 1 + place)

    def _node(self, node: Mapping[str, Any], definition: Mapping[str, Any], sequence: int) -> None:
        with self._step(node["id"], node["kind"], sequence) as step:
            badge = self._badge(node, step)
            step.actor = badge.who
            step.detail |= {"actor": badge.actor.as_json(), "clientId": badge.identity.client_id}
            step.output = nodework.perform(
                node,
                allowed_hosts=definition.get("allowedHosts") or [],
                badge=badge,
                run=self.run,
                outputs={name: row.output for name, row in self.steps.done.items() if name not in PRELUDE},
                step=step,
            )
        self.steps.done[node["id"]] = step.row

    def _badge(self, node: Mapping[str, Any], step: OpenStep) -> Badge:
        """Who does this node: the run's identity or the node's own, looked at anew and with a token young enough."""
        identity_id, reference = self.run.identity_id, self.run.secret_reference or self.run.schedule.secret_reference
        is_own = bool(node.get("managedIdentityId"))
        if is_own:
            identity_id, reference = UUID(str(node["managedIdentityId"])), node["secretReference"]
        identity = self._identity(identity_id, step)
        step.detail["identity"] = identity.name
        badges.check_enabled(identity, self.run.schedule)
        key = _key(identity_id, reference)
        badge = self.badges.get(key)
        if badge is not None:
            badge = replace(badge, identity=identity)
        if badge is None or badge.is_stale(clock.now()):
            badge = self._fresh_badge(identity, reference, step, is_own=is_own)
        self.badges[key] = badge
        step.detail["token"] = badge.facts() | {"renewed": "decision" in step.detail}
        return badge

    def _fresh_badge(
        self, identity: ManagedIdentity, reference: Mapping[str, Any], step: OpenStep, *, is_own: bool
    ) -> Badge:
        """Fetched, minted and guarded within a node's step (S1-32): what it shows stands in that step."""
        if is_own:
            step.detail["secretReference"] = dict(reference)
        badge = badges.mint(identity, badges.fetch(identity, reference, self.run, step.row), step.row)
        step.detail["decision"] = {}
        guarding.check(badge.actor, self.run, detail=step.detail["decision"])
        if not is_own:
            step.of_run["actor"] = badge.actor.as_json()
        return badge

    def _identity(self, identity_id: UUID, step: OpenStep) -> ManagedIdentity:
        identity = self._looked_up(identity_id)
        step.actor = actor_of(identity)
        self.identity = identity
        if identity.id == self.run.identity_id:
            self.who = step.actor
        return identity

    def _looked_up(self, identity_id: UUID) -> ManagedIdentity:
        """The identity as it is. What was read for the four first steps a moment ago serves the first node too."""
        read, self.read = self.read, None
        if read is not None and read[0].id == identity_id and time.monotonic() - read[1] < FRESH_SECONDS:
            return read[0]
        return badges.look_up(identity_id, self.run.tenant_id)

    def _prelude(self, name: str) -> Any:
        return self._step(name, name, PRELUDE.index(name) + 1, is_inward=True)

    def _step(self, name: str, kind: str, sequence: int, *, is_inward: bool = False) -> Any:
        self._check_alive(clock.now())
        return self.steps.step(name, kind=kind, sequence=sequence, actor=self.who, is_inward=is_inward)

    def _check_alive(self, at: datetime) -> None:
        if self.heartbeat.is_lost:
            raise ledger.LeaseLost
        if end := ledger.untaken_end(self.run, at):
            raise Stop(end.code, end.reason, state=end.state)

    def _stop(self, stop: Stop) -> None:
        at = clock.now()
        again = retries.next_attempt_at(self.run, stop, at)
        work = self.steps.work(*self._broken_off(stop, stop.step_state, stop.shown()))
        if again is not None:
            ledger.retry_run(
                self.lease, available_at=again, reason=stop.reason, code=stop.code, actor=self.who, work=work
            )
        else:
            end = stop.end(badges.owner_of(self.identity, self.run.schedule))
            ledger.finish_run(self.lease, end, actor=self.who, at=at, work=work)
        if again is None and stop.is_of_credentials:
            self._say(stop)

    def _say(self, stop: Stop) -> None:
        """Seen at once, not in a production incident (S0-03)."""
        log.error(
            "run.credential_failed",
            cause=stop.code,
            reason=stop.reason,
            identity=self.who.label if self.who.client_id else str(self.run.identity_id),
            client_id=self.who.client_id,
            owner=badges.owner_of(self.identity, self.run.schedule),
            schedule=self.run.schedule.name,
        )

    def _pause(self, pause: Pause) -> None:
        shown = {"reason": pause.reason, "until": zulu(pause.until)}
        work = self.steps.work(*self._broken_off(pause, StepState.WAITING, shown))
        ledger.defer_run(self.lease, available_at=pause.until, reason=pause.reason, actor=self.who, work=work)

    def _broken_off(self, ending: Stop | Pause, state: StepState, shown: dict[str, Any]) -> list[Finish]:
        if ending.step is None:
            return []
        return [self.steps.broken_off(ending.step, state, shown, ending.actor or self.who)]


def _key(identity_id: UUID, reference: Mapping[str, Any]) -> str:
    return f"{identity_id} {sorted(reference.items())}"
