"""A workflow's nodes drawn as a graph: what runs first stands first, and an arrow leads to what waits for it."""

from collections.abc import Mapping
from typing import Any

from identities.admin.parts import Arrow, Box, Empty, Graph, ranks_of
from scheduling import graph

BROKEN = Empty("Nothing to draw", "These nodes do not hold together.", icon="account_tree")


def drawn(title: str, nodes: Any) -> Graph:
    """The graph of `nodes`; nothing is drawn of nodes that do not hold together."""
    if graph.problems(nodes):
        return Graph(title, (), empty=BROKEN)
    ordered = {node["id"]: node for node in graph.order(nodes)}
    after = {name: list(node.get("after") or ()) for name, node in ordered.items()}
    ranks = [[_box(ordered[name]) for name in rank] for rank in ranks_of(after)]
    arrows = [
        Arrow(before, name, f"{name} waits for {before}") for name, befores in after.items() for before in befores
    ]
    return Graph(title, ranks, arrows)


def _box(node: Mapping[str, Any]) -> Box:
    params: Mapping[str, Any] = node.get("params") or {}
    text = (
        f"{params.get('method', '')} {params['url']}".strip()
        if "url" in params
        else ", ".join(f"{k}: {v}" for k, v in params.items())
    )
    bearer = str(node.get("managedIdentityId") or "")
    kind = f"{node['kind']}, as identity {bearer[:8]}…" if bearer else str(node["kind"])
    return Box(node["id"], node["id"], kind, text[:200], "accent" if bearer else "quiet")
