"""Lists by cursor."""

import base64
import json
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from identities.access.models import Role, RoleBinding
from tests.factories import people as cast, tokens as bots

pytestmark = pytest.mark.django_db


def names(body):
    return [row["name"] for row in body["results"]]


@pytest.fixture
def reader(call):
    return call.as_(cast.person(of=cast.tenant("Readers"), role="READ_ONLY"))


def fill(count, name=lambda n: f"role-{n:02d}"):
    from identities.people.models import Tenant

    tenant = Tenant.objects.get(name="Readers")
    for number in range(count):
        Role.objects.create(tenant=tenant, name=name(number), permissions=[])
    return tenant


def walk(caller, path, way):
    """All pages from `path` on, in one direction, each as its rows."""
    pages = []
    while path is not None:
        body = caller.get(path).json()
        pages.append(body["results"])
        path = body[way]
    return pages


def test_an_empty_list_is_a_page_too(reader):
    assert reader.get("/api/roles").json() == {"results": [], "next": None, "previous": None}


def test_pages_forward_and_back_show_every_row_once(reader):
    fill(7)
    pages = walk(reader, "/api/roles?pageSize=3", "next")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [row["name"] for page in pages for row in page] == [f"role-{n:02d}" for n in range(7)]
    last = reader.get("/api/roles?pageSize=3").json()
    for _ in range(2):
        last = reader.get(last["next"]).json()
    assert last["next"] is None
    back = walk(reader, last["previous"], "previous")
    assert [[row["name"] for row in page] for page in back] == [
        ["role-03", "role-04", "role-05"],
        ["role-00", "role-01", "role-02"],
    ]


def test_a_row_that_comes_in_between_shifts_nothing(reader):
    tenant = fill(4)
    first = reader.get("/api/roles?pageSize=2").json()
    Role.objects.create(tenant=tenant, name="role-00a", permissions=[])
    assert names(reader.get(first["next"]).json()) == ["role-02", "role-03"]


def test_the_order_is_reversed_by_a_minus(reader):
    fill(3)
    assert names(reader.get("/api/roles?ordering=-name").json()) == ["role-02", "role-01", "role-00"]


def test_rows_that_tie_are_each_shown_once(reader):
    tenant = fill(9)
    Role.objects.filter(tenant=tenant).update(created_at=timezone.now())
    seen = [row["name"] for page in walk(reader, "/api/roles?ordering=createdAt&pageSize=2", "next") for row in page]
    assert sorted(seen) == [f"role-{n:02d}" for n in range(9)]


@pytest.mark.parametrize("ordering", ["lastUsedAt", "-lastUsedAt"])
def test_rows_without_a_value_come_last_and_are_not_lost_either_way(call, ordering):
    tenant = cast.tenant()
    now = timezone.now()
    role = Role.objects.create(tenant=tenant, name="r", permissions=[])
    for number in range(6):
        RoleBinding.objects.create(
            identity=bots.identity(of=tenant),
            role=role,
            valid_until=now + timedelta(days=1),
            reason="x",
            last_used_at=now + timedelta(seconds=number) if number % 2 else None,
        )
    caller = call.as_(cast.person(of=tenant))
    pages = walk(caller, f"/api/roleBindings?ordering={ordering}&pageSize=2", "next")
    rows = [row for page in pages for row in page]
    assert len({row["id"] for row in rows}) == 6
    assert [row["lastUsedAt"] is None for row in rows] == [False] * 3 + [True] * 3
    at = [row["lastUsedAt"] for row in rows[:3]]
    assert at == sorted(at, reverse=ordering.startswith("-"))
    last = caller.get(f"/api/roleBindings?ordering={ordering}&pageSize=2").json()
    while last["next"]:
        last = caller.get(last["next"]).json()
    back = walk(caller, last["previous"], "previous")
    assert [row["id"] for page in reversed(back) for row in page] == [row["id"] for row in rows[:4]]


def test_a_cursor_of_another_order_is_refused(reader, problem):
    fill(3)
    there = reader.get("/api/roles?pageSize=1").json()["next"]
    problem(reader.get(there + "&ordering=-name"), 400)


def test_the_links_keep_the_filters(reader):
    fill(3)
    there = reader.get("/api/roles?pageSize=1&ordering=-name").json()["next"]
    assert there.startswith("http://testserver/api/roles?")
    assert "ordering=-name" in there
    assert "pageSize=1" in there


def cursor(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


@pytest.mark.parametrize(
    "parts",
    [
        ("name", 0, "a", None), ("name", 0, None, None), ("name", 0, None, str(UUID(int=0))), ("name", 0, "a", "x"),
        ("name", 0, "a"), ("name", 0, "a", {}), ("name", 0, ["a"], str(UUID(int=0))), ("createdAt", 0, "a", "b"),
    ],
)  # fmt: skip
def test_a_cursor_that_points_nowhere_is_a_400(reader, problem, parts):
    assert problem(reader.get("/api/roles", {"cursor": cursor(*parts)}), 400)["errors"].keys() == {"cursor"}
