"""The command says the same times as the calendar, or one line of why not."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command


def _said(*arguments: str) -> str:
    out = StringIO()
    call_command("preview_schedule", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "returncode", "says"),
    [
        (["0 6 25 *"], 1, "five"),
        (["0 6 25 * *", "--timezone", "+02:00"], 1, "+02:00"),
        (["0 6 25 * *", "--count", "0"], 2, "--count"),
        (["0 6 25 * *", "--start", "tomorrow"], 2, "--start"),
        (["0 6 25 * *", "--start", "2027-13-45T00:00:00Z"], 2, "--start"),
        (["0 6 25 * *", "--start", "2027-03-01T00:00:00"], 2, "--start"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(arguments: list[str], returncode: int, says: str) -> None:
    with pytest.raises(CommandError, match=says.replace("+", r"\+")) as refused:
        _said(*arguments)
    assert refused.value.returncode == returncode
    assert "\n" not in str(refused.value)


def test_the_night_the_clocks_change_is_shown_in_both_times() -> None:
    said = json.loads(
        _said("30 2 * * *", "--timezone", "Europe/Berlin", "--start", "2027-03-27T12:00:00Z", "--count", "2", "--json")
    )
    assert said["runs"] == [
        {"utc": "2027-03-28T01:00:00Z", "local": "2027-03-28T03:00:00+02:00"},
        {"utc": "2027-03-29T00:30:00Z", "local": "2027-03-29T02:30:00+02:00"},
    ]


def test_people_read_words_and_times() -> None:
    said = _said("0 6 25 * *", "--start", "2026-11-22T00:00:00Z", "--count", "1").splitlines()
    assert "06:00" in said[0]
    assert said[1].split() == ["Wed", "25", "Nov", "2026", "06:00", "UTC", "2026-11-25T06:00:00Z"]
