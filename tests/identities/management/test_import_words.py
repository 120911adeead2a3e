"""How `import_identities` says things."""

import pytest

from identities.management import import_words as words
from tests.factories import imports, register


@pytest.mark.parametrize("pair", ["nothing", "=name", "Column=", ""])
def test_a_text_that_maps_nothing_is_refused(pair):
    with pytest.raises(ValueError, match="COLUMN=MEMBER"):
        words.mapping_of([pair])


def test_a_column_may_hold_the_sign_itself():
    assert words.mapping_of(["a=b=name", "Owner= technical_owner"]) == {"a=b": "name", "Owner": "technical_owner"}


@pytest.mark.parametrize(
    ("found", "said"), [(None, "nothing"), ([], "nothing"), (["a", 1], "a, 1"), ({"team": "pay"}, "team=pay"), (0, "0")]
)
def test_values_are_said_in_a_line(found, said):
    assert words.value(found) == said


def test_a_long_value_is_cut():
    assert len(words.value("x" * 500)) == 78


def test_nothing_is_drawn_where_nobody_looks_on(capsys):
    bar = words.Bar()
    bar.read(5)
    bar.applied(1, 2)
    bar.end()
    assert capsys.readouterr().err == ""


@pytest.mark.django_db
def test_a_plan_says_how_much_more_there_is():
    with imports.fake_kinds():
        run = imports.read(register.tenant(), *(imports.record(name=f"bot {number}") for number in range(12)))
        lines = list(words.plan(run))
    assert lines[:3] == ["", "New:", "  bot 0  (paper/default)"]
    assert lines[-1] == "  … and 2 more"
    assert len(lines) == 13
