"""The OpenAPI document shows request, answer and every error of the routes around accounts, by examples that hold."""

import jsonschema
import pytest
from drf_spectacular.generators import SchemaGenerator

from identities.api import user_shapes as shapes
from identities.people.refresh_reasons import RefreshReason
from tests.factories import people as cast

AROUND_ACCOUNTS = {
    "/api/auth/login": {"post"},
    "/api/auth/refresh": {"post"},
    "/api/auth/register": {"post"},
    "/api/auth/logout": {"post"},
    "/api/auth/me": {"get"},
    "/api/users": {"get", "post"},
    "/api/users/{id}": {"get"},
    "/api/users/{id}/role": {"patch"},
    "/api/users/{id}/force-reset": {"post"},
    "/api/users/{id}/disable": {"post"},
    "/api/users/{id}/enable": {"post"},
    "/api/users/{id}/audits": {"get"},
    "/api/users/me": {"get", "patch"},
    "/api/users/me/password": {"patch"},
    "/api/users/me/audits": {"get"},
    "/api/users/refresh-failures": {"get"},
}
OPERATIONS = [(path, method) for path, methods in AROUND_ACCOUNTS.items() for method in sorted(methods)]


@pytest.fixture(scope="module")
def document():
    return SchemaGenerator().get_schema(request=None, public=True)


def operation(document, path, method):
    return document["paths"][path][method]


def shown(content):
    """The schema and the examples of one body."""
    (media,) = content.values()
    return media["schema"], [example["value"] for example in media.get("examples", {}).values()]


def check(document, schema, value):
    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(value)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_each_shows_its_request_its_answer_and_every_error(document, path, method):
    said = operation(document, path, method)
    bodies = [said["requestBody"]["content"]] if "requestBody" in said else []
    assert bool(bodies) == (method != "get")
    for content in [*bodies, *(answer["content"] for answer in said["responses"].values())]:
        schema, examples = shown(content)
        assert examples, f"{method} {path}"
        for value in examples:
            check(document, schema, value)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_each_problem_shown_is_of_its_status(document, path, method):
    for status, answer in operation(document, path, method)["responses"].items():
        if status.startswith("2"):
            continue
        _, examples = shown(answer["content"])
        for value in examples:
            assert value["status"] == int(status)
            assert value["type"] == f"urn:steward:problem:{value['code']}"
            assert ("errors" in value) == (status == "400")


def test_a_refresh_shows_all_seven_reasons(document):
    _, examples = shown(operation(document, "/api/auth/refresh", "post")["responses"]["401"]["content"])
    assert {value["code"] for value in examples} == set(RefreshReason)


@pytest.mark.django_db
def test_what_is_shown_has_the_members_of_what_is_answered(call):
    agent = cast.agent()
    session = call.post("/api/auth/login", {"email": agent.email, "password": cast.PASSWORD}).json()
    assert session.keys() == shapes.SESSION.keys()
    assert session["user"].keys() == shapes.USER.keys()
    assert call.as_(agent).get("/api/auth/me").json().keys() == shapes.ME.keys()
    assert call.get("/api/users/me").json().keys() == shapes.ACCOUNT.keys()
