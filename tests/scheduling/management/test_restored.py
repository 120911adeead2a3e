"""`manage.py restored`: says what was put back, asks why, and does it once."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.models import AuditEvent
from scheduling.models import ScheduleRun
from tests.factories import runs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_dir(tmp_path, settings):
    settings.DATA_DIR = tmp_path


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Say why"),
        ({"reason": "  "}, "Say why"),
        ({"reason": "disk", "skip_until": "yesterday"}, "a time with its offset"),
        ({"reason": "disk", "skip_until": "2026-13-01T00:00:00Z"}, "a time with its offset"),
        ({"reason": "disk", "skip_until": "2026-03-01T00:00:00"}, "a time with its offset"),
        ({"reason": "disk", "skip_until": "2999-01-01T00:00:00Z"}, "lies ahead"),
    ],
)
def test_what_it_cannot_use_it_refuses_and_changes_nothing(given, said):
    schedule = runs.schedule()
    with pytest.raises(CommandError, match=said) as refused:
        call_command("restored", **given)
    assert refused.value.returncode == 2
    assert not ScheduleRun.objects.filter(schedule=schedule).exists()


def test_looking_changes_nothing(capsys):
    runs.schedule()
    call_command("restored", "--look")
    assert "No checkpoint of a later time" in capsys.readouterr().out
    assert not ScheduleRun.objects.exists()
    assert not AuditEvent.objects.exists()


def test_it_says_what_it_did(capsys):
    runs.schedule(next_run_at=timezone.now() - timedelta(minutes=3))
    runs.run(runs.schedule(is_enabled=False, next_run_at=None))
    call_command("restored", "--reason", "The disk died")
    said = capsys.readouterr().out
    assert "1 runs that were open ended" in said
    assert "occurrences up to" in said
    assert ScheduleRun.objects.filter(code="restored").count() >= 4


def test_it_answers_as_json(capsys):
    call_command("restored", "--reason", "The disk died", "--json")
    said = json.loads(capsys.readouterr().out)
    assert said["gap"] is None
    assert said["done"]["occurrences"] == 0
