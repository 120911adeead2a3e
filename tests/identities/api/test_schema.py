"""The OpenAPI document is whole, valid and says what our routes answer; its readers load nothing from elsewhere."""

import re
import threading

import pytest
from django.core.management import call_command
from drf_spectacular.validation import validate_schema

from identities.api import docs
from tests.identities.api.route_table import OPEN, ROWS

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def document():
    from drf_spectacular.generators import SchemaGenerator

    return SchemaGenerator().get_schema(request=None, public=True)


def as_documented(route):
    return re.sub(r"<\w+:(\w+)>", r"{\1}", route)


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_document_is_made_without_a_warning(tmp_path):
    call_command("spectacular", fail_on_warn=True, file=str(tmp_path / "schema.yaml"))


@pytest.mark.long
def test_the_document_is_valid(document):
    """`make check` asks the same."""
    validate_schema(document)


def test_every_route_is_in_it_and_no_other(document):
    expected = {(row.method, as_documented(row.route)) for row in ROWS}
    expected |= OPEN
    said = {tuple(name.split(" /")) for name, _ in operations(document)}
    assert said == expected


def test_every_operation_has_a_summary_problems_and_a_way_in(document):
    for name, operation in operations(document):
        assert operation["summary"], name
        answers = operation["responses"]
        assert any(status.startswith("2") for status in answers), name
        assert {"400", "401"} <= answers.keys(), name
        for status, answer in answers.items():
            if not status.startswith("2"):
                assert answer["content"].keys() == {"application/problem+json"}, f"{name} {status}"


def test_machines_are_offered_only_the_routes_they_may_call(document):
    rows = {f"{row.method} /{as_documented(row.route)}": row for row in ROWS}
    for name, operation in operations(document):
        if name in rows:
            assert ({"machine": []} in operation["security"]) == bool(rows[name].machine), name
    assert {"person", "machine", "session"} <= document["components"]["securitySchemes"].keys()


def test_members_are_camel_case_everywhere(document):
    for name, schema in document["components"]["schemas"].items():
        assert not [member for member in schema.get("properties", {}) if "_" in member], name
    for name, operation in operations(document):
        inside = [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
        assert not [parameter for parameter in inside if "_" in parameter], name


@pytest.mark.parametrize("component", ["Login", "Role", "RoleBinding", "NewRole", "NewRoleBinding", "Tenant", "Team"])
def test_our_own_members_are_each_explained(document, component):
    schemas = document["components"]["schemas"]
    schema = schemas.get(component) or schemas[f"{component}Request"]
    assert not [name for name, member in schema["properties"].items() if not member.get("description")]


def test_the_document_is_served_as_json(client, monkeypatch):
    monkeypatch.setattr(docs, "PATIENCE_SECONDS", 120)  # whatever else the machine does
    answer = client.get("/api/schema")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["openapi"].startswith("3.")


def test_bodies_say_that_nothing_else_may_be_in_them(document):
    written = {name: schema for name, schema in document["components"]["schemas"].items() if name.endswith("Request")}
    assert written
    assert not [name for name, schema in written.items() if schema.get("additionalProperties") is not False]


def test_every_list_names_the_orderings_it_takes(document):
    for name, operation in operations(document):
        for parameter in operation.get("parameters", []):
            if parameter["name"] == "ordering":
                allowed = parameter["schema"]["enum"]
                assert {word.removeprefix("-") for word in allowed} <= set(allowed), name


def test_where_no_other_process_can_be_started_the_document_is_made_here(monkeypatch):
    def refused(*args: object, **options: object) -> None:
        raise OSError("no process")

    monkeypatch.setattr(docs.subprocess, "run", refused)
    monkeypatch.setattr(docs, "made_here", lambda: b"{}")
    assert docs.made_aside() == b"{}"


def test_nobody_waits_for_a_document_that_somebody_else_is_having_made(client, monkeypatch):
    monkeypatch.setattr(docs, "_kept", [])
    with docs._making:
        answer = client.get("/api/schema")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer["Content-Type"] == "application/problem+json"


def test_who_asked_first_is_not_kept_waiting_and_the_document_is_made_all_the_same(client, monkeypatch):
    slow = threading.Event()
    monkeypatch.setattr(docs, "_kept", [])
    monkeypatch.setattr(docs, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(docs, "made_aside", lambda: b'{"openapi": "3.1.0"}' if slow.wait(10) else b"")
    assert client.get("/api/schema").status_code == 503
    slow.set()
    with docs._making:  # free again once it is made
        assert client.get("/api/schema").json() == {"openapi": "3.1.0"}


def test_it_is_kept_small_and_given_whole(client, monkeypatch):
    whole = b'{"openapi": "3.1.0", "said": "' + b"again " * 10_000 + b'"}'
    monkeypatch.setattr(docs, "_kept", [])
    monkeypatch.setattr(docs, "made_aside", lambda: whole)
    monkeypatch.setattr(docs, "PATIENCE_SECONDS", 120)
    assert client.get("/api/schema").content == client.get("/api/schema").content == whole
    assert len(docs._kept[0]) < len(whole) / 20


def test_a_document_that_cannot_be_made_is_tried_again_by_who_asks_next(client, monkeypatch):
    monkeypatch.setattr(docs, "_kept", [])
    with monkeypatch.context() as broken:
        broken.setattr(docs, "made_aside", lambda: {}["routes"])
        assert client.get("/api/schema").status_code == 503
    monkeypatch.setattr(docs, "made_aside", lambda: b"{}")
    assert client.get("/api/schema").status_code == 200
