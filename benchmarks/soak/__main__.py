"""`python -m benchmarks.soak`: a day of runs, tokens, calls and pages in twenty minutes, and the memory it leaves.

Twenty schedules of a quarter of an hour each make 1,920 runs a day: as many are asked for here, evenly. Exit status 1
when a process grows by more than 2 MB for each 1,000 runs, or holds more than 150 MB at the end.
"""

import argparse
import itertools
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import HTTPError, URLError

from benchmarks import tables
from benchmarks.edges import targets
from benchmarks.edges.targets import Target
from benchmarks.soak import estate, samples
from benchmarks.soak.estate import Client, Estate
from benchmarks.soak.samples import Sample, Verdict

RUNS_A_DAY, SCHEDULES = 1_920, 20
MOST_MB, MOST_GROWTH = 150.0, 2.0
SAMPLE_SECONDS = 10
READ = ("/api/identities", "/flowstudio/api/schedules", "/flowstudio/api/runs", "/api/audit/events", "/api/findings")
HEAD = ("process", "start MB", "end MB", "peak MB", "PSS", "USS", "MB per 1,000 runs", "verdict")


class Soak:
    """One installation under a day's work."""

    def __init__(self, target: Target, minutes: float, runs: int) -> None:
        self.target, self.seconds, self.runs = target, minutes * 60, runs
        self.client = Client(target.base)
        self.samples: list[Sample] = []
        self.asked = self.failed = 0

    def go(self) -> None:
        made = estate.made(self.client, SCHEDULES)
        began, sampled, signed_in = time.monotonic(), float("-inf"), time.monotonic()
        for number in itertools.count():
            passed = time.monotonic() - began
            if passed - sampled >= SAMPLE_SECONDS:
                sampled = passed
                self.samples += samples.taken(self.target.roles, passed, self.asked)
            if passed >= self.seconds:
                return
            if time.monotonic() - signed_in > 600:
                signed_in = time.monotonic()
                self.client.sign_in()
            while self.asked < self.runs * passed / self.seconds:
                self.try_it(lambda: self.ask_for_a_run(made))
            self.try_it(lambda at=number: self.day(made, at))
            time.sleep(0.4)

    def try_it(self, step) -> None:  # type: ignore[no-untyped-def]
        """A step that fails is counted, and the day goes on."""
        try:
            step()
        except (RuntimeError, HTTPError, URLError, OSError) as error:
            self.failed += 1
            if self.failed <= 5:
                print(f"  failed: {str(error)[:200]}", flush=True)

    def ask_for_a_run(self, made: Estate) -> None:
        self.asked += 1
        schedule = made.schedules[self.asked % len(made.schedules)]
        self.client.api("POST", f"/flowstudio/api/schedules/{schedule}/runNow", {"reason": "soak"})

    def day(self, made: Estate, number: int) -> None:
        """A token, a list, and a page, each time another."""
        self.client.token(made.bots[number % len(made.bots)])
        self.client.api("GET", READ[number % len(READ)])
        self.client.page(made.pages[number % len(made.pages)])
        if number % 100 == 50:
            self.client.api("GET", "/api/schema")


def judged(found: Verdict) -> str:
    wrong = [
        *(["grows"] if found.per_thousand > MOST_GROWTH else []),
        *([f"above {MOST_MB:.0f} MB"] if found.end > MOST_MB else []),
    ]
    return " and ".join(wrong) or "fits"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="at most 60")
    parser.add_argument("--runs", type=int, default=RUNS_A_DAY, help="runs that are asked for, at most 20,000")
    parser.add_argument("--embedded", action="store_true", help="only the one process on SQLite")
    parser.add_argument("--production", action="store_true", help="only gunicorn, worker and beat on PostgreSQL")
    parser.add_argument("--keep", type=Path, help="a folder for the samples (soak-NAME.csv)")
    chosen = parser.parse_args()
    minutes, runs = min(chosen.minutes, 60.0), min(chosen.runs, 20_000)
    is_fine = True
    for name, serve in (("embedded", targets.embedded), ("production", targets.production)):
        if getattr(chosen, name) or not (chosen.embedded or chosen.production):
            more = {"workers": True} if name == "production" else {}
            with (
                tempfile.TemporaryDirectory(prefix="steward-soak-") as folder,
                serve(Path(folder), **more) as target,  # type: ignore[operator]
            ):
                soak = Soak(target, minutes, runs)
                soak.go()
            is_fine &= _tell(soak, name, chosen.keep)
    return 0 if is_fine else 1


def _tell(soak: Soak, name: str, folder: Path | None) -> bool:
    if folder:
        samples.keep(soak.samples, folder / f"soak-{name}.csv")
    found = samples.verdicts(soak.samples)
    rows = [
        (
            one.part, f"{one.start:.0f}", f"{one.end:.0f}", f"{one.peak:.0f}", f"{one.pss:.0f}", f"{one.uss:.0f}",
            f"{one.per_thousand:+.1f}", judged(one),
        )
        for one in found
    ]  # fmt: skip
    minutes = soak.samples[-1].seconds / 60
    title = f"Soak, {name}: {soak.asked} runs asked for in {minutes:.0f} minutes, {soak.failed} steps failed"
    notes = (
        "MB of RSS unless said otherwise, of the largest process of a part; PSS counts a shared page by its share,",
        f"USS not at all. Wanted: at most {MOST_MB:.0f} MB at the end, and {MOST_GROWTH:.0f} MB for each 1,000 runs.",
    )
    tables.show(title, HEAD, rows, notes)
    return all(judged(one) == "fits" for one in found) and soak.failed <= soak.asked // 100


if __name__ == "__main__":
    sys.exit(main())
