"""One run of chaos: the occurrences come due, the blows fall, the rest is worked off, the checker judges."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from benchmarks.chaos import chain, cron, history, plan, verdict
from benchmarks.chaos.ground import Ground
from benchmarks.chaos.installation import ENCRYPTION_KEY
from benchmarks.chaos.plan import Blow, Due
from benchmarks.chaos.stores import Store

#: From the last occurrence on: a run killed then waits out its lease, perhaps several times.
DRAIN = 240.0
SEALED_WITHIN = 60.0


@dataclass
class Chaos:
    """A run on a ground that is laid."""

    ground: Ground
    seed: int
    say: Callable[[str], None]
    done: Counter[str] = field(default_factory=Counter)
    gaps: list[history.Gap] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _locks: defaultdict[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))

    def go(
        self, due: list[Due], first: datetime, minutes: int, blows: list[Blow], *, begin: datetime
    ) -> verdict.Verdict:
        """All of it; the installation runs and the estate is made."""
        self._strike(begin, blows)
        for thread in self._threads:
            thread.join()
        last = first + timedelta(minutes=minutes - 1)
        expected = {(one.name, at) for one in due for at in cron.occurrences(one.cron, one.zone, first, last)}
        self._sleep_until(last + timedelta(seconds=1))
        took = self._work_off(expected)
        self._wait_for_seals()
        found = self._judge(expected)
        found.lines.insert(1, verdict.Line("worked off, after the last was due", "", f"{took:.0f} s"))
        return found

    def _strike(self, begin: datetime, blows: list[Blow]) -> None:
        for blow in blows:
            self._sleep_until(begin + timedelta(seconds=blow.after))
            acts: dict[str, Callable[[], object]] = {
                "database crash": partial(self._restart, self.ground.database),
                "broker crash": partial(self._restart, self.ground.broker),
                "broker emptied": self._empty,
                "clock jump": partial(self._jump, blow),
            }
            if blow.kind in acts:
                self._meanwhile(blow.kind, acts[blow.kind])
            else:
                self._kill(blow)

    def _kill(self, blow: Blow) -> None:
        """Where a unit has no child just now (it is starting), one of the next unit is hit, or a moment later."""
        installation, until = self.ground.installation, time.monotonic() + 30
        alike = [name for name in installation.units if name.rstrip("0123456789") == blow.target.rstrip("0123456789")]
        targets = [blow.target, *(name for name in alike if name != blow.target)]
        while time.monotonic() < until:
            for target in targets:
                is_child = blow.kind.startswith("child")
                if installation.kill_child(target, blow.place) if is_child else installation.kill_parent(target):
                    self.done[blow.kind] += 1
                    return
            time.sleep(0.2)
        self.say(f"{blow.kind}: nobody there for 30 s")

    def _meanwhile(self, kind: str, act: Callable[[], object]) -> None:
        """The next blow does not wait for this one to be over."""

        def run() -> None:
            try:
                act()
                self.done[kind] += 1
            except (OSError, RuntimeError) as error:
                self.say(f"{kind}: {error}")

        thread = threading.Thread(target=run, name=kind)
        thread.start()
        self._threads.append(thread)

    def _restart(self, store: Store) -> None:
        with self._locks[store.name]:
            begin = datetime.now(UTC)
            store.kill()
            store.start()
            self.gaps.append(history.Gap(store.name, begin, datetime.now(UTC)))

    def _empty(self) -> None:
        with self._locks[self.ground.broker.name]:
            self.ground.broker.empty()

    def _jump(self, blow: Blow) -> None:
        if not self.ground.installation.jump(blow.target, blow.seconds):
            raise RuntimeError("no compiler for a clock that jumps")
        time.sleep(plan.JUMP_LASTS)
        self.ground.installation.jump(blow.target, 0)

    def _work_off(self, expected: set[tuple[str, datetime]]) -> float:
        began = time.monotonic()
        while time.monotonic() - began < DRAIN:
            runs, _ = history.runs_and_moves(self.ground.address)
            fired = {(run.schedule, run.scheduled_for) for run in runs}
            left = sum(run.state in verdict.OPEN for run in runs)
            if not left and expected <= fired:
                break
            time.sleep(2)
        return time.monotonic() - began

    def _wait_for_seals(self) -> None:
        """Nothing is due any more, so that what was recorded is sealed: then the chain is whole."""
        until = time.monotonic() + SEALED_WITHIN
        while time.monotonic() < until:
            if all(event["seq"] for event in history.sealed_events(self.ground.address)):
                return
            time.sleep(2)

    def _judge(self, expected: set[tuple[str, datetime]]) -> verdict.Verdict:
        runs, moves = history.runs_and_moves(self.ground.address)
        ground = self.ground
        found = verdict.judge(
            history.History(
                expected, plan.STEPS, runs, moves, history.calls_in(ground.calls),
                history.kills_in(ground.installation.kills), self.gaps,
            )
        )  # fmt: skip
        events = list(history.sealed_events(ground.address))
        # What is recorded while we look (a preflight, a verdict) is sealed within seconds: only what is old counts.
        young = datetime.now(UTC) - timedelta(seconds=SEALED_WITHIN / 2)
        old = [event for event in events if event["seq"] or event["recorded_at"] < young]
        broken = chain.problems(old, ENCRYPTION_KEY)
        found.none_of("breaks of the audit's chain", broken)
        found.lines.append(verdict.Line("audit records walked", "", str(len(events))))
        return found

    def _sleep_until(self, at: datetime) -> None:
        time.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))
