"""Routes of rotations: read with their evidence, rolled back."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from identities.credentials import services as credentials, usage as uses
from identities.credentials.authentication import authenticate
from identities.credentials.models import ClientKey, Rotation
from identities.credentials.usage import Source
from identities.inventory import usage
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole, Tenant
from tests.factories import client_keys, register, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def bot(tenant: Tenant) -> ManagedIdentity:
    return register.identity(tenant)


@pytest.fixture
def api(tenant: Tenant) -> APIClient:
    return register.client_of(register.person(tenant))


@pytest.fixture
def texts(bot: ManagedIdentity) -> list[str]:
    """The old secret and the new one."""
    return [credentials.issue(bot, actor=register.SYSTEM, reason="Due").text for _ in range(2)]


def the_one() -> Rotation:
    return Rotation.objects.get()


def roll_back(api: APIClient, **body: Any) -> Any:
    return api.post(f"/api/rotations/{the_one().pk}/rollback", body, format="json")


def test_only_an_admin_rolls_back_and_says_why(tenant: Tenant, api: APIClient, texts: list[str]) -> None:
    analyst = register.client_of(register.person(tenant, PortalRole.ANALYST))
    assert roll_back(analyst, reason="x").status_code == 403
    assert analyst.get(f"/api/rotations/{the_one().pk}").status_code == 200
    assert "reason" in roll_back(api).json()["errors"]
    assert "why" in roll_back(api, reason="x", why="y").json()["errors"]
    assert the_one().ended_at is None


def test_a_machine_needs_the_permission(bot: ManagedIdentity, texts: list[str]) -> None:
    machine = register.client_of_machine(bot, "identity.read")
    assert machine.get(f"/api/rotations/{the_one().pk}").status_code == 200
    assert roll_back(machine, reason="x").status_code == 403


def test_a_rotation_is_read_with_its_evidence_and_who_uses_which(
    api: APIClient, bot: ManagedIdentity, texts: list[str]
) -> None:
    for text, agent in zip(texts, ("cron/1", "cron/2"), strict=True):
        assert authenticate(bot.client_id, text, source=Source("192.0.2.7", agent))
    usage.flush()
    found = api.get(f"/api/rotations/{the_one().pk}").json()
    assert (found["state"], found["reason"], found["afterDeadline"]) == ("issued", "Due", "throttle")
    assert found["identity"] == {"id": str(bot.pk), "label": bot.name}
    assert found["silentSeconds"] == 6 * 3600
    for half, text, agent in ((found["old"], texts[0], "cron/1"), (found["new"], texts[1], "cron/2")):
        assert (half["kind"], half["hint"], half["uses"]) == ("client_secret", text[-4:], 1)
        assert half["firstUsedAt"] is not None
        assert [(source["address"], source["userAgent"]) for source in half["sources"]] == [("192.0.2.7", agent)]
    assert not any(text in str(found) for text in texts)


def test_the_use_of_both_over_time_is_read_with_one_question_more(
    api: APIClient, bot: ManagedIdentity, texts: list[str]
) -> None:
    for text in (*texts, texts[0]):
        assert authenticate(bot.client_id, text)
    usage.flush()
    with CaptureQueriesContext(connection) as asked:
        found = api.get(f"/api/rotations/{the_one().pk}/use").json()
    assert len(asked) == 2 + 1  # the rotation is found twice: by this test too
    assert found["stepSeconds"] == 60
    assert (sum(row["old"] for row in found["columns"]), sum(row["new"] for row in found["columns"])) == (2, 1)
    assert {*found["columns"][0]} == {"at", "old", "new"}
    stranger = register.client_of(register.person(tokens.tenant()))
    assert stranger.get(f"/api/rotations/{the_one().pk}/use").status_code == 404


def test_the_rotations_of_an_identity_are_listed(api: APIClient, bot: ManagedIdentity, texts: list[str]) -> None:
    listed = api.get(f"/api/identities/{bot.pk}/rotations").json()["results"]
    assert [row["id"] for row in listed] == [str(the_one().pk)]
    assert listed[0]["oldId"] != listed[0]["newId"]


def test_rolling_back_ends_the_new_one_and_happens_once(api: APIClient, bot: ManagedIdentity, texts: list[str]) -> None:
    answer = roll_back(api, reason="The night run broke")
    assert answer.status_code == 200, answer.content
    assert (answer.json()["state"], answer.json()["endedReason"]) == ("rolled_back", "The night run broke")
    assert [authenticate(bot.client_id, text) is not None for text in texts] == [True, False]
    again = roll_back(api, reason="Again")
    assert (again.status_code, again.json()["code"]) == (409, "rotation_ended")


def test_a_rotation_of_keys_says_from_where_each_is_used(tenant: Tenant, api: APIClient) -> None:
    old = client_keys.signing(of=register.identity(tenant))
    new = client_keys.signing(of=old.identity)
    uses.note(old.key.pk, old.identity.pk, source=Source("192.0.2.7", "cron"), at=timezone.now(), kind=ClientKey)
    usage.flush()
    found = api.get(f"/api/rotations/{Rotation.objects.get(old_key=old.key).pk}").json()
    assert [source["address"] for source in found["old"]["sources"]] == ["192.0.2.7"]
    assert (found["old"]["kind"], found["old"]["hint"], found["old"]["uses"]) == ("public_key", old.key.kid, 1)
    assert (found["new"]["hint"], found["new"]["sources"]) == (new.key.kid, [])


def test_the_cost_of_reading_does_not_grow_with_sources(api: APIClient, bot: ManagedIdentity, texts: list[str]) -> None:
    old = the_one().old
    assert old is not None
    counted = []
    for batch in (range(2), range(2, 40)):
        for number in batch:
            at = timezone.now() - timedelta(minutes=number)
            uses.note(old.pk, bot.pk, source=Source("192.0.2.7", f"agent {number}"), at=at)
        usage.flush()
        with CaptureQueriesContext(
            connection,
        ) as asked:
            found = api.get(f"/api/rotations/{the_one().pk}").json()
        counted.append(len(asked))
    assert counted[0] == counted[1] == 3
    assert [source["userAgent"] for source in found["old"]["sources"]][:2] == ["agent 0", "agent 1"]
    assert len(found["old"]["sources"]) == 20
