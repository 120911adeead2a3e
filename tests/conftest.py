"""What every test stands on: which lanes are open, and the network shut save loopback."""

import os

import pytest

#: Marks that need something a plain `make test` does not ask for; STEWARD_TEST_LANES (or `all`) opens them.
LANE_MARKS = ("broker", "browser", "openbao", "postgres", "long")


def open_lanes() -> set[str]:
    """The lanes named in STEWARD_TEST_LANES; `all` opens every one."""
    named = {lane.strip() for lane in os.environ.get("STEWARD_TEST_LANES", "").split(",") if lane.strip()}
    return set(LANE_MARKS) if "all" in named else named


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    closed = set(LANE_MARKS) - open_lanes()
    for item in items:
        for lane in sorted(closed & {mark.name for mark in item.iter_markers()}):
            item.add_marker(pytest.mark.skip(reason=f"lane {lane} is closed: make test LANES=all opens it"))
