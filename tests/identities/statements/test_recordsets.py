"""Rows as one JSON text arrive as they would have by themselves, one statement for however many."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.actors import Actor, Subject
from audit.models import AuditEvent
from audit.services import compose
from identities.people.models import Tenant
from identities.statements.prepared import columns
from identities.statements.recordsets import find_given, insert_given, update_given

AT = datetime(2026, 11, 23, 1, 2, 3, 456789, tzinfo=UTC)
ODD = 'quote " back \\ slash, umlaut ü, line\nbreak, 👾, %s'


def given(**changed: object) -> dict[str, object]:
    actor = Actor.system("scheduler", uuid4())
    event = compose("run.due", actor=actor, subject=Subject("run", str(uuid4()), "one"), details={"a": [1, None, ODD]})
    return {name: getattr(event, name) for name in columns(AuditEvent)} | changed


@pytest.mark.parametrize("number", [1, 3])
def test_rows_arrive_whole_and_in_order(db, number):
    rows = [given(reason=ODD, recorded_at=AT, run_id=None) for _ in range(number)]
    insert_given(AuditEvent, rows)
    there = AuditEvent.objects.filter(uuid__in=[row["uuid"] for row in rows]).order_by("id")
    assert [{name: getattr(event, name) for name in rows[0]} for event in there] == rows


def test_nothing_is_asked_for_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        insert_given(AuditEvent, [])
        update_given(Tenant, [], ["name"])
        assert find_given("SELECT 1 FROM {given}", Tenant, []) == []


def test_rows_are_moved_by_their_key(db):
    made = [Tenant.objects.create(slug=f"t{number}", name=f"Before {number}") for number in range(3)]
    update_given(Tenant, [{"id": made[0].pk, "name": ODD}, {"id": made[2].pk, "name": "After"}], ["name"])
    names = dict(Tenant.objects.filter(pk__in=[tenant.pk for tenant in made]).values_list("slug", "name"))
    assert names == {"t0": ODD, "t1": "Before 1", "t2": "After"}


def test_what_is_too_long_is_refused_and_not_cut(db):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite takes texts of any length")
    with pytest.raises(DataError), transaction.atomic():
        insert_given(AuditEvent, [given(type="x" * 81)])


def test_on_postgresql_many_are_one_statement(db):
    if connection.vendor != "postgresql":
        pytest.skip("a statement of PostgreSQL")
    with CaptureQueriesContext(connection) as queries:
        insert_given(AuditEvent, [given() for _ in range(5)])
        update_given(Tenant, [{"id": uuid4(), "name": "one"}, {"id": uuid4(), "name": "two"}], ["name"])
        assert find_given("SELECT given.name FROM {given}", Tenant, [{"name": "a"}, {"name": "b"}]) == [("a",), ("b",)]
    assert len(queries) == 3
