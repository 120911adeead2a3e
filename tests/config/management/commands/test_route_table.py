"""`manage.py route_table` prints the page that stands in the docs, or says what it cannot put into words."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from config.route_table import page


def test_a_route_that_nobody_put_into_words_is_named(monkeypatch):
    monkeypatch.setattr(page, "ELSEWHERE", {})
    with pytest.raises(CommandError, match="Not in words yet"):
        call_command("route_table", stdout=StringIO())


def test_it_prints_the_page():
    out = StringIO()
    call_command("route_table", stdout=out)
    assert out.getvalue() == page.text()
