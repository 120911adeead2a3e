"""Cells say in words what their colour says, and a live place names where it is asked for again."""

from identities.admin.parts import Cell, Empty, Live, Notice, Share, Strip

NONE = Empty("No runs yet")


def test_each_cell_leads_to_its_page_and_says_what_happened():
    text = str(
        Strip("Last runs", [Cell("bad", "1 March: failed", "/runs/1/")], [Share("failed", "bad", 1)], NONE, "a", "b")
    )
    assert 'class="sw-bad" href="/runs/1/" title="1 March: failed"' in text
    assert "<span>1 March: failed</span>" in text


def test_without_cells_the_strip_says_so():
    assert "No runs yet" in str(Strip("Last runs", [], [], NONE))


def test_a_live_place_names_its_address_and_draws_its_blocks():
    text = str(Live("/admin/blocked/?a=1&b=2", [Notice("Red", "", "bad", "key_off")]))
    assert 'data-live="/admin/blocked/?a=1&amp;b=2"' in text
    assert "Red" in text
