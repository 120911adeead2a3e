"""A graph is laid out so that every box is drawn once, none over another, and arrows go forward."""

from hypothesis import given, strategies as st

from identities.admin.parts import Arrow, Box, Graph, ranks_of
from identities.admin.parts.graphs import BOX_HEIGHT, BOX_WIDTH


@st.composite
def orders(draw):
    """Keys, each with some of the keys before it."""
    count = draw(st.integers(1, 12))
    keys = [f"n{number}" for number in range(count)]
    return {
        key: draw(st.lists(st.sampled_from(keys[:place]), unique=True)) if place else []
        for place, key in enumerate(keys)
    }


def graph_of(after):
    boxes = [[Box(key, key) for key in rank] for rank in ranks_of(after)]
    return Graph("", boxes, [Arrow(before, key) for key, befores in after.items() for before in befores])


@given(orders())
def test_every_key_has_one_place_behind_all_that_it_comes_after(after):
    ranks = ranks_of(after)
    place = {key: number for number, rank in enumerate(ranks) for key in rank}
    assert sorted(place) == sorted(after)
    assert sum(map(len, ranks)) == len(after)
    assert all(place[before] < place[key] for key, befores in after.items() for before in befores)


@given(orders())
def test_no_box_covers_another_and_all_lie_in_the_picture(after):
    graph = graph_of(after)
    corners = [(each.x, each.y) for each in graph.placed]
    for number, (x, y) in enumerate(corners):
        assert 0 <= x <= graph.width - BOX_WIDTH
        assert 0 <= y <= graph.height - BOX_HEIGHT
        assert all(abs(x - a) >= BOX_WIDTH or abs(y - b) >= BOX_HEIGHT for a, b in corners[number + 1 :])
    assert len(graph.drawn) == sum(len(befores) for befores in after.values())


def test_an_arrow_to_nothing_is_left_out():
    assert Graph("", [[Box("a", "a")]], [Arrow("a", "gone"), Arrow("gone", "a")]).drawn == []


def test_a_long_name_is_cut_in_the_box_and_whole_in_its_tooltip():
    text = str(Graph("Picture", [[Box("a", "x" * 60, "schedule", "y" * 90)]]))
    assert "x" * 60 in text
    assert f">{'x' * 24}…<" in text


def test_words_are_escaped():
    assert "<script>" not in str(Graph("<script>", [[Box("a", "<script>", "<script>", "<script>", href="/<script>")]]))


def test_nothing_to_draw_says_so():
    assert "Nothing to draw" in str(Graph("Picture", ()))
