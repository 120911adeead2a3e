"""A workflow's nodes drawn as ranks: what runs first stands first, what waits stands behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from identities.admin.parts import Block
from scheduling import graph


@dataclass(frozen=True)
class NodeBox:
    """One node, as a person sees it."""

    id: str
    kind: str
    text: str
    after: str
    bearer: str


@dataclass(frozen=True)
class Graph(Block):
    """Ranks of nodes from left to right; on a narrow screen from top to bottom."""

    template = "steward/parts/graph.html"
    title: str
    ranks: Sequence[Sequence[NodeBox]]


def drawn(title: str, nodes: Any) -> Graph:
    """The graph of `nodes`; nothing is drawn of nodes that do not hold together."""
    if graph.problems(nodes):
        return Graph(title, ())
    rank: dict[str, int] = {}
    for node in graph.order(nodes):
        rank[node["id"]] = 1 + max((rank[name] for name in node.get("after") or ()), default=-1)
    by_rank: dict[int, list[NodeBox]] = {}
    for node in nodes:
        by_rank.setdefault(rank[node["id"]], []).append(_box(node))
    return Graph(title, [by_rank[place] for place in sorted(by_rank)])


def _box(node: Mapping[str, Any]) -> NodeBox:
    params: Mapping[str, Any] = node.get("params") or {}
    text = (
        f"{params.get('method', '')} {params['url']}".strip()
        if "url" in params
        else ", ".join(f"{k}: {v}" for k, v in params.items())
    )
    bearer = str(node.get("managedIdentityId") or "")
    after = ", ".join(node.get("after") or ())
    return NodeBox(node["id"], node["kind"], text[:120], after, f"as identity {bearer[:8]}…" if bearer else "")
