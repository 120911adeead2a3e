"""One outage: a part is taken away under schedules that are due each minute, and comes back; then it is judged."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from benchmarks.chaos import chain, history, plan, verdict
from benchmarks.chaos.ground import Ground
from benchmarks.chaos.installation import ENCRYPTION_KEY
from benchmarks.chaos.vault import Bao
from benchmarks.chaos.verdict import Line, Verdict

#: Of which /readyz speaks: the others concern single runs or people, and everybody else goes on being served.
CONCERNS_READINESS = {"token endpoint", "broker", "database"}
SCHEDULES, READY_WITHIN = 12, 300.0
RED_WITHIN, BACK_WITHIN = 10.0, 30.0
#: What had its prerequisites when the outage began comes to its end.
UNDER_WAY = timedelta(seconds=5)
LONGEST_WORK = 240.0


@dataclass
class Outage:
    """One outage on one ground."""

    what: str
    minutes: float
    say: Callable[[str], None]
    bao: Bao | None = None
    readiness: list[tuple[float, int, str]] = field(default_factory=list)
    permits: list[str] = field(default_factory=list)
    person: str = ""
    is_away: bool = False
    is_late: bool = False
    schedules: int = SCHEDULES
    over: threading.Event = field(default_factory=threading.Event)

    def go(self, on: Ground) -> Verdict:
        """A moment of peace, the outage, the recovery, the judgement."""
        installation = on.installation
        installation.start()
        self.say(f"{self.what}: ready after {installation.wait_until_ready(READY_WITHIN):.0f} s")
        now = datetime.now(UTC)
        first = plan.this_minute(now) - timedelta(minutes=3) if self.is_late else plan.next_minute(now, 15)
        due = [plan.Due(f"due-{n:04}", plan.TENANTS[n % 4], "* * * * *", "UTC") for n in range(self.schedules)]
        vault = {"uri": self.bao.url, "token": self.bao.token} if self.bao else None
        on.fill(due, first, vault=vault, probe=True, person=self.person)
        watching = threading.Thread(target=self._watch, args=(on,), daemon=True)
        watching.start()
        self._until_one_succeeded(on, first)
        begin = datetime.now(UTC)
        self.say(f"{self.what}: away")
        back = self._take_away(on)
        self.is_away = True
        time.sleep(max(0.0, self.minutes * 60 - (datetime.now(UTC) - begin).total_seconds()))
        self.is_away, returning = False, datetime.now(UTC)
        back()
        end = datetime.now(UTC)
        self.say(f"{self.what}: back")
        worked = self._back_at_work(on, end)
        last = datetime.now(UTC).replace(second=0, microsecond=0)
        expected = self._work_off(on, [one.name for one in due], first, last)
        self.over.set()
        watching.join()
        found = self._judge(on, expected, begin, returning, end)
        found.lines.append(_bound("back at work, without a hand", worked, BACK_WITHIN))
        if not found.is_kept:
            print(installation.story())
        return found

    def _take_away(self, on: Ground) -> Callable[[], object]:
        """What brings it back."""
        if self.what == "token endpoint":
            on.installation.hold("web")
            return on.installation.release
        store = {"vault": self.bao, "broker": on.broker, "database": on.database}[self.what]
        assert store is not None
        store.kill()
        return store.start

    def _back_at_work(self, on: Ground, since: datetime) -> float:
        """Seconds from the return until what had been away does its work again."""
        return self._until_one_succeeded(on, since)

    def _until_one_succeeded(self, on: Ground, since: datetime) -> float:
        """Seconds from `since` to the first run that ended well after it."""
        until = time.monotonic() + LONGEST_WORK
        question = "SELECT min(finished_at) FROM scheduling_schedulerun WHERE state = 'succeeded' AND finished_at > %s"
        while time.monotonic() < until:
            with suppress(OSError):
                if (rows := _ask(on.address, question, (since,))) and rows[0][0]:
                    return float((rows[0][0] - since).total_seconds())
            time.sleep(0.5)
        return LONGEST_WORK

    def _work_off(self, on: Ground, names: list[str], first: datetime, last: datetime) -> set[tuple[str, datetime]]:
        """Stop the schedules once all until `last` came due, and wait for what is open; what was to run."""
        until = time.monotonic() + LONGEST_WORK
        expected = {(name, first + timedelta(minutes=n)) for name in names for n in range(_minutes(first, last) + 1)}
        is_stopped = False
        while time.monotonic() < until:
            runs, _ = history.runs_and_moves(on.address)
            ours = {(run.schedule, run.scheduled_for) for run in runs if run.schedule in names and run.scheduled_for}
            if expected <= ours and not is_stopped:
                # Those that are built in as well, of which one would else be due at the moment of the judgement.
                _ask(on.address, "UPDATE scheduling_schedule SET is_enabled = false, next_run_at = NULL")
                is_stopped = True
                continue
            if is_stopped and not any(run.state in verdict.OPEN for run in runs):
                break
            time.sleep(1)
        # Minutes that came while we were stopping are due as well.
        return expected | {(name, at) for name, at in ours if at > last}

    def _judge(
        self, on: Ground, expected: set[tuple[str, datetime]], begin: datetime, returning: datetime, end: datetime
    ) -> Verdict:
        runs, moves = history.runs_and_moves(on.address)
        calls = history.calls_in(on.calls)
        found = verdict.judge(history.History(expected, plan.STEPS, runs, moves, calls, must_hit=False))
        events = [event for event in history.sealed_events(on.address) if event["seq"]]
        found.none_of("breaks of the audit's chain", chain.problems(events, ENCRYPTION_KEY))
        found.none_of("permits without what they need", [*self.permits, *self._permits_of_runs(on, begin, returning)])
        found.lines += self._of_readiness(begin, end)
        return found

    def _permits_of_runs(self, on: Ground, begin: datetime, end: datetime) -> list[str]:
        """Tokens that runs were given, and decisions in their favour, while what those need was away."""
        if self.what == "broker":
            return []  # nobody is told of new runs; whoever is working has all that a permit needs
        span = (begin + UNDER_WAY, end)
        tokens = _ask(
            on.address,
            "SELECT 'token of ' || i.name || ' at ' || t.issued_at FROM identities_issuedtoken t"
            " JOIN identities_managedidentity i ON i.id = t.identity_id"
            " WHERE i.name LIKE '%%-bot' AND t.issued_at BETWEEN %s AND %s",
            span,
        )
        begun = _ask(
            on.address,
            "SELECT 'step ' || name || ' at ' || started_at FROM scheduling_runstep"
            " WHERE name = 'pay' AND state = 'succeeded' AND started_at BETWEEN %s AND %s",
            span,
        )
        return [str(row[0]) for row in (*tokens, *begun)]

    def _watch(self, on: Ground) -> None:
        """Twice a second: readiness; and, while the database is away, whether anybody is let in without it."""
        client = on.probe()
        while not self.over.wait(0.5):
            status, checks = on.installation.readiness()
            told = ", ".join(f"{name}: {said}" for name, said in checks.items() if said not in ("ok", "not asked"))
            self.readiness.append((time.time(), status, told or ("" if status else "no answer")))
            if self.is_away and self.what == "database":
                self._knock(on.installation.base, client)

    def _knock(self, base: str, client: dict[str, str]) -> None:
        form = {"grant_type": "client_credentials", "client_id": client["id"], "client_secret": client["secret"]}
        asked = {
            "token": Request(f"{base}/passport/token", data=urlencode(form).encode()),
            "api": Request(f"{base}/api/identities", headers={"Authorization": f"Bearer {client['token']}"}),
        }
        for name, request in asked.items():
            try:
                with urlopen(request, timeout=10) as answer:
                    if self.is_away:
                        self.permits.append(f"{name}: {answer.status} at {datetime.now(UTC):%H:%M:%S}")
            except HTTPError as refused:
                refused.close()
            except (URLError, OSError):
                continue

    def _of_readiness(self, begin: datetime, end: datetime) -> list[Line]:
        red = [entry for entry in self.readiness if entry[1] != 200 and begin.timestamp() < entry[0]]
        during = [entry for entry in red if entry[0] < end.timestamp()]
        if self.what not in CONCERNS_READINESS:
            said = f"red {len(during)} times: {during[0][2]}" if during else "green"
            return [Line("readiness", "green", said, not during)]
        told = max(during, key=lambda entry: entry[0])[2] if during else ""
        first = during[0][0] - begin.timestamp() if during else float("inf")
        last, _, why = max(red, default=(begin.timestamp(), 0, ""))
        lines = [_bound("readiness red after", first, RED_WITHIN), Line("and says", "", told)]
        lines.append(_bound("readiness green again, after the return", last + 0.5 - end.timestamp(), BACK_WITHIN))
        return [*lines, Line("and said last", "", why)]


def _bound(what: str, seconds: float, bound: float) -> Line:
    return Line(what, f"≤ {bound:.0f} s", f"{max(0.0, seconds):.1f} s", seconds <= bound)


def _minutes(first: datetime, last: datetime) -> int:
    return int((last - first).total_seconds() // 60)


def _ask(address: str, text: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
    import psycopg

    try:
        with psycopg.connect(address, connect_timeout=5) as database:
            done = database.execute(text, values or None)
            return done.fetchall() if done.description else []
    except psycopg.OperationalError as error:
        raise OSError(str(error)) from None
