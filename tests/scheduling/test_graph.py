"""Which lists of nodes are workflows, and in which order they run."""

import pytest
from hypothesis import given, settings, strategies as st

from scheduling import graph


def node(name, *after, **more):
    return {"id": name, "kind": "log", "after": list(after), **more}


@pytest.mark.parametrize(
    ("nodes", "problem"),
    [
        ([], "at least one node"),
        ({}, "at least one node"),
        (None, "at least one node"),
        (["a"], "not an object"),
        ([{"kind": "log"}], "node 1: id is missing"),
        ([{"id": "a"}], "a: kind is missing"),
        ([node("a", colour="red")], "a: colour is not known"),
        ([{"id": 7, "kind": "log"}], "id must be a letter"),
        ([{"id": {}, "kind": "log"}], "id is missing"),
        ([{"id": [], "kind": "log"}], "id is missing"),
        ([{"id": {"a": 1}, "kind": "log"}], "id must be a letter"),
        ([node("1a")], "id must be a letter"),
        ([node("a b")], "id must be a letter"),
        ([node("a/../b")], "id must be a letter"),
        ([node("a" * 65)], "id must be a letter"),
        ([node("guard")], "every run has"),
        ([node("mint-token")], "every run has"),
        ([node("fetch-secret")], "every run has"),
        ([node("resolve-identity")], "every run has"),
        ([node("a", params=[])], "params is not an object"),
        ([{"id": "a", "kind": 3}], "kind is not text"),
        ([node("a") | {"after": "b"}], "not a list of node ids"),
        ([node("a") | {"after": [1]}], "not a list of node ids"),
        ([node("a", managedIdentityId="x")], "go together"),
        ([node("a", secretReference={})], "go together"),
        ([node("a"), node("a")], "a: this id is used more than once"),
        ([node("a", "b")], "'b', which is no node here"),
        ([node("a", "a")], "in a circle"),
        ([node("a", "c"), node("b", "a"), node("c", "b")], "in a circle"),
        ([node(f"n{number}") for number in range(101)], "more than 100 nodes"),
    ],
)
def test_what_cannot_run_is_said_with_the_node_it_is_about(nodes, problem):
    assert any(problem in text for text in graph.problems(nodes)), graph.problems(nodes)


def test_a_sound_list_has_no_problems():
    assert graph.problems([node("b", "a"), node("a"), {"id": "c", "kind": "log"}]) == []
    assert graph.problems([node(f"n{number}") for number in range(100)]) == []


def test_nodes_run_after_those_they_name_and_else_as_written():
    nodes = [node("d", "b", "c"), node("a"), node("c", "a"), node("b", "a")]
    assert [found["id"] for found in graph.order(nodes)] == ["a", "c", "b", "d"]


@settings(deadline=None)
@given(st.permutations(range(8)), st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=14))
def test_every_graph_without_circle_is_ordered_and_every_circle_found(places, links):
    nodes = [node(f"n{place}", *(f"n{first}" for first, then in links if then == place)) for place in places]
    if graph.problems(nodes):
        assert any("circle" in text for text in graph.problems(nodes))
        return
    ordered = [found["id"] for found in graph.order(nodes)]
    assert sorted(ordered) == sorted(found["id"] for found in nodes)
    for found in nodes:
        assert all(ordered.index(name) < ordered.index(found["id"]) for name in found["after"])
