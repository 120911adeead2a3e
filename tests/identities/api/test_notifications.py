"""Telling people over the API: one's own inbox, channels whose secrets stay, subscriptions, dead letters."""

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from identities.notifications.models import Channel, Delivery, DeliveryState
from identities.people import notices
from identities.people.models import PortalRole, User
from tests.factories import people
from tests.factories.receivers import receiving
from tests.factories.register import client_of

pytestmark = pytest.mark.django_db
MAIL = {"name": "ops", "kind": "email", "settings": {"to": "ops@example.com"}}
SLACK = "https://hooks.slack.example/services/T/B/canary"


@pytest.fixture
def admin() -> User:
    return people.person()


@pytest.fixture
def api(admin: User) -> APIClient:
    return client_of(admin)


def tell(person: User, key: str, *, waits: bool = False) -> None:
    notices.tell([person], tenant_id=person.tenant_id, kind="k", key=key, subject=key, waits=waits)


def test_nobody_reads_or_marks_somebody_elses_inbox(api: APIClient, admin: User) -> None:
    other = people.person(of=admin.tenant)
    tell(other, "theirs")
    theirs = notices.of(other).get()
    assert api.get("/api/inbox").json()["results"] == []
    assert api.post("/api/inbox/seen", {"ids": [str(theirs.pk)]}, format="json").json() == {"seen": 0}
    assert api.post("/api/inbox/seen", {"ids": None}, format="json").json() == {"seen": 0}
    assert notices.unseen(other).exists()


def test_the_inbox_has_two_halves(api: APIClient, admin: User) -> None:
    tell(admin, "asked", waits=True)
    tell(admin, "told")
    subjects = {
        section: [row["subject"] for row in api.get(f"/api/inbox?section={section}").json()["results"]]
        for section in ("waiting", "told")
    }
    assert subjects == {"waiting": ["asked"], "told": ["told"]}
    assert len(api.get("/api/inbox").json()["results"]) == 2
    assert api.get("/api/inbox?section=other").status_code == 400
    assert api.post("/api/inbox/seen", {"ids": None}, format="json").json() == {"seen": 2}
    assert [row["subject"] for row in api.get("/api/inbox?section=waiting").json()["results"]] == ["asked"]


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_channels_are_for_those_who_govern(admin: User, role: PortalRole) -> None:
    caller = client_of(people.person(of=admin.tenant, role=role))
    assert caller.get("/api/channels").status_code == 403
    assert caller.post("/api/channels", MAIL, format="json").status_code == 403
    assert caller.get("/api/deliveries").status_code == 403


@pytest.mark.parametrize(
    ("wrong", "member"),
    [
        ({"kind": "pigeon"}, "kind"),
        ({"settings": {"to": "x"}}, "settings"),
        ({"settings": {"cc": "x@example.com"}}, "settings"),
        ({"secret": "x"}, "secret"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_channel_that_does_not_fit_is_a_400_by_member(api: APIClient, wrong: dict[str, Any], member: str) -> None:
    refused = api.post("/api/channels", {**MAIL, **wrong}, format="json")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [member])


def test_a_secret_is_told_once_where_it_is_made_and_never_where_it_is_given(api: APIClient) -> None:
    hook = {"name": "hook", "kind": "webhook", "settings": {"url": "https://hooks.example.com/x"}}
    made = api.post("/api/channels", hook, format="json").json()
    given = api.post("/api/channels", {"name": "chat", "kind": "slack", "secret": SLACK}, format="json").json()
    rotated = api.post(f"/api/channels/{made['id']}/rotateSecret", format="json").json()
    assert made["secret"].startswith("whsec_")
    assert rotated["secret"].startswith("whsec_")
    assert made["secret"] != rotated["secret"]
    assert "secret" not in given
    everything = [*(f"/api/channels/{one['id']}" for one in (made, given)), "/api/channels", "/api/audit/events"]
    shown = "".join(api.get(url).content.decode() for url in everything)
    assert "canary" not in shown
    assert "whsec_" not in shown


def test_a_test_that_does_not_arrive_is_a_503_that_says_why(api: APIClient, settings: Any) -> None:
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
    with receiving() as receiver:
        hook = {"name": "hook", "kind": "webhook", "settings": {"url": receiver.url}}
        key = api.post("/api/channels", hook, format="json").json()["id"]
        receiver.answers = [418]
        failed = api.post(f"/api/channels/{key}/test", format="json")
        assert (failed.status_code, failed.json()["code"]) == (503, "channel_failed")
        assert api.post(f"/api/channels/{key}/test", format="json").status_code == 200
    assert api.patch(f"/api/channels/{key}", {"isEnabled": False}, format="json").json()["isEnabled"] is False
    assert api.delete(f"/api/channels/{key}").status_code == 204


def test_an_unknown_event_is_a_400(api: APIClient) -> None:
    refused = api.post("/api/subscriptions", {"name": "x", "types": ["run.exploded"]}, format="json")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["types"])


def test_an_analyst_subscribes_themselves_alone(admin: User, api: APIClient) -> None:
    others = api.post(
        "/api/subscriptions", {"name": "a", "types": ["run.*"], "audience": "admins"}, format="json"
    ).json()
    analyst = people.person(of=admin.tenant, role=PortalRole.ANALYST)
    caller = client_of(analyst)
    body = {"name": "mine", "types": ["run.*"]}
    assert caller.post("/api/subscriptions", {**body, "audience": "admins"}, format="json").status_code == 403
    assert caller.post("/api/subscriptions", {**body, "personId": str(admin.pk)}, format="json").status_code == 403
    made = caller.post("/api/subscriptions", body, format="json").json()
    assert (made["audience"], made["person"]["id"]) == ("person", str(analyst.pk))
    assert [row["name"] for row in caller.get("/api/subscriptions").json()["results"]] == ["mine"]
    for method in (caller.get, caller.delete):
        assert method(f"/api/subscriptions/{others['id']}").status_code == 404
    assert caller.patch(f"/api/subscriptions/{made['id']}", {"digestMinutes": 30}, format="json").status_code == 200
    assert caller.delete(f"/api/subscriptions/{made['id']}").status_code == 204


def test_what_is_told_anyway_can_be_read(api: APIClient) -> None:
    found = api.get("/api/subscriptions/vocabulary").json()
    assert "run.credential_failed" in found["types"]
    assert {rule["key"] for rule in found["builtIn"]} == {
        "run_credential_failed", "agent_refresh_failed", "owner_lost", "rotation_overdue",
    }  # fmt: skip


def test_what_was_given_up_is_sent_again_and_nothing_else(api: APIClient, admin: User) -> None:
    channel = Channel.objects.create(tenant=admin.tenant, name="x", kind="email", settings={"to": "a@example.com"})
    rows = [
        Delivery.objects.create(tenant=admin.tenant, channel=channel, subject="x", state=state, sent_at=timezone.now())
        for state in (DeliveryState.DEAD, DeliveryState.SENT)
    ]
    assert len(api.get("/api/deliveries?state=dead").json()["results"]) == 1
    sent = [api.post(f"/api/deliveries/{row.pk}/resend", format="json") for row in rows]
    assert [answer.status_code for answer in sent] == [200, 409]
    assert sent[0].json()["state"] == "waiting"
