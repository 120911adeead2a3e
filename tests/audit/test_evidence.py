"""Reading what is to be verified, in pieces, whatever somebody wrote into it."""

from collections.abc import Callable

import pytest
from django.db import connection

from audit import evidence, sealing
from audit.models import AuditEvent
from audit.verification import verify
from tests.audit.conftest import full_rights

Trail = Callable[[int], list[AuditEvent]]

pytestmark = pytest.mark.django_db(transaction=True)


def test_pieces_join_to_the_whole_in_order(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    trail(7)
    sealing.seal_pending()
    monkeypatch.setattr(evidence, "CHUNK", 3)
    assert [entry.seq for entry in evidence.entries()] == [1, 2, 3, 4, 5, 6, 7]
    assert verify().is_intact


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("recorded_at", "not a time"),
        ("uuid", "not an id"),
        ("run_id", "not an id"),
        ("recorded_at", 7),
        ("tenant_id", b"x"),
    ],
)
def test_a_value_its_column_cannot_be_is_a_change_and_no_crash(trail: Trail, column: str, value: object) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps its types even from its owner")
    events = trail(3)
    sealing.seal_pending()
    with full_rights() as run:
        run(f"UPDATE audit_auditevent SET {column} = %s WHERE id = %s", value, events[1].pk)
    found = verify().first_break
    assert found is not None
    assert (found.kind.value, found.seq) == ("changed", 2)


def test_an_unreadable_event_that_waits_is_named(trail: Trail) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps its types even from its owner")
    event = trail(1)[0]
    with full_rights() as run:
        run("UPDATE audit_auditevent SET recorded_at = %s WHERE id = %s", "not a time", event.pk)
    found = verify().first_break
    assert found is not None
    assert (found.kind.value, found.event) == ("inserted", str(event.uuid))
