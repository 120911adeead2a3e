"""Cedar through our door: what is kept, and that every doubt is a no."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, strategies as st

from identities.policies import engine
from identities.policies.engine import Question

WEEKEND = (
    '@id("weekend") @reason("Not at the weekend") forbid (principal, action, resource) when { context.weekday > 5 };'
)
NIGHT = '@id("night") @reason("Not at night") forbid (principal, action, resource) when { context.hour < 6 };'
PAYROLL = (
    '@id("payroll") @reason("Payroll may") permit (principal, action, resource)'
    ' when { principal.roles.contains("payroll") };'
)
OVERFLOW = (
    '@id("broken") @reason("Overflows") forbid (principal, action, resource)'
    " when { context.hour * 9223372036854775807 > 1 };"
)
EVERYONE = '@id("all") @reason("Everyone may") permit (principal, action, resource);'
ATTRIBUTES = {
    "name": "bot",
    "clientId": "mi_1",
    "tenantId": "t",
    "environment": "production",
    "kind": "bot",
    "roles": ["payroll"],
    "isServiceAccount": True,
    "riskTier": "low",
    "certified": False,
    "certifiedUntil": 0,
}


def question(*, roles: tuple[str, ...] = ("payroll",), kind: str = "Identity", **context: Any) -> Question:
    around = {
        "trigger": "schedule", "environment": "production", "scheduledFor": "2026-01-05T12:00:00Z",
        "minute": 0, "hour": 12, "weekday": 1, "day": 5, "month": 1,
    }  # fmt: skip
    return Question(
        principal=(kind, "1", {**ATTRIBUTES, "roles": list(roles)}),
        action="workflow.execute",
        resource=("Workflow", "wf", {"tenantId": "t", "name": "wf"}),
        context={**around, **context},
    )


def problems(text: str) -> list[str]:
    with pytest.raises(engine.BadPolicy) as refused:
        engine.compile(text)
    return refused.value.problems


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "at least one rule"),
        ("   // nothing\n", "at least one rule"),
        ("permit (principal, action, resource);", '@id("…") and @reason("…")'),
        ('@id("a") permit (principal, action, resource);', "rule 'a' (line 1): @reason"),
        ('@id("a") @reason(" ") permit (principal, action, resource);', "@reason"),
        (WEEKEND + "\n" + WEEKEND, "rule 'weekend' (line 2): another rule has this @id"),
        (WEEKEND + "\n\nforbid (principal action);", "the rule at line 3"),
        (WEEKEND + "\nhello", "the rule at line 2"),
        (WEEKEND.replace("weekday", "wekday"), "rule 'weekend' (line 1): attribute `wekday`"),
        (WEEKEND.replace("> 5", '> "5"'), "rule 'weekend' (line 1)"),
        ('@id("a") @reason("b") permit (principal == ?principal, action, resource);', "?slot"),
        ('@id("a") @reason("b") permit (principal, action == Action::"launch", resource);', "unrecognized action"),
        ('@id("a") @reason("b") permit (principal is Robot, action, resource);', "unrecognized entity type"),
        ("x" * (engine.MAX_TEXT + 1), "at most 32768 characters"),
        ((EVERYONE + "\n") * 101, "at most 100 rules"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_place(text: str, said: str) -> None:
    assert any(said in each for each in problems(text)), problems(text)


@pytest.mark.parametrize(
    "expression",
    ["(" * 3000 + "true" + ")" * 3000, " && ".join(["true"] * 3000), "[" * 3000 + "]" * 3000, "!" * 3000 + "true"],
)
def test_text_that_would_end_the_process_is_refused_before_it_is_parsed(expression: str) -> None:
    assert problems(f'@id("a") @reason("b") permit (principal, action, resource) when {{ {expression} }};')


def test_a_forbid_denies_with_its_own_reason() -> None:
    answer = engine.ask(engine.compile(WEEKEND + EVERYONE), question(weekday=6))
    assert (answer.allowed, answer.reason, answer.rule_ids) == (False, "Not at the weekend", ("weekend",))


def test_of_several_forbids_the_first_written_speaks() -> None:
    answer = engine.ask(engine.compile(NIGHT + WEEKEND), question(weekday=7, hour=3))
    assert (answer.reason, answer.rule_ids) == ("Not at night", ("night", "weekend"))


def test_forbids_alone_permit_what_they_do_not_forbid() -> None:
    answer = engine.ask(engine.compile(WEEKEND + NIGHT), question())
    assert (answer.allowed, answer.rule_ids) == (True, ())


def test_with_a_permit_no_match_is_a_no() -> None:
    answer = engine.ask(engine.compile(WEEKEND + PAYROLL), question(roles=("reader",)))
    assert (answer.allowed, answer.reason, answer.rule_ids) == (False, "no rule allows it", ())


def test_a_permit_that_matches_is_named() -> None:
    answer = engine.ask(engine.compile(WEEKEND + PAYROLL), question())
    assert (answer.allowed, answer.rule_ids) == (True, ("payroll",))


@pytest.mark.parametrize("others", ["", EVERYONE, WEEKEND])
def test_an_error_in_any_rule_is_a_no(others: str) -> None:
    answer = engine.ask(engine.compile(others + OVERFLOW), question())
    assert (answer.allowed, answer.reason) == (False, engine.FAILED)


@pytest.mark.parametrize(
    "wrong",
    [
        question(weekday="Monday"),
        question(extra="x"),
        question(kind="Robot"),
        Question(
            principal=("Identity", "1", {}), action="workflow.execute", resource=("Workflow", "w", {}), context={}
        ),
        Question(question().principal, "workflow.delete", question().resource, question().context),
    ],
)
def test_a_question_outside_the_schema_is_a_no(wrong: Question) -> None:
    assert not engine.ask(engine.compile(EVERYONE), wrong).allowed
    assert not engine.ask(engine.compile(WEEKEND), wrong).allowed


def test_a_person_and_an_identity_are_asked_alike() -> None:
    compiled = engine.compile(PAYROLL)
    assert engine.ask(compiled, question(kind="User")) == engine.ask(compiled, question(kind="Identity"))


def test_an_id_with_odd_characters_is_only_an_id() -> None:
    odd = Question(
        ("Identity", 'x"\n::', ATTRIBUTES),
        "workflow.execute",
        ("Workflow", "w\n", question().resource[2]),
        question().context,
    )
    assert engine.ask(engine.compile(EVERYONE), odd).allowed


def test_the_same_text_is_compiled_once() -> None:
    assert engine.compile(WEEKEND) is engine.compile(str(WEEKEND))


@given(st.integers(1, 7), st.integers(0, 23), st.lists(st.sampled_from(["payroll", "reader", ""]), max_size=3))
def test_a_policy_means_what_its_rules_say(weekday: int, hour: int, roles: list[str]) -> None:
    asked = question(weekday=weekday, hour=hour, roles=tuple(roles))
    answer = engine.ask(engine.compile(WEEKEND + NIGHT + PAYROLL), asked)
    assert answer.allowed is (weekday <= 5 and hour >= 6 and "payroll" in roles)


@given(st.text(max_size=200))
def test_no_text_brings_the_compiler_down(text: str) -> None:
    with suppress(engine.BadPolicy):
        assert engine.compile(text).rules
