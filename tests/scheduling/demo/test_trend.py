"""Numbers worked back from today's stay numbers: parts of their whole, and today's own at its end."""

from hypothesis import given, strategies as st

from identities.programme.arithmetic import unpacked
from scheduling.demo import trend

DAYS = st.integers(min_value=0, max_value=30)
COUNTS = st.integers(min_value=0, max_value=500)


@st.composite
def estates(draw: st.DrawFn) -> dict[str, list[object]]:
    """A day's numbers as a snapshot keeps them."""
    red, amber, green = draw(COUNTS), draw(COUNTS), draw(COUNTS)
    total = red + amber + green
    owned = draw(st.integers(min_value=0, max_value=total))
    colours: dict[str, list[object]] = {
        "red": [red, total, None],
        "amber": [amber, total, None],
        "green": [green, total, None],
    }
    return {
        "total": [total, None, None],
        **colours,
        "owned": [owned, total, None],
        "dormant": [draw(st.integers(min_value=0, max_value=total)), total, None],
        "rotation_age": [draw(st.one_of(st.none(), st.floats(0, 900))), total, owned],
    }


@given(today=estates(), days_ago=DAYS)
def test_every_part_stays_within_its_whole(today: dict[str, list[object]], days_ago: int) -> None:
    then = unpacked(trend.past_numbers(today, days_ago=days_ago))
    total = then["total"].value
    assert total is not None
    assert sum(then[key].value or 0 for key in ("red", "amber", "green")) == total
    for key in ("owned", "dormant"):
        assert 0 <= (then[key].value or 0) <= (then[key].of or 0) == total


@given(today=estates())
def test_no_days_ago_is_today(today: dict[str, list[object]]) -> None:
    then = unpacked(trend.past_numbers(today, days_ago=0))
    assert then["total"].value == today["total"][0]
    assert then["owned"].value == today["owned"][0]


def test_between_two_points_a_curve_is_straight_and_beyond_its_ends_level() -> None:
    curve = ((10, 2.0), (0, 1.0))
    assert [trend.at(curve, days) for days in (0, 5, 10, 99)] == [1.0, 1.5, 2.0, 2.0]
