"""What a workflow says its input looks like."""

import pytest

from scheduling.services import input_schemas as schemas

MONTH = {"type": "object", "properties": {"month": {"type": "string"}}, "required": ["month"]}


@pytest.mark.parametrize("schema", [None, {}, MONTH, {"$ref": "#/$defs/a", "$defs": {"a": True}}])
def test_a_schema_of_its_own_is_taken(schema):
    assert schemas.schema_problems(schema) == []


@pytest.mark.parametrize(
    "schema",
    [
        [],
        "text",
        {"type": "nonsense"},
        {"properties": []},
        {"$ref": "https://evil.example/s"},
        {"anyOf": [{"$ref": "file:///etc/passwd"}]},
        {"description": "x" * 70_000},
    ],
)
def test_what_is_no_schema_or_leads_elsewhere_is_refused(schema):
    assert schemas.schema_problems(schema)


def test_input_that_does_not_fit_is_said_with_its_path():
    assert schemas.input_problems(MONTH, {"month": 3}) == ["month: 3 is not of type 'string'"]
    assert schemas.input_problems(MONTH, {}) == ["'month' is a required property"]
    assert schemas.input_problems(MONTH, {"month": "2026-03"}) == []
    assert schemas.input_problems(None, {"anything": 1}) == []


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"$ref": "#/$defs/none"}])
def test_a_schema_that_cannot_be_followed_is_a_problem_and_no_crash(schema):
    assert schemas.input_problems(schema, {"a": 1})


@pytest.mark.parametrize(
    ("schema", "path", "may"),
    [
        (None, ("x",), True),
        ({}, ("x",), True),
        (MONTH, ("month",), True),
        (MONTH, ("mouth",), False),
        (MONTH, (), True),
        ({**MONTH, "additionalProperties": True}, ("x",), True),
        ({**MONTH, "additionalProperties": {"type": "string"}}, ("x",), True),
        ({**MONTH, "patternProperties": {"^x": {}}}, ("x",), True),
        ({**MONTH, "anyOf": [{"properties": {"x": {}}}]}, ("x",), True),
        ({"properties": {"a": {"properties": {"b": {}}}}}, ("a", "b", "c"), True),
        ({"properties": {"a": {"properties": {"b": {}}}}}, ("a", "c"), False),
        ({"properties": {"a": True}}, ("a", "b"), True),
    ],
)
def test_only_what_the_schema_rules_out_has_no_value(schema, path, may):
    assert schemas.may_be_input(schema, path) is may
