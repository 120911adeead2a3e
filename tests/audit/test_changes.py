"""What a record says has changed."""

from audit import changes


def test_what_stayed_the_same_is_left_out():
    assert changes.between({"name": "a", "team": "b"}, {"name": "a", "team": "b"}) == {}


def test_each_field_that_differs_has_both_sides():
    found = changes.between({"name": "a", "team": "b"}, {"name": "c", "team": "b"})
    assert found == {"name": {"previous": "a", "current": "c"}}


def test_what_one_side_does_not_name_is_none_there():
    assert changes.between({}, {"name": "a"}) == {"name": {"previous": None, "current": "a"}}
    assert changes.between({"name": "a"}, {}) == {"name": {"previous": "a", "current": None}}


def test_none_and_absent_are_one():
    assert changes.between({"name": None}, {}) == {}


def test_something_new_begins_with_all_of_its_facts():
    assert changes.made({"name": "a", "email": ""}) == {
        "name": {"previous": None, "current": "a"},
        "email": {"previous": None, "current": ""},
    }
