"""Processes, broker and database are killed under running schedules; an independent checker judges (promises 1, 2, 18).

At full size and on RabbitMQ as well by hand: `python -m benchmarks.chaos`, `python -m benchmarks.chaos.outages`.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.chaos.__main__ import Size, run
from benchmarks.chaos.installation import absent_store
from benchmarks.chaos.outages import suffer
from benchmarks.chaos.verdict import Verdict, table

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(absent_store("redis")), reason=absent_store("redis") or "all there"),
]
#: A dead worker's run is found in seconds, so that the test need not wait for the minute.
SOON = {"RUN_LEASE_SECONDS": "7", "RUN_HEARTBEAT_SECONDS": "2"}


def test_nothing_is_lost_or_doubled_by_ten_kills_and_an_emptied_broker() -> None:
    size = Size(
        occurrences=40, kills=10, minutes=4, crashes={"broker emptied": 1, "clock jump": 1}, children=2, is_late=True,
        seconds=14.0, environment=SOON, pause=1.0,
    )  # fmt: skip
    found = run("redis", size, seed=11)
    assert found.faults == {}
    assert found.is_kept, "\n".join(map(str, found.lines))


def test_an_outage_lets_nobody_in_loses_nothing_and_needs_no_hand() -> None:
    """Both at once, each on an installation of its own: half of the time is the starting of processes."""
    outages = ("database", "broker")
    with ThreadPoolExecutor(len(outages)) as pool:
        found = dict(zip(outages, pool.map(briefly, outages), strict=True))
    assert {what: of.faults for what, of in found.items()} == {"database": {}, "broker": {}}
    assert all(of.is_kept for of in found.values()), table({what: of.lines for what, of in found.items()})


def briefly(what: str) -> Verdict:
    return suffer(what, minutes=0.2, children=4, is_short=True)
