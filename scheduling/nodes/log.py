"""Node `log`: a line in the log, and in the run."""

from dataclasses import dataclass, field
from typing import Any, Literal

from scheduling.nodes.base import Answer, Node, NodeContext, Success


class Log(Node):
    """Writes `message` and `values`; its payload is both. Never give it a secret: it is there to be read."""

    kind = "log"
    label = "Write to the log"

    @dataclass(frozen=True)
    class Params:
        message: str = field(metadata={"description": "What to say", "maxLength": 10_000})
        level: Literal["info", "warning", "error"] = "info"
        values: dict[str, Any] = field(default_factory=dict)

    params: Params

    def execute(self, context: NodeContext) -> Answer:
        write = getattr(context.log, self.params.level)
        write("node.log", message=self.params.message, values=self.params.values)
        return Success(payload={"message": self.params.message, "values": self.params.values})
