"""Names in braces: a closed list, one pass, values that keep their type."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from scheduling import templating
from scheduling.templating import BadTemplate, ScheduleFacts

#: 23:30 on New Year's Eve in UTC is next year in Berlin.
EVE = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
FACTS = ScheduleFacts(id="s-1", name="Pay {{input.x}} {{schedule.id}}", timezone=ZoneInfo("Europe/Berlin"), at=EVE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("triggerMonth", "2027-01"),
        ("triggerDate", "2027-01-01"),
        ("triggerTime", "00:30"),
        ("triggerYear", "2027"),
        ("triggerDay", "01"),
        ("scheduledFor", "2026-12-31T23:30:00Z"),
        ("id", "s-1"),
    ],
)
def test_names_speak_of_the_occurrence_on_the_schedules_own_clock(name, value):
    assert templating.resolve_schedule(f"{{{{schedule.{name}}}}}", FACTS) == value
    assert templating.resolve_schedule(f"<{{{{ schedule.{name} }}}}>", FACTS) == f"<{value}>"


def test_every_name_of_the_closed_list_has_a_value():
    assert set(FACTS.values()) == set(templating.SCHEDULE_NAMES)


def test_what_was_put_in_is_not_looked_at_again():
    assert templating.resolve_schedule("{{schedule.name}}", FACTS) == "Pay {{input.x}} {{schedule.id}}"


def test_texts_are_found_however_deep_and_everything_else_stays():
    data = {"a": [1, None, True, {"b": "{{schedule.triggerYear}}"}], "c": 2.5}
    assert templating.resolve_schedule(data, FACTS) == {"a": [1, None, True, {"b": "2027"}], "c": 2.5}


BAD = [
    "{{schedule.triggerHour}}",
    "{{schedule.trigger_month}}",
    "{{schedule.}}",
    "{{schedule}}",
    "{{name}}",
    "{{input.month}}",
    "{{ 7*7 }}",
    "{{schedule.name.__class__}}",
    "{{schedule.__init__.__globals__}}",
    "{{schedule.triggerMonth|upper}}",
    "{{schedule.triggerMonth",
    "{{",
    "{{}}",
    "{{ {{schedule.name}} }}",
    "{{schedule\n.name}}",
]


@pytest.mark.parametrize("text", BAD)
def test_anything_else_in_braces_is_a_problem(text):
    assert templating.schedule_problems({"a": [text]})
    assert templating.schedule_problems({"a": f"before {text} after"})


def test_a_template_cannot_name_a_member():
    assert templating.schedule_problems({"{{schedule.name}}": 1})


def test_data_without_end_is_refused_and_not_walked():
    data: list[object] = []
    for _ in range(500):
        data = [data]
    assert "nested" in templating.schedule_problems(data)[0]


@pytest.mark.parametrize("text", ["", "plain", "{schedule.name}", "}}", "a }} b", "{% now %}", "$(x)", "%s"])
def test_single_braces_and_other_languages_are_plain_text(text):
    assert templating.schedule_problems(text) == []
    assert templating.resolve_schedule(text, FACTS) == text


@settings(deadline=None)
@given(st.text(alphabet="{} schedule.nameid", max_size=40))
def test_what_has_no_problem_can_be_resolved(text):
    if not templating.schedule_problems(text):
        templating.resolve_schedule(text, FACTS)


GIVEN = {"month": "2027-01", "count": 3, "rate": 1.5, "on": True, "none": None, "lines": [{"sku": "a"}], "zero-1": 0}
STEPS = {"fetch": {"status": 200, "body": {"total": 12}}, "quiet": None}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{input.count}}", 3),
        ("{{input.rate}}", 1.5),
        ("{{input.on}}", True),
        ("{{input.none}}", None),
        ("{{input.lines}}", [{"sku": "a"}]),
        ("{{input.lines.0.sku}}", "a"),
        ("{{input.zero-1}}", 0),
        ("{{input}}", GIVEN),
        ("{{steps.fetch.body.total}}", 12),
        ("{{steps.fetch}}", STEPS["fetch"]),
        ("{{steps.quiet}}", None),
        ("n={{input.count}}", "n=3"),
        ("{{input.month}}/{{steps.fetch.status}}", "2027-01/200"),
        ("is {{input.on}} {{input.none}} {{input.lines}}", 'is true null [{"sku": "a"}]'),
    ],
)
def test_a_whole_template_keeps_the_type_and_a_part_becomes_text(text, value):
    assert templating.resolve_params({"a": text}, given=GIVEN, steps=STEPS) == {"a": value}


@pytest.mark.parametrize(
    "name",
    ["input.nope", "input.count.x", "input.lines.1", "input.lines.-1", "input.month.0", "steps.nope", "steps.fetch.x"],
)
def test_a_name_without_value_is_an_error_that_says_the_name(name):
    with pytest.raises(BadTemplate, match=name.replace(".", r"\.")):
        templating.resolve_params(f"{{{{{name}}}}}", given=GIVEN, steps=STEPS)


@pytest.mark.parametrize(
    "text", ["{{schedule.name}}", "{{steps}}", "{{steps.}}", "{{env.X}}", "{{input..a}}", "{{input.a b}}", "{{"]
)
def test_params_know_input_and_steps_only(text):
    assert templating.node_problems({"a": text})


def test_values_put_into_params_are_not_looked_at_again():
    given = {"a": "{{steps.fetch.status}}"}
    assert templating.resolve_params("{{input.a}}", given=given, steps=STEPS) == "{{steps.fetch.status}}"


def test_names_known_at_save_to_have_no_value_are_said():
    params = {"a": "{{steps.later.x}}", "b": "{{steps.first.x}}", "c": "{{input.known}} {{input.other}}"}
    found = templating.unknown_names(params, earlier=["first"], may_be_input=lambda path: path == ("known",))
    assert len(found) == 2
    assert "{{steps.later.x}}" in found[0]
    assert "{{input.other}}" in found[1]


@pytest.mark.parametrize("text", ["{{" + " " * 60_000, "{{" + "a " * 30_000, "{{ " * 20_000, "{" * 60_000])
def test_braces_that_are_never_closed_are_told_at_once(text):
    assert templating.schedule_problems({"a": text}) == ["{{ without a name and }} behind it"]
    assert templating.node_problems({"a": text}) == ["{{ without a name and }} behind it"]


def test_spaces_around_a_name_do_not_matter():
    found = templating.resolve_params({"a": "{{  input.b }}", "c": "<{{input.b\t}}>"}, given={"b": 1}, steps={})
    assert found == {"a": 1, "c": "<1>"}


def test_what_is_put_in_has_an_end_however_often_it_is_named():
    steps = {"big": {"body": "x" * (templating.MOST_PUT_IN // 3)}}
    assert templating.resolve_params(["{{steps.big.body}}"] * 2, given={}, steps=steps)
    for params in (["{{steps.big.body}}"] * 4, {"a": "{{steps.big.body}}" * 4}, [{"b": ["{{steps.big}}"] * 4}]):
        with pytest.raises(templating.BadTemplate, match="longer than"):
            templating.resolve_params(params, given={}, steps=steps)
