import pytest

from identities.discovery.formats.members import flag, known, objects, says_something, text, texts, within


@pytest.mark.parametrize(
    "value", [None, "", "   ", "****", "**********", "xxxx", "<redacted>", "[REDACTED]", "${vault.x}", {}, []]
)
def test_what_is_empty_masked_or_a_reference_says_nothing(value):
    assert not says_something(value)


@pytest.mark.parametrize("value", ["hunter2", "x7", 12, {"a": {"b": "c"}}, ["a"]])
def test_what_is_there_says_something(value):
    assert says_something(value)


def test_a_member_of_another_type_is_not_known():
    odd = {"a": ["x"], "b": {"c": 1}, "c": True}
    assert (text(odd, "a", "b", "c"), flag(odd, "a"), within(odd, "a")) == ("", None, {})
    assert (list(objects(odd, "b")), texts(odd, "b")) == ([], ())


def test_the_first_name_that_holds_something_counts():
    assert text({"appId": "", "app_id": "7"}, "appId", "app_id") == "7"
    assert text({"id": 7}, "id") == "7"


def test_a_text_is_one_line_without_control_characters():
    assert text({"a": "x\r\ny\x00z"}, "a") == "x y z"


def test_facts_that_say_nothing_are_left_out_and_long_lists_are_cut():
    facts = known(a="", b=None, c=[], d=[str(number) for number in range(500)], e=False)
    assert set(facts) == {"d", "e"}
    assert facts["d"] == [*(str(number) for number in range(199)), "… and 301 more"]
