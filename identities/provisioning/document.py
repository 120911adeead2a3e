"""Reading the YAML document: plain values with the line of each, and nothing of YAML that surprises or explodes.

Refused: anchors and aliases, tags, a key twice in one mapping, several documents, more than 16 MB. Dates stay text, so
that a document means the same as its JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

MOST_BYTES = 16 * 1024 * 1024
DEEPEST = 20
Path: TypeAlias = tuple[str | int, ...]
_TAG = "tag:yaml.org,2002:"
#: libyaml where the wheel has it: a hundred times faster, and its time grows with the text alone.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(ValueError):
    """The document cannot be taken; one line that names the line of the file."""


@dataclass(frozen=True, slots=True)
class Document:
    """What the file says, and the line (from 1) on which each value begins, by its path."""

    values: Mapping[str, Any]
    lines: Mapping[Path, int] = field(default_factory=dict)

    def line_of(self, path: Path) -> int:
        """The line of `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse(text: str) -> Document:
    """Read the document. Raises Unreadable."""
    if len(text.encode()) > MOST_BYTES:
        raise Unreadable(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB.")
    try:
        _look_through(text)
        root = yaml.compose(text, Loader=LOADER)
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise Unreadable(_said(error)) from None
    if not isinstance(root, yaml.MappingNode):
        raise Unreadable("Line 1: the file must hold a mapping: version, then teams, roles, identities and so on.")
    lines: dict[Path, int] = {}
    return Document(_value(root, (), lines), lines)


def _look_through(text: str) -> None:
    """Refuse what explodes before anything is built of it."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Unreadable(f"Line {line}: anchors and aliases are not taken; write it out.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise Unreadable(f"Line {line}: nested too deeply.")


def _value(node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:
    line = node.start_mark.line + 1
    lines[path] = line
    if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
        return _mapping(node, path, lines)
    if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
        return [_value(item, (*path, number), lines) for number, item in enumerate(node.value)]
    return _scalar(node, line)


def _mapping(node: yaml.MappingNode, path: Path, lines: dict[Path, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or not isinstance(key_node.value, str):
            raise Unreadable(f"Line {line}: a key is a plain text.")
        key = key_node.value
        if key in found:
            raise Unreadable(f"Line {line}: '{key[:60]}' stands here twice.")
        found[key] = _value(value_node, (*path, key), lines)
        lines[*path, key] = line
    return found


def _scalar(node: yaml.Node, line: int) -> object:
    tag, text = node.tag, str(node.value)
    try:
        match tag.removeprefix(_TAG):
            case "null":
                return None
            case "bool":
                return text.lower() in {"true", "yes", "on"}
            case "int":
                return int(text.replace("_", ""), 0)
            case "float":
                return float(text.replace("_", ""))
            case "str" | "timestamp":
                return text
    except ValueError:
        return text
    raise Unreadable(f"Line {line}: tags such as {tag[:40]} are not taken.")


def _said(error: Exception) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None:
        return "This is not YAML." if not problem else f"This is not YAML: {problem}."
    return f"Line {mark.line + 1}, column {mark.column + 1}: {problem or 'this is not YAML'}."
