"""Schemas that ask for more work than there is time."""

import pytest
from referencing import Registry

from scheduling.services import input_schemas, metered_schemas

DOUBLING = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(40)} | {"a40": {}}
COSTLY = [
    ({"$ref": "#/$defs/a0", "$defs": DOUBLING}, {}),
    ({"properties": {"a": {"uniqueItems": True}}}, {"a": [{"x": n} for n in range(20_000)]}),
    ({"properties": {"a": {"items": {"allOf": [{"type": "integer"}] * 2000}}}}, {"a": [1] * 20_000}),
    ({"properties": {"a": {"items": {"enum": list(range(5000))}}}}, {"a": [1] * 20_000}),
    ({"patternProperties": {"^[a-z]*[a-z]*[a-z]*$": True}}, {"a" * 20_000 + "!": 1}),
    ({"patternProperties": {"^[a-z]*[a-z]*[a-z]*$": True}, "additionalProperties": False}, {"a" * 20_000 + "!": 1}),
]


@pytest.mark.parametrize(("schema", "data"), COSTLY)
def test_too_much_work_is_a_problem_and_not_a_wait(schema, data):
    assert input_schemas.schema_problems(schema) == []
    assert input_schemas.input_problems(schema, data) == [
        "cannot be checked: this schema asks too much work for this input"
    ]


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"pattern": "^(a+)+$"}}},
        {"patternProperties": {"^(a|a)*$": True}},
        {"$defs": {"b": {"anyOf": [{"pattern": "(x+x+)+y"}]}}},
        {"unevaluatedProperties": False},
    ],
)
def test_a_schema_that_cannot_be_bounded_is_refused_at_save(schema):
    assert input_schemas.schema_problems(schema)


def test_a_text_too_long_for_its_pattern_is_named():
    schema = {"properties": {"a": {"pattern": "^[a-z]*[a-z]*[a-z]*$"}}}
    [problem] = input_schemas.input_problems(schema, {"a": "a" * 20_000})
    assert problem.startswith("a: 20000 characters are too many")


def test_patterns_still_say_what_does_not_match():
    schema = {"properties": {"month": {"pattern": "^[0-9]{4}-[0-9]{2}$"}}}
    assert input_schemas.input_problems(schema, {"month": "2026-03"}) == []
    assert input_schemas.input_problems(schema, {"month": 3}) == []
    assert input_schemas.input_problems(schema, {"month": "March"}) == [
        "month: 'March' does not match '^[0-9]{4}-[0-9]{2}$'"
    ]


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ({"properties": {"a": {"multipleOf": 1e-300}}}, {"a": 10**3000}),
        ({"$ref": "#/$defs", "$defs": {"allOf": True}}, {}),
    ],
)
def test_what_breaks_the_library_is_a_problem_too(schema, data):
    assert input_schemas.input_problems(schema, data)


def test_the_meter_begins_anew_with_each_check():
    check = metered_schemas.validator({"properties": {"a": {"items": {"type": "integer"}}}}, registry=Registry())
    for _ in range(3):
        assert list(check.iter_errors({"a": [1] * 20_000})) == []
