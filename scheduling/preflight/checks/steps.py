"""Check `steps`: what each step is given can be put together, and it only names hosts that may be called and exist."""

from collections.abc import Iterator, Mapping
from typing import Any

from scheduling import templating
from scheduling.nodes import params as node_params
from scheduling.nodes.base import Node
from scheduling.preflight.checks.base import Check, Trial
from scheduling.preflight.problems import Mend, Problem
from scheduling.services import input_schemas


class StepsCheck(Check):
    """With the input of the first occurrence. What is filled in by an earlier step is not known before the run."""

    kind = "steps"
    position = 50

    def of_schedule(self, trial: Trial) -> Iterator[Problem]:
        first, workflow = trial.occurrences[0], trial.schedule.workflow
        given = trial.input_at(first)
        for message in input_schemas.input_problems(workflow.input_schema, given)[:1]:
            text = f"The input of the run of {trial.when(first)} does not fit the workflow ({message})."
            yield Problem(code="input_invalid", text=text, mend=Mend.EDIT_SCHEDULE, at=first)
        for node in workflow.nodes:
            for code, reason in _foreseen(node, given, workflow.allowed_hosts or []):
                text = f"Step {node['id']}: {reason.rstrip('.')}. The run of {trial.when(first)} would fail there."
                yield Problem(code=code, text=text, mend=Mend.EDIT_WORKFLOW, at=first, node=str(node["id"]))


def _foreseen(node: Mapping[str, Any], given: Mapping[str, Any], allowed_hosts: list[str]) -> Iterator[tuple[str, str]]:
    kind = Node.kinds.get(node["kind"])
    if kind is None:
        yield "step_unknown", f"there is no node of kind {node['kind']!r} here"
        return
    params = {name: value for name, value in (node.get("params") or {}).items() if not _is_open(value)}
    try:
        known = templating.resolve_params(params, given=given, steps={})
        if len(params) == len(node.get("params") or {}):
            node_params.build(kind.Params, known)
    except (templating.BadTemplate, node_params.BadParams) as error:
        yield "step_params", str(error)
        return
    yield from kind.foresee(known, allowed_hosts=allowed_hosts)


def _is_open(value: Any) -> bool:
    """Whether an earlier step must fill it in."""
    return any(name.root == "steps" for name in templating.node_names(value))
