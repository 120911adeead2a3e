"""A node's parameters: from a frozen dataclass to a JSON schema, and from JSON to the dataclass, refused with reasons.

Fields may be `str`, `int`, `float`, `bool`, `dict[str, T]`, `list[T]`, `Literal[...]`, `X | None` and `Any` (any JSON).
`field(metadata={...})` adds schema keywords (`description`, `minimum`, `pattern`, …); a field without default is
required; unknown members are refused.
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from jsonschema import Draft202012Validator

from scheduling.templating import has_template

PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", types.NoneType: "null"}


class BadParams(ValueError):
    """The params do not fit the kind; one message a problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def schema_of(params: type[Any]) -> dict[str, Any]:
    """The JSON schema (2020-12) of a Params dataclass."""
    hints = get_type_hints(params)
    members = fields(params)
    return {
        "type": "object",
        "properties": {member.name: _of_type(hints[member.name]) | _keywords(member) for member in members},
        "required": [member.name for member in members if _is_required(member)],
        "additionalProperties": False,
    }


def problems(params: type[Any], data: Any, *, with_templates: bool) -> list[str]:
    """What is wrong with `data`. With templates, a value that still holds {{ }} is left for when it is resolved."""
    found = []
    for error in Draft202012Validator(schema_of(params)).iter_errors(data):
        if with_templates and has_template(error.instance):
            continue
        path = ".".join(str(part) for part in error.absolute_path)
        found.append(f"{path}: {error.message[:300]}" if path else error.message[:300])
    return found


def build(params: type[Any], data: Any) -> Any:
    """The dataclass from resolved JSON, or BadParams."""
    found = problems(params, data, with_templates=False)
    if found:
        raise BadParams(found)
    return params(**data)


def _is_required(member: "Field[Any]") -> bool:
    return member.default is MISSING and member.default_factory is MISSING


def _keywords(member: "Field[Any]") -> dict[str, Any]:
    plain = {} if member.default is MISSING or member.default is None else {"default": member.default}
    return {**plain, **member.metadata}


def _of_type(hint: Any) -> dict[str, Any]:
    if hint is Any:
        return {}
    if hint in PLAIN:
        return {"type": PLAIN[hint]}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_of_type(argument) for argument in arguments]}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": _of_type(arguments[1])}
    if origin is list:
        return {"type": "array", "items": _of_type(arguments[0])}
    raise TypeError(f"a node's params cannot hold {hint!r}")
