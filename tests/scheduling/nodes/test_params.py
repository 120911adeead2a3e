"""From a dataclass to a schema, and from JSON to the dataclass."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from scheduling.nodes import params


@dataclass(frozen=True)
class Sample:
    text: str
    count: int = field(default=1, metadata={"minimum": 1})
    mode: Literal["a", "b"] = "a"
    tags: list[str] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    maybe: float | None = None
    anything: Any = None


def test_the_schema_says_types_defaults_and_what_is_required():
    schema = params.schema_of(Sample)
    assert schema["required"] == ["text"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["count"] == {"type": "integer", "default": 1, "minimum": 1}
    assert schema["properties"]["mode"] == {"enum": ["a", "b"], "default": "a"}
    assert schema["properties"]["tags"] == {"type": "array", "items": {"type": "string"}}
    assert schema["properties"]["headers"] == {"type": "object", "additionalProperties": {"type": "string"}}
    assert schema["properties"]["maybe"] == {"anyOf": [{"type": "number"}, {"type": "null"}]}
    assert schema["properties"]["anything"] == {}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({}, "'text' is a required property"),
        ({"text": 1}, "text: 1 is not of type 'string'"),
        ({"text": "a", "count": 0}, "count"),
        ({"text": "a", "count": True}, "count"),
        ({"text": "a", "mode": "c"}, "mode"),
        ({"text": "a", "headers": {"x": 1}}, "headers.x"),
        ({"text": "a", "other": 1}, "other"),
        ([], "is not of type 'object'"),
    ],
)
def test_what_does_not_fit_is_said_with_its_path(data, problem):
    assert any(problem in text for text in params.problems(Sample, data, with_templates=True))
    with pytest.raises(params.BadParams):
        params.build(Sample, data)


def test_a_template_may_stand_for_any_type_until_it_is_resolved():
    data = {"text": "a", "count": "{{input.count}}", "mode": "{{input.mode}}", "maybe": "{{input.x}}"}
    assert params.problems(Sample, data, with_templates=True) == []
    assert params.problems(Sample, data, with_templates=False)


def test_params_are_built_with_their_defaults():
    assert params.build(Sample, {"text": "a", "maybe": 2}) == Sample("a", maybe=2)


def test_a_type_that_no_json_has_is_a_mistake_of_the_author():
    @dataclass(frozen=True)
    class Wrong:
        when: set[str]

    with pytest.raises(TypeError):
        params.schema_of(Wrong)
