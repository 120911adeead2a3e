"""Node `fail_if`: stop the run when a value is not what it should be."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from scheduling.nodes.base import Answer, Failure, Node, NodeContext, Success


def _same(value: Any, other: Any) -> bool:
    """As JSON has it: true is not 1."""
    return isinstance(value, bool) == isinstance(other, bool) and bool(value == other)


TestName = Literal["is_true", "is_empty", "equals", "not_equals", "greater_than", "less_than", "contains"]
TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "is_true": lambda value, _other: bool(value),
    "is_empty": lambda value, _other: value in (None, "", [], {}),
    "equals": _same,
    "not_equals": lambda value, other: not _same(value, other),
    "greater_than": lambda value, other: value > other,
    "less_than": lambda value, other: value < other,
    "contains": lambda value, other: other in value,
}


class FailIf(Node):
    """Fails, for good, with `message` when `value` meets the test (against `other`, where the test needs one).

    Values that cannot be compared (a text with a number) are a failure too: a guard that cannot look must not wave on.
    """

    kind = "fail_if"
    label = "Fail if"

    @dataclass(frozen=True)
    class Params:
        value: Any
        test: TestName = "is_true"
        other: Any = None
        message: str = field(default="", metadata={"maxLength": 1000, "description": "Why the run ends"})

    params: Params

    def execute(self, context: NodeContext) -> Answer:
        params = self.params
        try:
            is_met = TESTS[params.test](params.value, params.other)
        except TypeError:
            return Failure(reason=f"the value cannot be compared: {params.test}")
        if is_met:
            return Failure(reason=params.message or f"the value met the test {params.test}")
        return Success(payload={"checked": True})
