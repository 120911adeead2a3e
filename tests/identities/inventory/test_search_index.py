"""The search table is kept by triggers, which come back after a migration took them away, with what was missed."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.models.signals import pre_migrate

from identities.inventory import search, search_index, search_triggers
from identities.inventory.models import ManagedIdentity, SearchEntry
from identities.inventory.search_triggers import Part
from tests.factories import register

KEYS = Part("r", "identities_sourcerecord", "identity_id", ("key", "label"))
pytestmark = pytest.mark.django_db


def found(text: str) -> set[str]:
    return {row.name for row in ManagedIdentity.objects.filter(search.matching(text))}


def test_every_trigger_is_there_after_migrating():
    assert search_index.missing(also=[KEYS]) == []
    assert search_index.has_trigrams()


def test_nothing_is_done_where_nothing_is_missing():
    assert not search_index.install(also=[KEYS])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has its trigrams in a table")
def test_trigrams_are_made_as_soon_as_they_can_be():
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {search_triggers.INDEX}")
    assert not search_index.has_trigrams()
    assert search_index.install(also=[KEYS])
    assert search_index.has_trigrams()


def test_what_was_written_without_triggers_is_made_good():
    here = register.tenant()
    kept, gone = register.identity(here, name="kept-before"), register.identity(here, name="gone-before")
    search_index.remove()
    ManagedIdentity.objects.filter(pk=kept.pk).update(name="kept-after")
    ManagedIdentity.objects.filter(pk=gone.pk).delete()
    register.identity(here, name="newly-made")
    connection.check_constraints()  # PostgreSQL makes no index while it still has to look at what was written
    assert search_index.install(also=[KEYS])
    assert (found("kept-before"), found("gone-before")) == (set(), set())
    assert (found("kept-after"), found("newly-made")) == ({"kept-after"}, {"newly-made"})
    assert SearchEntry.objects.count() == 2
    assert search_index.missing(also=[KEYS]) == []


def test_triggers_of_another_version_are_replaced(monkeypatch):
    monkeypatch.setattr(search_triggers, "PREFIX", "register_search_0_")
    search_index.install(also=[KEYS])
    monkeypatch.undo()
    assert search_index.install(also=[KEYS])
    assert all(name.startswith(search_triggers.PREFIX) for name in search_index._present(connection))


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL rebuilds no tables")
def test_they_are_away_while_a_migration_runs_on_sqlite():
    config = apps.get_app_config("identities")
    pre_migrate.send(sender=config, app_config=config, using="default", plan=[(object(), False)], verbosity=0)
    assert search_index._present(connection) == {}


def test_they_stay_while_no_migration_runs():
    config = apps.get_app_config("identities")
    pre_migrate.send(sender=config, app_config=config, using="default", plan=[], verbosity=0)
    assert search_index.missing(also=[KEYS]) == []


def test_going_back_leaves_a_register_that_takes_rows():
    of = register.tenant()
    config = apps.get_app_config("identities")
    pre_migrate.send(sender=config, app_config=config, using="default", plan=[(object(), True)], verbosity=0)
    assert search_index._present(connection) == {}
    register.identity(of, name="made-without")
    connection.check_constraints()
    assert search_index.install(also=[KEYS])
    assert found("made-without") == {"made-without"}
