"""Cutting text into rules."""

from hypothesis import given, strategies as st

from identities.policies.statements import split

TEXT = """// the first; with a semicolon in a comment
@id("a;b") @reason("one; two")
forbid (principal, action, resource)
when { principal.name == "x;\\";y" };

@id("c") permit (principal, action, resource);
permit"""


def test_semicolons_in_strings_and_comments_end_nothing() -> None:
    assert [(each.line, each.name) for each in split(TEXT)] == [
        (2, "rule 'a;b' (line 2)"),
        (6, "rule 'c' (line 6)"),
        (7, "the rule at line 7"),
    ]


def test_depth_is_that_of_the_deepest_bracket() -> None:
    assert split("permit(a, ((b)));")[0].depth == 3


@given(st.text())
def test_any_text_is_cut_without_losing_a_visible_character(text: str) -> None:
    kept = "".join(each.text for each in split(text))
    assert len(kept) <= len(text)
    assert all(each.text in text for each in split(text))
