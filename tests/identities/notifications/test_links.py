"""Where things are looked at: every kind that a notice or an event is about and that has a page leads there."""

from uuid import uuid4

import pytest
from django.urls import reverse

from identities.admin.site import site
from identities.notifications import links

KEY = str(uuid4())
WITH_PAGES = (
    "identity", "finding", "user", "team", "vault_connection", "schedule", "run", "workflow", "role", "policy",
    "rotation", "approval", "campaign", "request", "identity_request", "succession", "transfer",
    "elevation", "break_glass", "quarantine", "channel", "subscription", "delivery",
)  # fmt: skip


@pytest.mark.parametrize("kind", ["", "comet", "signing_key", "../user", "a.b.c", "run/../../x"])
def test_what_has_no_page_leads_nowhere(kind: str) -> None:
    assert links.page_of(kind, KEY) == ""
    assert links.page_of("identity", "") == ""


@pytest.mark.parametrize("kind", WITH_PAGES)
def test_what_has_a_page_leads_there(kind: str) -> None:
    assert links.page_of(kind, KEY).endswith(f"/{KEY}/change/")


def test_an_id_that_somebody_wrote_stays_one_part_of_the_path() -> None:
    assert "/../" not in links.page_of("identity", "../../logout")


def test_an_event_without_a_page_leads_to_itself(settings: pytest.FixtureRequest) -> None:
    settings.PASSPORT_ISSUER = "https://steward.example"
    assert links.of_event("comet", "x", 7) == "https://steward.example/admin/audit/auditevent/7/change/"


def test_what_is_written_down_is_what_the_routes_say() -> None:
    assert {model._meta.label for model in site._registry} == links.PAGES
    for model in site._registry:
        name = "audit_event" if model._meta.app_label == "audit" else model.__name__
        assert links.page_of(name, KEY) == reverse(
            f"admin:{model._meta.label_lower.replace('.', '_')}_change", args=[KEY]
        )
    assert reverse("admin:notices") == links.INBOX
