"""Which fields a tag and a link speak of: all of them."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.utils import timezone

from audit import links
from audit.models import RECORD_FIELDS, AuditEvent

pytestmark = pytest.mark.django_db


def test_every_column_of_an_event_is_covered() -> None:
    columns = {field.attname for field in AuditEvent._meta.local_concrete_fields}
    assert set(links.COLUMNS) == columns


@pytest.mark.parametrize("field", RECORD_FIELDS)
def test_a_change_to_any_field_takes_the_tag_away(record: Callable[..., AuditEvent], field: str) -> None:
    values = AuditEvent.objects.values(*links.COLUMNS).get(pk=record().pk)
    assert links.is_genuine(values)
    others = {
        "recorded_at": timezone.now(),
        "changes": {"a": {}},
        "details": [],
        "tenant_id": uuid4(),
        "run_id": uuid4(),
    }
    assert not links.is_genuine({**values, field: others.get(field, "other")})


@pytest.mark.parametrize(
    "spoiled", [{"recorded_at": None}, {"recorded_at": "yesterday"}, {"details": 1.5}, {"tag": None}]
)
def test_what_cannot_be_read_is_not_genuine(record: Callable[..., AuditEvent], spoiled: dict[str, object]) -> None:
    values = AuditEvent.objects.values(*links.COLUMNS).get(pk=record().pk)
    assert not links.is_genuine({**values, **spoiled})


def test_the_two_keys_are_different() -> None:
    assert links.chain_key() != links.tag_key()
