"""Names in double braces, replaced by values: a closed list, one pass, no engine. Pure: the moment comes in as `at`.

`{{schedule.*}}` stands in a schedule's input data and speaks of the occurrence (for a run by hand, of the request), in
the schedule's zone. `{{input.path}}` and `{{steps.node.path}}` stand in a node's params. A text that is one template
becomes the value itself, with its type; inside a longer text a value is written as text, and what is not text as JSON.
A value that was put in is never looked at again, so nothing can be smuggled in through it.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

OPENING = "{{"
# Spaces are taken off the name afterwards: to look for them here takes cubic time on braces that are never closed.
WHOLE = re.compile(r"\{\{([^{}]*)\}\}")
SCHEDULE_NAMES = (
    "triggerMonth",
    "triggerDate",
    "triggerTime",
    "triggerYear",
    "triggerDay",
    "scheduledFor",
    "name",
    "id",
)
STEP_NAME = re.compile(r"(input|steps)((?:\.[A-Za-z0-9_-]+)*)")
DEEPEST = 50
#: What one resolving may put in, as JSON: steps that each name the one before twice would fill any memory.
MOST_PUT_IN = 2 * 1024 * 1024


class BadTemplate(ValueError):
    """A name in braces that there is not (the message holds it), or data in which templates cannot be looked for."""


@dataclass(frozen=True, kw_only=True)
class ScheduleFacts:
    """What `{{schedule.*}}` may say. `at` is the occurrence, or when a run by hand was asked for."""

    id: str
    name: str
    timezone: ZoneInfo
    at: datetime

    def values(self) -> dict[str, str]:
        local = self.at.astimezone(self.timezone)
        return {
            "triggerMonth": f"{local:%Y-%m}",
            "triggerDate": f"{local:%Y-%m-%d}",
            "triggerTime": f"{local:%H:%M}",
            "triggerYear": f"{local:%Y}",
            "triggerDay": f"{local:%d}",
            "scheduledFor": f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "name": self.name,
            "id": self.id,
        }


@dataclass(frozen=True)
class Name:
    """A name of a node's template: where it looks (`input` or `steps`) and the path there."""

    root: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join((self.root, *self.path))


def schedule_problems(data: Any) -> list[str]:
    """What is wrong with the templates of a schedule's input data; empty when all of them can be resolved."""
    return _problems(data, _schedule_name)


def resolve_schedule(data: Any, facts: ScheduleFacts) -> Any:
    """`data` with the schedule's names replaced; raises BadTemplate on a name that is not in the closed list."""
    if not data:
        return data
    values = cache(facts.values)
    return _replaced(data, lambda text: values()[_schedule_name(text)])


def node_problems(params: Any) -> list[str]:
    """What is wrong with the form of the templates in a node's params; whether the names exist is not asked here."""
    return _problems(params, parse_name)


def node_names(params: Any) -> Iterator[Name]:
    """Every name used in a node's params; those of bad form are left to `node_problems`."""
    for text in _texts(params):
        for match in WHOLE.finditer(text):
            if STEP_NAME.fullmatch(match[1].strip()):
                yield parse_name(match[1].strip())


def resolve_params(params: Any, *, given: Mapping[str, Any], steps: Mapping[str, Any]) -> Any:
    """`params` with `input` and `steps` names replaced by their values; BadTemplate names the one that is missing, or
    the one that makes it more than `MOST_PUT_IN`."""
    roots = {"input": given, "steps": steps}
    room = MOST_PUT_IN

    def value_of(text: str) -> Any:
        nonlocal room
        value = _looked_up(roots, parse_name(text))
        room -= len(json.dumps(value, ensure_ascii=False))
        if room < 0:
            raise BadTemplate(f"{{{{{text[:100]}}}}} makes the params longer than {MOST_PUT_IN} characters")
        return value

    return _replaced(params, value_of)


def parse_name(text: str) -> Name:
    """The name inside a node's braces, or BadTemplate."""
    match = STEP_NAME.fullmatch(text)
    path = tuple(match[2].split(".")[1:]) if match else ()
    if not match or (match[1] == "steps" and not path):
        raise BadTemplate(f"{{{{{text[:100]}}}}} is not known here")
    return Name(match[1], path)


def has_template(value: Any) -> bool:
    """Whether a value is a text that still has something to be put in."""
    return isinstance(value, str) and OPENING in value


def _schedule_name(text: str) -> str:
    prefix, _, name = text.partition(".")
    if prefix != "schedule" or name not in SCHEDULE_NAMES:
        raise BadTemplate(
            f"{{{{{text[:100]}}}}} is not known here; there are schedule.{', schedule.'.join(SCHEDULE_NAMES)}"
        )
    return name


def _problems(data: Any, check: Callable[[str], object]) -> list[str]:
    found: dict[str, None] = {}
    try:
        for text in _texts(data):
            for problem in _text_problems(text, check):
                found[problem] = None
    except BadTemplate as error:
        return [str(error)]
    return list(found)


def _text_problems(text: str, check: Callable[[str], object]) -> Iterator[str]:
    for match in WHOLE.finditer(text):
        try:
            check(match[1].strip())
        except BadTemplate as error:
            yield str(error)
    if OPENING in WHOLE.sub("", text):
        yield "{{ without a name and }} behind it"


def _texts(data: Any, depth: int = 0) -> Iterator[str]:
    """Every text in `data`. A template cannot name a member, so keys are only looked at for being one."""
    if depth > DEEPEST:
        raise BadTemplate(f"nested deeper than {DEEPEST}")
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            if has_template(key):
                raise BadTemplate("the name of a member cannot hold {{")
            yield from _texts(value, depth + 1)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value, depth + 1)


def _replaced(data: Any, value_of: Callable[[str], Any]) -> Any:
    if isinstance(data, str):
        return _replaced_text(data, value_of)
    if isinstance(data, Mapping):
        return {key: _replaced(value, value_of) for key, value in data.items()}
    if isinstance(data, list):
        return [_replaced(value, value_of) for value in data]
    return data


def _replaced_text(text: str, value_of: Callable[[str], Any]) -> Any:
    if match := WHOLE.fullmatch(text):
        return value_of(match[1].strip())
    return WHOLE.sub(lambda match: _written(value_of(match[1].strip())), text)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _looked_up(roots: Mapping[str, Any], name: Name) -> Any:
    value: Any = roots[name.root]
    for part in name.path:
        value = _member(value, part, name)
    return value


def _member(value: Any, part: str, name: Name) -> Any:
    if isinstance(value, Mapping) and part in value:
        return value[part]
    if isinstance(value, list) and re.fullmatch(r"[0-9]{1,6}", part) and int(part) < len(value):
        return value[int(part)]
    raise BadTemplate(f"{{{{{name}}}}} has no value")


def unknown_names(params: Any, *, earlier: Iterable[str], may_be_input: Callable[[tuple[str, ...]], bool]) -> list[str]:
    """The names in `params` known at save to have no value: steps that do not come before, undeclared input."""
    before, found = frozenset(earlier), dict[str, None]()
    for name in node_names(params):
        if name.root == "steps" and name.path[0] not in before:
            found[f"{{{{{name}}}}} speaks of a step that does not come before"] = None
        if name.root == "input" and not may_be_input(name.path):
            found[f"{{{{{name}}}}} is not declared in inputSchema"] = None
    return list(found)
