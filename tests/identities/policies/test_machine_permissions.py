"""Each decision keeps what a managed identity would have needed at the same door."""

from typing import Any

import pytest

from identities.policies import decision_log
from identities.policies.models import AuthorizationDecision
from tests.factories import people, register

pytestmark = pytest.mark.django_db


def recorded() -> list[AuthorizationDecision]:
    decision_log.flush()
    return list(AuthorizationDecision.objects.order_by("id"))


def ask(user: Any, method: str, path: str, body: Any = None) -> int:
    answer = getattr(register.client_of(user), method)(path, body, format="json" if body else None)
    return int(answer.status_code)


def test_a_door_that_is_shut_to_machines_names_none() -> None:
    agent = people.agent(role="ADMIN")
    assert ask(agent, "get", "/api/policies") == 200
    row = recorded()[-1]
    assert (row.permission, row.machine_permission, row.resource_kind) == ("read_register", "", "policy")


def test_an_open_door_names_the_permission_of_its_own_method() -> None:
    agent = people.agent(role="ADMIN")
    assert ask(agent, "get", "/api/identities") == 200
    assert ask(agent, "post", "/api/identities", {"name": "x"}) == 400
    assert [row.machine_permission for row in recorded()] == ["identity.read", "identity.write"]
    assert {row.actor_kind for row in recorded()} == {"service_user"}


def test_a_refusal_behind_the_door_names_it_too() -> None:
    agent = people.agent(role="READ_ONLY")
    assert ask(agent, "post", "/api/identities", {"name": "x"}) == 403
    assert [(row.outcome, row.machine_permission) for row in recorded()] == [("deny", "identity.write")]


def test_a_secret_with_a_new_identity_needs_a_permission_of_its_own() -> None:
    agent = people.agent(role="ADMIN")
    body = {"name": "x", "environment": "production", "purpose": "Tests.", "issueSecret": True}
    assert ask(agent, "post", "/api/identities", body) == 201
    assert [row.machine_permission for row in recorded()] == ["identity.write", "credential.rotate"]
