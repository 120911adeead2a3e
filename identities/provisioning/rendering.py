"""A plan as a good diff, and the register as YAML. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from identities.names import camel
from identities.provisioning.planning import Action, Plan, Verb

LONGEST = 100
_SIGNS = {Verb.CREATE: "+", Verb.CHANGE: "~"}


def lines(plan: Plan) -> list[str]:
    """The plan for people: each thing with its risk and why, each member from what to what; then the sums."""
    found: list[str] = []
    for action in plan.actions:
        found += [_head(action), *_members(action), ""]
    return [*found, summary(plan)]


def summary(plan: Plan) -> str:
    """One line."""
    if not plan.actions:
        return f"Nothing to do: {plan.unchanged} entries say what is."
    widening = len(plan.widening)
    tail = f", {widening} of them widen privilege" if widening else ""
    counted = f"{plan.count(Verb.CREATE)} to create, {plan.count(Verb.CHANGE)} to change"
    return f"{counted}, {plan.unchanged} unchanged{tail}."


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan for programs."""
    return {
        "create": plan.count(Verb.CREATE),
        "change": plan.count(Verb.CHANGE),
        "unchanged": plan.unchanged,
        "widens": len(plan.widening),
        "actions": [
            {
                "section": action.section,
                "key": action.key,
                "verb": action.verb.value,
                "risk": action.weight.risk.value,
                "why": action.why,
                "widens": list(action.weight.widens),
                "line": action.line,
                "changes": [
                    {"member": camel(each.member), "from": each.before, "to": each.after} for each in action.changes
                ],
            }
            for action in plan.actions
        ],
    }


def document(version: int, sections: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The document: only what is said, members in the order given, camelCase."""
    parts: dict[str, Any] = {"version": version}
    parts |= {kind: [_entry(values) for values in entries] for kind, entries in sections.items() if entries}
    text: str = yaml.dump(parts, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=LONGEST)
    return text


class _Dumper(yaml.SafeDumper):
    """No aliases: what is said twice is written twice. Long texts as blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _entry(values: Mapping[str, Any]) -> dict[str, Any]:
    return {camel(name): value for name, value in values.items() if value not in (None, "", [], {})}


def _head(action: Action) -> str:
    because = "; ".join([*action.weight.widens, *action.weight.touches])
    reason = f"{action.why}; {because}" if because else action.why
    return f"{_SIGNS[action.verb]} {action.section}: {action.key}   [{action.weight.risk} risk] {reason}"


def _members(action: Action) -> Iterable[str]:
    for each in action.changes:
        name = camel(each.member)
        if action.verb is Verb.CREATE:
            yield f"    {name}: {_shown(each.after)}"
        else:
            yield f"    {name}: {_shown(each.before)} -> {_shown(each.after)}"


def _shown(value: Any) -> str:
    if value in (None, "", [], {}):
        return "nothing"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 1]}…"
