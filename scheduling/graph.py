"""The shape of a workflow: are the nodes well-formed, and in which order do they run? Pure: knows no kinds, no rows."""

import re
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

MOST_NODES = 100
NODE_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
RESERVED = frozenset({"resolve-identity", "fetch-secret", "mint-token", "guard"})
REQUIRED = ("id", "kind")
MEMBERS = frozenset({"id", "kind", "params", "after", "managedIdentityId", "secretReference"})

Node = Mapping[str, Any]


def problems(nodes: Any) -> list[str]:
    """Everything wrong with the shape of `nodes`, each in words that name the node; empty when they can be ordered."""
    if not isinstance(nodes, list) or not nodes:
        return ["a workflow needs at least one node"]
    if len(nodes) > MOST_NODES:
        return [f"more than {MOST_NODES} nodes"]
    found = [text for place, node in enumerate(nodes) for text in _node_problems(place, node)]
    return found or _link_problems(nodes)


def order(nodes: Sequence[Node]) -> list[Node]:
    """The nodes in the order they run: each after those it names, else as they were written.

    Takes only what `problems` finds nothing wrong with.
    """
    done: set[str] = set()
    waiting, ordered = list(nodes), list[Node]()
    while waiting:
        chosen = next(node for node in waiting if done.issuperset(node.get("after") or ()))
        waiting.remove(chosen)
        ordered.append(chosen)
        done.add(chosen["id"])
    return ordered


def _node_problems(place: int, node: Any) -> list[str]:
    if not isinstance(node, Mapping):
        return [f"node {place + 1} is not an object"]
    label = node["id"] if isinstance(node.get("id"), str) and node["id"] else f"node {place + 1}"
    found = [f"{label}: {member} is missing" for member in REQUIRED if not node.get(member)]
    found += [f"{label}: {member} is not known" for member in sorted(map(str, node.keys() - MEMBERS))]
    return [*found, *(f"{label}: {text}" for text in _member_problems(node))]


def _member_problems(node: Node) -> list[str]:
    found = []
    node_id = node.get("id")
    if node_id and not (isinstance(node_id, str) and NODE_ID.fullmatch(node_id)):
        found.append("id must be a letter followed by up to 63 letters, digits, - or _")
    elif isinstance(node_id, str) and node_id in RESERVED:
        found.append("this id is the name of a step that every run has")
    if not isinstance(node.get("kind", ""), str):
        found.append("kind is not text")
    if not isinstance(node.get("params", {}), Mapping):
        found.append("params is not an object")
    after = node.get("after", [])
    if not isinstance(after, list) or not all(isinstance(name, str) for name in after):
        found.append("after is not a list of node ids")
    if (node.get("managedIdentityId") is None) != (node.get("secretReference") is None):
        found.append("managedIdentityId and secretReference go together")
    return found


def _link_problems(nodes: Sequence[Node]) -> list[str]:
    ids = [node["id"] for node in nodes]
    found = [f"{name}: this id is used more than once" for name in dict.fromkeys(ids) if ids.count(name) > 1]
    known = frozenset(ids)
    for node in nodes:
        strangers = [name for name in node.get("after") or () if name not in known]
        found += [f"{node['id']}: after names {name!r}, which is no node here" for name in strangers]
    return found or _circles(nodes)


def _circles(nodes: Sequence[Node]) -> list[str]:
    try:
        TopologicalSorter({node["id"]: list(node.get("after") or ()) for node in nodes}).prepare()
    except CycleError as error:
        return [f"the nodes wait for each other in a circle: {' → '.join(error.args[1])}"]
    return []
