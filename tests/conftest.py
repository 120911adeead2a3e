"""What every test stands on: which lanes are open, and the network shut save loopback."""

import gc
import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import TransactionTestCase

from tests import migrated

# How long an example takes says something of the machine, not of the code.
hypothesis.settings.register_profile("steward", deadline=None)
hypothesis.settings.load_profile("steward")

#: Marks that need something a plain `make test` does not ask for; STEWARD_TEST_LANES (or `all`) opens them.
LANE_MARKS = ("broker", "browser", "postgres", "long", "patient")
#: Opened by nobody but a person who waits.
BY_HAND = {"patient"}


def open_lanes() -> set[str]:
    """The lanes named in STEWARD_TEST_LANES; `all` opens every one."""
    named = {lane.strip() for lane in os.environ.get("STEWARD_TEST_LANES", "").split(",") if lane.strip()}
    return set(LANE_MARKS) if "all" in named else named


def pytest_collection() -> None:
    """The admin's pages come with the routes: a file that asks which there are, as it is read, is told of all.

    Celery reads the settings when it is first asked for one, and keeps what it read: it is asked before any test has
    changed a setting, lest the broker of that test is the broker of all that follow.
    """
    import_module(settings.ROOT_URLCONF)
    import_module("config.celery").app.conf.get("broker_url")


#: Files that take longest are begun first: begun last, each would run alone at the end.
LONGEST = (
    "tests/config/portal/", "tests/contracts/test_openapi.py", "tests/identities/api/test_schema.py", "tests/journeys/",
    "tests/scheduling/demo/",
)  # fmt: skip


#: Fixtures without which a test asks no database anything, and gets the same answer beside every one.
OF_A_DATABASE = {"db", "transactional_db", "django_db_setup", "live_server"}


def asks_a_database(item: pytest.Item) -> bool:
    """Whether another database could answer this test otherwise: by its marks and all the fixtures that it uses."""
    marks = {mark.name for mark in item.iter_markers()}
    return bool(marks & {"django_db", "postgres"}) or bool(OF_A_DATABASE & {*getattr(item, "fixturenames", ())})


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if open_lanes() == {"postgres"}:
        config.hook.pytest_deselected(items=[item for item in items if not asks_a_database(item)])
        items[:] = filter(asks_a_database, items)
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    closed = set(LANE_MARKS) - open_lanes()
    for item in items:
        for lane in sorted(closed & {mark.name for mark in item.iter_markers()}):
            how = "STEWARD_TEST_LANES=patient" if lane == "patient" else "make test LANES=all"
            item.add_marker(pytest.mark.skip(reason=f"lane {lane} is closed: {how} opens it"))


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the garbage collector need not walk over it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings: None) -> Iterator[bool]:
    """Each process begins with a copy of one migrated database, and leaves none behind."""
    with migrated.provided(connection.settings_dict):
        yield True
        connection.close()


@pytest.fixture(scope="module")
def made_once(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """For rows that all tests of a file look at: a test's own changes are undone with it, these with the last one."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="session", autouse=True)
def only_what_is_filled_is_emptied() -> Iterator[None]:
    """After a transactional test, in place of Django's flush, which the append-only triggers would refuse."""
    # Imported here: a conftest is read before Django is set up.
    from tests import emptied

    with pytest.MonkeyPatch.context() as patch:
        # A test case inside a transaction overrides this method and rolls back instead: it never comes by here.
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: emptied.empty())
        yield


@pytest.fixture(autouse=True)
def nothing_is_held_for_later() -> Iterator[None]:
    """What one test left to a background writer does not turn up in the next; nor does what a process remembers of it.

    Keys and stops are read again after two seconds: who comes sooner would meet those of a test that was undone.
    """
    yield
    # Imported here: a conftest is read before Django is set up.
    from identities.inventory import knocks, usage
    from identities.policies import decision_log
    from tests.factories import passport

    usage.forget()
    knocks.forget()
    decision_log.forget()
    passport.forget()
