"""`python -m benchmarks.chaos.outages --minutes 5`: vault, issuers, broker and database away for so long.

Each outage has an installation of its own with schedules due each minute; all of them go on at once unless `--what`
names fewer. Exit status 1 when a permit was given without what it needs, a run was lost, readiness was late or a hand
needed.
"""

import argparse
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.chaos import ground, verdict
from benchmarks.chaos.outage import SCHEDULES, Outage
from benchmarks.chaos.signing_in import PERSON, Issuer, ProviderOutage
from benchmarks.chaos.vault import Bao
from benchmarks.chaos.verdict import Verdict

WHAT = ("vault", "token endpoint", "sign-in provider", "broker", "database")


def suffer(what: str, minutes: float, *, children: int = 2, is_short: bool = False) -> Verdict:
    """One outage from the ground up, with one process of each kind; a short one falls into a backlog, so that there is
    work at every second of it."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - began:5.0f} s] {text}", flush=True)

    with ExitStack() as stack:
        more = {"RUN_LEASE_SECONDS": "7", "RUN_HEARTBEAT_SECONDS": "2"} if is_short else {}
        pause, schedules = (0.8, 6) if is_short else (0.3, SCHEDULES)
        bao = issuer = None
        if what == "sign-in provider":
            issuer = Issuer(Path(stack.enter_context(TemporaryDirectory(prefix="steward-issuer-"))) / "issuer")
            stack.callback(issuer.kill)
            issuer.start()
            more |= issuer.settings
        laid = stack.enter_context(
            ground.laid("redis", children=children, shape=(1, 1, 1), pause=pause, environment=more)
        )
        if what == "vault":
            bao = Bao(laid.folder / "openbao")
            stack.callback(bao.kill)
            bao.start()
        told: dict[str, Any] = {"is_late": is_short, "schedules": schedules}
        if issuer is not None:
            return ProviderOutage(what, minutes, say, issuer=issuer, person=PERSON, **told).go(laid)
        return Outage(what, minutes, say, bao, **told).go(laid)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos.outages", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long each is away, at most 15")
    parser.add_argument("--what", nargs="+", choices=WHAT, default=list(WHAT))
    parser.add_argument("--one-by-one", action="store_true", help="for a machine that cannot bear five at once")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped, what was made is removed
    with ThreadPoolExecutor(1 if chosen.one_by_one else len(chosen.what)) as pool:
        jobs = {what: pool.submit(suffer, what, min(chosen.minutes, 15.0)) for what in chosen.what}
        broken = {what: error for what, job in jobs.items() if (error := job.exception()) is not None}
        found = {what: job.result() for what, job in jobs.items() if what not in broken}
    for what, error in broken.items():
        print(f"\n{what}: not carried to its end: {str(error)[-3000:]}")
    for what, of in found.items():
        for name, faults in of.faults.items():
            print(f"\n{what}: {name}\n  " + "\n  ".join(faults[:20]))
    print("\n" + verdict.table({what: of.lines for what, of in found.items()}))
    return 0 if not broken and all(of.is_kept for of in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
