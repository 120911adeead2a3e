"""Charts: the highest stack fits, unknown days leave a gap, and the words say what the shapes do."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, strategies as st

from identities.admin.parts import Badge, Code, Empty, Lines, Link, Moment, Quiet
from identities.admin.parts.plain import plain
from identities.admin.parts.series import HEIGHT, WIDTH, Line, Series, Spark

DAY = date(2026, 3, 1)
VALUES = st.lists(st.none() | st.integers(0, 10**7), min_size=1, max_size=40)


def series(*rows, **more):
    days = [DAY + timedelta(days=place) for place in range(len(rows[0]))]
    lines = [Line(f"line {place}", "good", row) for place, row in enumerate(rows)]
    return Series("k", "Title", days, lines, Empty("Nothing yet"), **more)


def spots(shape):
    return [tuple(map(float, point.split(","))) for point in shape.points.split()]


@given(VALUES, st.booleans())
def test_every_shape_lies_within_the_picture(values, bars):
    found = series(values, list(reversed(values)), bars=bars)
    for shape in found.shapes:
        for x, y in spots(shape):
            assert -0.01 <= x <= WIDTH + 0.01
            assert -0.01 <= y <= HEIGHT + 0.01


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=5))
def test_the_scale_is_at_least_as_high_as_the_highest_stack(values):
    found = series(values)
    assert found.top >= max(values)
    assert found.top <= max(2 * max(values), 1)


def test_an_unknown_day_is_a_gap_and_no_nought():
    found = series([3, None, 5, 5])
    assert len(found.shapes) == 2
    assert found.table[2][1] == ["not known"]
    assert "not known" in found.spots[1].said


def test_nothing_known_draws_what_to_do_next():
    assert "Nothing yet" in str(series([None, None]))
    assert "<svg" not in str(series([None, None]))


def test_the_picture_is_told_in_words_and_as_a_table():
    text = str(series([1, 2], [3, 4]))
    assert 'role="img"' in text
    assert "At the end: line 0 2, line 1 4." in text
    assert text.count("<tr>") == 3


def test_a_spark_needs_two_days_and_stays_within_its_box():
    assert Spark([None, 3]).points == ""
    assert Spark([5, 5]).points == "0.0,12.0 100.0,12.0"
    assert Spark([0, None, 10]).points == "0.0,22.0 100.0,2.0"


def test_a_cell_of_a_file_has_the_words_without_the_dress():
    assert plain(Lines([Link("a-bot", "/x"), Quiet(Badge("red", "bad"))])) == "a-bot · red"
    assert plain(Code("x")) == "x"
    assert plain(Moment(None)) is None
    assert plain(3) == 3
    assert plain(Empty("Nothing", "at all")) == "inbox Nothing at all"


def test_instants_are_named_by_their_minute_in_utc():
    times = [datetime(2026, 3, 1, 9, minute, tzinfo=UTC) for minute in (0, 30)]
    found = Series("s", "Use", times, [Line("uses", "good", [1, 2])], Empty("Nothing"))
    assert found.labels == ["1 Mar 09:00", "1 Mar 09:30"]
    assert found.table[0] == ("1 Mar 2026, 09:30", ["2"])
    assert found.head == "From (UTC)"
