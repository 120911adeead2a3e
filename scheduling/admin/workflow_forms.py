"""The input for a workflow: its nodes as JSON, with what each kind of node takes."""

from dataclasses import MISSING, fields
from typing import Any

from django import forms

from identities.admin.forms import CommandForm, Json, Section, source
from scheduling.models import Workflow
from scheduling.nodes.base import Node
from scheduling.services.workflows import Content

EXAMPLE = [
    {
        "id": "call",
        "kind": "http_call",
        "params": {"method": "POST", "url": "https://example.com/run", "json": {"month": "{{input.month}}"}},
    },
    {"id": "note", "kind": "log", "params": {"message": "Answered {{steps.call.status}}"}, "after": ["call"]},
]


INTRO = (
    "A list of {id, kind, params, after}: a node begins when those in “after” have succeeded. Parameters may use "
    "{{input.path}} and {{steps.node.path}}. The kinds, with a star at what must be given:"
)


def kinds_help() -> str:
    """Every kind of node with its parameters; those with a star must be given."""
    lines = [f"{kind} ({', '.join(_params(node)) or 'no parameters'}): {_said(node)}" for kind, node in _kinds()]
    return "\n".join([INTRO, *lines])


def _kinds() -> list[tuple[str, type[Node]]]:
    return sorted(Node.kinds.items())


def _said(node: type[Node]) -> str:
    """What a kind does: the first paragraph of its class, on one line."""
    return " ".join((node.__doc__ or "").split("\n\n")[0].replace("`", "").split())


class WorkflowForm(CommandForm):
    """A workflow."""

    key = forms.CharField(label="Id", max_length=100, help_text="Such as wf-monthly-payroll. It never changes.")
    name = forms.CharField(max_length=200)
    nodes = Json(label="Nodes (JSON)", rows=18, initial=EXAMPLE)
    allowed_hosts = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Hosts that http_call may reach with the token, one a line: host or host:port. Empty: none.",
    )
    input_schema = Json(
        label="Input schema (JSON)",
        required=False,
        help_text="A JSON schema that a schedule's input must fit. Empty: anything.",
    )
    resource_policy = source(
        label="Resource policy (Cedar)",
        rows=8,
        required=False,
        help_text="Beside the role. Empty: the role alone decides. The form of a new policy explains the words.",
    )
    sections = (
        Section("Workflow", ("key", "name")),
        Section("What it does", ("nodes", "allowed_hosts", "input_schema")),
        Section("Who may run it", ("resource_policy",)),
    )
    renamed = {"id": "key"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nodes"].help_text = kinds_help()
        if self.obj is not None:
            del self.fields["key"]

    def clean_allowed_hosts(self) -> list[str]:
        text: str = self.cleaned_data["allowed_hosts"]
        return text.split()

    @classmethod
    def initial_of(cls, workflow: Workflow) -> dict[str, Any]:
        policy = workflow.resource_policy
        return super().initial_of(workflow) | {
            "allowed_hosts": "\n".join(workflow.allowed_hosts),
            "resource_policy": policy.text if policy else "",
        }


def content(values: dict[str, Any]) -> Content:
    """The form's values as the service takes them."""
    return Content(
        name=values["name"],
        nodes=values["nodes"],
        allowed_hosts=values["allowed_hosts"],
        input_schema=values["input_schema"] or None,
        resource_policy=values["resource_policy"].strip() and values["resource_policy"],
    )


def _params(node: type[Node]) -> list[str]:
    return [
        f"{item.name}*" if item.default is MISSING and item.default_factory is MISSING else item.name
        for item in fields(node.Params)
    ]
