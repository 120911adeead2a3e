"""The pages of requests: two screens to a bot with its secret, and what everybody else sees and may press."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole
from identities.requests.models import IdentityRequest
from tests.factories import pages, people

pytestmark = pytest.mark.django_db
ADD = "admin:identities_identityrequest_add"
LIST = "admin:identities_identityrequest_changelist"


@pytest.fixture
def there(db):
    tenant = people.tenant()
    facts: dict[str, Any] = {"of": tenant, "created_at": timezone.now() - timedelta(days=30)}
    return {
        "asker": people.person(role=PortalRole.ANALYST, first_name="Ada", last_name="Asker", **facts),
        "owner": people.person(role=PortalRole.ANALYST, first_name="Oma", last_name="Owner", **facts),
        "admin": people.person(first_name="Ari", last_name="Admin", **facts),
        "reader": people.person(role=PortalRole.READ_ONLY, **facts),
        "stranger": people.person(),
    }


def form(there, bundle="observability-bot", **more):
    permissions = ["identity.read", "schedule.read", "run.read", "finding.read"]
    if bundle == "deploy-bot":
        permissions = ["workflow.execute", "schedule.read", "schedule.run", "run.read"]
        more = {
            "evidence_releaseTicket": "REL-1", "evidence_approver": "dana", "evidence_deploymentId": "d-1", **more
        }  # fmt: skip
    return {
        "bundle": bundle,
        "name": "watcher",
        "environment": "development",
        "purpose": "Draws the dashboard.",
        "kind": "bot",
        "permissions": permissions,
        "expires_at": (timezone.now() + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M"),
        "technical_owner": str(there["owner"].pk),
        "secret": "me",
        **more,
    }


def send(there, who, data):
    address = f"{reverse(ADD)}?bundle={data['bundle']}"
    return pages.signed_in(there[who]).post(address, data, follow=True)


def asked(there, **more):
    answer = send(there, "asker", form(there, "deploy-bot", **more))
    assert answer.status_code == 200, answer.content.decode()[:3000]
    return IdentityRequest.objects.get()


def press(there, who, row, key, **values):
    return pages.signed_in(there[who]).post(pages.command(row, key), values, follow=True)


def test_who_only_reads_sees_the_list_and_asks_for_nothing(there):
    browser = pages.signed_in(there["reader"])
    assert "Nobody has asked" in browser.get(reverse(LIST)).content.decode()
    assert browser.get(reverse(ADD)).status_code == 403
    assert send(there, "reader", form(there)).status_code == 403
    assert not IdentityRequest.objects.exists()


def test_the_first_screen_shows_what_each_bundle_gives(there):
    said = pages.signed_in(there["asker"]).get(reverse(ADD)).content.decode()
    for text in ("Deploy bot", "workflow.execute", "release ticket", "low tier or higher", "366 days at most"):
        assert text in said


def test_the_second_screen_asks_only_for_what_the_bundle_needs(there):
    browser = pages.signed_in(there["asker"])
    plain = browser.get(f"{reverse(ADD)}?bundle=observability-bot").content.decode()
    assert "Release ticket" not in plain
    assert plain.count('name="permissions"') == 4
    assert len(re.findall(r'name="permissions"[^>]*checked', plain)) == 4
    deploy = browser.get(f"{reverse(ADD)}?bundle=deploy-bot").content.decode()
    assert "Release ticket" in deploy
    assert "Retention policy" not in deploy


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"evidence_releaseTicket": ""}, "required"),
        ({"permissions": ["identity.write"]}, "identity.write is not one"),
        ({"expires_at": "2020-01-01T00:00"}, "in the past"),
        ({"secret": "vault"}, "Say where it goes"),
        ({"technical_owner": "00000000-0000-0000-0000-000000000000"}, "valid choice"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(there, more, said):
    answer = send(there, "asker", form(there, "deploy-bot", **more))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not IdentityRequest.objects.exists()


def test_the_tier_is_previewed_with_its_reasons_and_nothing_is_saved(there):
    browser = pages.signed_in(there["asker"])
    address = f"{reverse(ADD)}?bundle=deploy-bot"
    shown = {"bundle": "deploy-bot", "environment": "production", "permissions": ["run.read"], "preview": "1"}
    said = browser.post(address, shown).content.decode()
    assert "Medium tier." in said
    assert "It works in production." in said
    said = browser.post(address, {**shown, "customer_facing": "on"}).content.decode()
    assert "High tier. Two other people say yes" in said
    assert not IdentityRequest.objects.exists()


def test_a_low_risk_bot_is_there_with_its_secret_after_two_screens(there):
    answer = send(there, "asker", form(there))
    said = answer.content.decode()
    assert "This is shown once" in said
    identity = ManagedIdentity.objects.get()
    assert identity.client_id in said
    assert "nhi_" in said
    row = IdentityRequest.objects.get()
    again = pages.signed_in(there["asker"]).get(pages.page(row)).content.decode()
    assert "nhi_" not in again
    assert "Issued" in again
    assert "It only reads." in again


def test_of_medium_tier_the_owner_says_yes_and_who_asked_collects(there):
    row = asked(there)
    assert (row.state, row.risk_tier) == ("pending", "medium")
    assert press(there, "asker", row, "approve", reason="Me.").status_code == 403
    assert press(there, "reader", row, "approve", reason="Me.").status_code == 403
    assert press(there, "stranger", row, "approve", reason="Me.").status_code == 404
    page = pages.signed_in(there["owner"]).get(pages.page(row)).content.decode()
    assert there["owner"].email in page
    assert "who answers for it" in page
    said = press(there, "owner", row, "approve", content_hash=row.approval.content_hash).content.decode()
    assert "watcher is issued" in said
    assert "Its secret waits for you" not in said
    mine = pages.signed_in(there["asker"]).get(pages.page(row)).content.decode()
    assert "Its secret waits for you" in mine
    assert press(there, "admin", row, "collect").status_code == 403
    shown = press(there, "asker", row, "collect").content.decode()
    assert "nhi_" in shown
    once_more = press(there, "asker", row, "collect").content.decode()
    assert "not possible any more" in once_more
    assert "nhi_" not in once_more


def test_a_yes_to_what_was_changed_meanwhile_is_none(there):
    row = asked(there)
    seen = row.approval.content_hash
    changed = press(there, "asker", row, "edit", **form(there, "deploy-bot", purpose="Another."))
    assert "asked anew" in changed.content.decode()
    said = press(there, "owner", row, "approve", content_hash=seen)
    assert said.status_code == 422
    assert "not what you saw" in said.content.decode()


def test_who_asked_takes_it_back_and_who_decides_says_no(there):
    row = asked(there)
    assert press(there, "owner", row, "cancel", reason="x").status_code == 403
    assert "Taken back" in press(there, "asker", row, "cancel", reason="Not needed.").content.decode()
    row.refresh_from_db()
    assert row.state == "cancelled"
    IdentityRequest.objects.update(name="another name")
    send(there, "asker", form(there, "deploy-bot"))
    second = IdentityRequest.objects.get(name="watcher")
    assert "Rejected" in press(there, "admin", second, "reject", reason="No.").content.decode()


def test_the_list_says_what_waits_for_whom_and_is_filtered(there, django_assert_max_num_queries):
    row = asked(there)
    browser = pages.signed_in(there["admin"])
    with django_assert_max_num_queries(12):
        said = browser.get(reverse(LIST)).content.decode()
    for text in (row.name, "pending", "medium", "approver", "owner"):
        assert text in said
    assert row.name not in browser.get(f"{reverse(LIST)}?mine=yes").content.decode()
    assert row.name in browser.get(f"{reverse(LIST)}?mine=no").content.decode()
    assert row.name not in pages.signed_in(there["stranger"]).get(reverse(LIST)).content.decode()
    with django_assert_max_num_queries(12):
        browser.get(pages.page(row))
