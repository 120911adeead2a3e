"""Replacing a service user over the API: for administrators of its tenant, and only by what the services allow."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from identities.people.models import User
from identities.policies import decision_log
from identities.service_users.doors import doors
from identities.service_users.models import Replacement
from tests.factories import people, register
from tests.factories.replacements import begun, did, moved_over

pytestmark = pytest.mark.django_db
REASON = {"reason": "We stop using passwords."}


@pytest.fixture
def agent() -> User:
    made = people.agent()
    did(made, "identity.read", times=2)
    did(made, "govern", kind="user")
    return made


@pytest.fixture
def client(agent: User) -> Any:
    return register.client_of(people.person(of=agent.tenant))


def plan(agent: User) -> str:
    return f"/api/users/{agent.pk}/replacement/plan"


def start(agent: User) -> str:
    return f"/api/users/{agent.pk}/replacement"


@pytest.mark.parametrize("role", ["READ_ONLY", "ANALYST", "AUDITOR"])
def test_only_an_admin_plans_begins_and_looks(agent: User, role: str) -> None:
    row = begun(agent).replacement
    stranger = register.client_of(people.person(of=agent.tenant, role=role))
    for path in (plan(agent), "/api/replacements", f"/api/replacements/{row.pk}"):
        assert stranger.get(path).status_code == 403
    for path in (start(agent), f"/api/replacements/{row.pk}/finish", f"/api/replacements/{row.pk}/cancel"):
        assert stranger.post(path, REASON, format="json").status_code == 403


def test_no_managed_identity_replaces_anybody(agent: User) -> None:
    bot = register.client_of_machine(register.identity(agent.tenant), "identity.write", "identity.read")
    assert bot.get(plan(agent)).status_code == 403
    assert bot.post(start(agent), REASON, format="json").status_code == 403


def test_another_tenants_account_is_none(agent: User, client: Any) -> None:
    other = people.agent()
    row = begun(other).replacement
    assert client.get(plan(other)).status_code == 404
    assert client.post(start(other), REASON, format="json").status_code == 404
    assert client.get(f"/api/replacements/{row.pk}").status_code == 404
    assert client.post(f"/api/replacements/{row.pk}/cancel", REASON, format="json").status_code == 404
    assert client.get("/api/replacements").json()["results"] == []


def test_a_person_is_a_conflict_and_says_so(agent: User, client: Any, problem: Any) -> None:
    problem(client.get(plan(people.person(of=agent.tenant))), 409, "not_a_service_user")


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({}, "reason"),
        ({**REASON, "colour": "red"}, "colour"),
        ({**REASON, "permissions": ["payroll.pay"]}, "permissions.0"),
        ({**REASON, "role": "nobody's"}, "role"),
        ({**REASON, "quietHours": 0}, "quietHours"),
        ({**REASON, "quietHours": 48, "overdueDays": 1}, "overdueDays"),
        ({**REASON, "storeSecretAt": {"provider": "local", "vaultUri": "local://x", "secretName": "a"}},
         "storeSecretAt.vaultUri"),
    ],
)  # fmt: skip
def test_what_does_not_fit_names_the_member(
    agent: User, client: Any, problem: Any, body: dict[str, Any], member: str
) -> None:
    assert member in problem(client.post(start(agent), body, format="json"), 400)["errors"]
    assert not Replacement.objects.exists()


def test_the_plan_says_what_is_covered_and_what_is_not_in_plain_words(agent: User, client: Any) -> None:
    found = client.get(plan(agent)).json()
    assert [(one["permission"], one["times"]) for one in found["permissions"]] == [("identity.read", 2)]
    [left] = found["notCovered"]
    assert left["text"] == "Seeing or changing people and service users: open to people and service users only."
    assert (found["role"], found["quietHours"], found["decisions"]) == (None, 24, 3)


def test_it_begins_and_shows_the_secret_once(agent: User, client: Any) -> None:
    answer = client.post(start(agent), {**REASON, "name": "reports"}, format="json")
    made = answer.json()
    assert answer.status_code == 201
    assert made["clientSecret"].startswith("nhi_")
    assert (made["name"], made["state"], made["permissions"]) == ("reports", "both_alive", ["identity.read"])
    again = client.get(f"/api/replacements/{made['id']}").json()
    assert "clientSecret" not in again
    assert "has used reports yet" in again["waitsFor"]
    assert made["clientSecret"] not in str(client.get("/api/replacements").json())


def test_a_secret_in_a_vault_is_not_shown(agent: User, client: Any) -> None:
    place = {"provider": "local", "vaultUri": "local://default", "secretName": "reports"}
    made = client.post(start(agent), {**REASON, "storeSecretAt": place}, format="json")
    assert made.status_code == 201
    assert "clientSecret" not in made.json()


def test_the_list_is_found_by_account_identity_and_state(agent: User, client: Any) -> None:
    one, _ = begun(agent), begun(people.agent(of=agent.tenant))
    for query in (f"userId={agent.pk}", f"identityId={one.identity.pk}"):
        [found] = client.get(f"/api/replacements?{query}").json()["results"]
        assert (found["userId"], found["identityId"]) == (str(agent.pk), str(one.identity.pk))
    assert len(client.get("/api/replacements?state=both_alive").json()["results"]) == 2
    assert client.get("/api/replacements?state=moved").json()["results"] == []


def test_what_is_in_use_ends_only_by_force(agent: User, client: Any, problem: Any) -> None:
    made = begun(agent)
    Replacement.objects.update(begun_at=timezone.now() - timedelta(hours=1))
    finish, cancel = (f"/api/replacements/{made.replacement.pk}/{word}" for word in ("finish", "cancel"))
    problem(client.post(finish, REASON, format="json"), 409, "identity_unused")
    moved_over(made)
    problem(client.post(cancel, REASON, format="json"), 409, "identity_in_use")
    problem(client.post(finish, REASON, format="json"), 409, "account_in_use")
    ended = client.post(finish, {**REASON, "force": True}, format="json")
    assert (ended.status_code, ended.json()["state"]) == (200, "moved")
    assert not User.objects.get(pk=agent.pk).is_active
    problem(client.post(finish, REASON, format="json"), 409, "replacement_ended")


def test_taking_it_back_leaves_the_account(agent: User, client: Any) -> None:
    row = begun(agent).replacement
    ended = client.post(f"/api/replacements/{row.pk}/cancel", REASON, format="json").json()
    assert (ended["state"], ended["waitsFor"]) == ("cancelled", "")
    assert User.objects.get(pk=agent.pk).is_active


def test_questions_do_not_grow(agent: User, client: Any, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    begun(agent)
    doors()
    with django_assert_num_queries(8):
        client.get(plan(agent))
    with django_assert_num_queries(1):
        client.get("/api/replacements")
    for _ in range(3):
        begun(people.agent(of=agent.tenant))
    decision_log.forget()
    with django_assert_num_queries(1):
        assert len(client.get("/api/replacements").json()["results"]) == 4
