"""Where a value came from decides who may write over it."""

from datetime import UTC, datetime

import pytest

from identities.inventory import provenance
from identities.inventory.vocabulary import Origin

AT = datetime(2027, 3, 1, tzinfo=UTC)


def said(origin: Origin) -> dict[str, object]:
    return provenance.marked({}, ["ticket"], origin=origin, at=AT, by="Dana", source="aws/1")


@pytest.mark.parametrize(
    ("origin", "is_kept"), [(Origin.EDITED, True), (Origin.IMPORTED, False), (Origin.DERIVED, False)]
)
def test_only_what_a_person_said_is_kept(origin: Origin, is_kept: bool) -> None:
    for value in ("OPS-1", ""):
        assert provenance.is_kept(said(origin), "ticket", value) is is_kept


def test_what_nobody_said_is_open() -> None:
    assert not provenance.is_kept(said(Origin.EDITED), "application", "")
    assert provenance.origin_of({"ticket": {"origin": "guessed"}}, "ticket") is None


def test_rows_of_before_were_written_by_hand() -> None:
    old = {"source": "portal"}
    assert provenance.is_kept(old, "ticket", "OPS-1")
    assert not provenance.is_kept(old, "ticket", "")
    assert provenance.entries(old) == {}


def test_a_new_word_leaves_the_others() -> None:
    both = provenance.marked(said(Origin.IMPORTED), ["application"], origin=Origin.EDITED, at=AT, by="Dana")
    assert provenance.origin_of(both, "ticket") is Origin.IMPORTED
    assert provenance.source_of(both, "ticket") == "aws/1"
    assert provenance.source_of(both, "application") == ""
    assert provenance.entries(both)["application"]["by"] == "Dana"
