"""What a workflow says its input looks like: a JSON schema (2020-12) without references to anywhere else. No rows.

Whoever writes a schema must not be able to stop a process with it: what costs too much is a problem, not a wait.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from scheduling.services import metered_schemas, patterns

MOST_BYTES = 64 * 1024
MOST_PROBLEMS = 20
NOWHERE: Registry[Any] = Registry()


def schema_problems(schema: Any) -> list[str]:
    """What is wrong with the schema itself; empty when it can be used (also when there is none)."""
    if schema is None:
        return []
    if not isinstance(schema, Mapping):
        return ["must be a JSON schema: an object"]
    if len(json.dumps(schema)) > MOST_BYTES:
        return [f"must be at most {MOST_BYTES} bytes"]
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        path = ".".join(str(part) for part in error.absolute_path)
        return [f"is no JSON schema: {path or 'the whole'}: {error.message[:300]}"]
    if found := [*_unsupported(schema), *_costly_patterns(schema)]:
        return found
    strangers = [reference for reference in _references(schema) if not reference.startswith("#")]
    return [f"$ref {reference[:100]!r} leads outside of the schema" for reference in strangers]


def input_problems(schema: Mapping[str, Any] | None, data: Any) -> list[str]:
    """Where `data` (templates already resolved) does not fit; empty when it does or when there is no schema."""
    if schema is None:
        return []
    found: list[str] = []
    try:
        for error in metered_schemas.validator(schema, registry=NOWHERE).iter_errors(data):
            path = ".".join(str(part) for part in error.absolute_path)
            found.append(f"{path}: {error.message[:300]}" if path else error.message[:300])
            if len(found) == MOST_PROBLEMS:
                break
    except (RecursionError, Unresolvable):
        return ["cannot be checked: the schema refers to itself without end or to nothing"]
    except metered_schemas.TooMuch:
        return ["cannot be checked: this schema asks too much work for this input"]
    except (ArithmeticError, AttributeError, TypeError, ValueError):
        # A reference into a member that is no schema, a number beyond what a division takes.
        return ["cannot be checked: the schema does not fit this input"]
    return found


def may_be_input(schema: Mapping[str, Any] | None, path: tuple[str, ...]) -> bool:
    """Whether a path can have a value, as far as the schema says: declared members only, unless it leaves room.

    Room is left by a schema without `properties`, by `patternProperties`, by `additionalProperties` other than false
    written out, and by combinations (`anyOf`, `$ref`, …), which are not followed.
    """
    part: Any = schema
    for name in path:
        if not isinstance(part, Mapping) or not isinstance(part.get("properties"), Mapping):
            return True
        if name in part["properties"]:
            part = part["properties"][name]
            continue
        open_keys = {"patternProperties", "$ref", "anyOf", "oneOf", "allOf", "if", "dependentSchemas"}
        return bool(open_keys & part.keys()) or part.get("additionalProperties", False) is not False
    return True


def _unsupported(schema: Any) -> list[str]:
    """What is worked out by going through the schema again, unmetered."""
    names = sorted({"unevaluatedItems", "unevaluatedProperties"} & set(_members(schema)))
    return [f"{name} is not supported; name what may be there with additionalProperties or items" for name in names]


def _costly_patterns(schema: Any) -> Iterator[str]:
    for pattern in _patterns(schema):
        try:
            patterns.check(pattern)
        except patterns.TooCostly:
            yield f"pattern {pattern[:100]!r} could take for ever: repeat no group that itself repeats or chooses"


def _patterns(schema: Any) -> Iterator[str]:
    for part in _parts(schema):
        if isinstance(part.get("pattern"), str):
            yield part["pattern"]
        if isinstance(part.get("patternProperties"), Mapping):
            yield from part["patternProperties"]


def _members(schema: Any) -> Iterator[str]:
    for part in _parts(schema):
        yield from part


def _parts(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in the schema, whether or not it stands where a schema does."""
    if isinstance(schema, Mapping):
        yield schema
    if isinstance(schema, Mapping | list):
        for value in schema.values() if isinstance(schema, Mapping) else schema:
            yield from _parts(value)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        for name, value in schema.items():
            if name in ("$ref", "$dynamicRef", "$id", "$schema") and isinstance(value, str):
                if name in ("$ref", "$dynamicRef"):
                    yield value
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)
