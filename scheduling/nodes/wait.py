"""Node `wait`: let time pass without holding a worker."""

from dataclasses import dataclass, field
from datetime import timedelta

from scheduling.nodes.base import Answer, Later, Node, NodeContext, Success

MOST_SECONDS = 7 * 24 * 3600


class Wait(Node):
    """Done `seconds` after the step was first tried, however many workers come and go meanwhile."""

    kind = "wait"
    label = "Wait"

    @dataclass(frozen=True)
    class Params:
        seconds: float = field(metadata={"minimum": 0, "maximum": MOST_SECONDS, "description": "How long"})

    params: Params

    def execute(self, context: NodeContext) -> Answer:
        until = context.step_started_at + timedelta(seconds=self.params.seconds)
        if context.at < until:
            return Later(until=until)
        return Success(payload={"waitedSeconds": self.params.seconds})
