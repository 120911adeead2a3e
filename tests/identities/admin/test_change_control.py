"""Ticket, note and rollback plan in the admin: a folded section on the forms, and facts on the timeline."""

import pytest

from audit.models import AuditEvent
from identities.access.models import RoleBinding
from identities.admin.change_control import change_facts, ticket_link
from tests.factories import pages, register
from tests.identities.access.test_identity_approval import Estate, later

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("text", ["javascript:alert(1)", "http://tickets.example.com", "OPS-7", "https://", "//x"])
def test_only_an_https_address_becomes_a_link(text):
    assert ticket_link(text) == text


def test_what_stands_in_it_is_escaped():
    link = str(ticket_link('https://tickets.example.com/"><script>'))
    assert "<script>" not in link
    assert 'href="https://tickets.example.com/' in link


def test_an_event_without_it_says_nothing_of_it():
    assert change_facts({}) == []
    assert change_facts({"change": "text"}) == []


def test_a_role_for_an_approved_identity_asks_for_note_and_plan_and_shows_them():
    estate = Estate()
    client = pages.signed_in(estate.asker)
    address = pages.adding(RoleBinding)
    page = client.get(address)
    assert "Change control" in page.text
    role = register.role(estate.tenant, "identity.read")
    values = {
        "identity": str(estate.bot.pk),
        "role": str(role.pk),
        "reason": "more",
        "valid_from": "",
        "valid_until": later().strftime("%Y-%m-%dT%H:%M"),
        "once": "1",
    }
    refused = client.post(address, values)
    assert refused.status_code == 422
    assert "Say how it is taken back" in refused.text
    given = {"change_ticket": "https://tickets.example.com/7", "change_note": "More", "change_rollback_plan": "End it"}
    done = client.post(address, values | given | {"once": "2"})
    assert done.status_code == 302
    assert AuditEvent.objects.filter(type="role_binding.granted").latest("id").details["change"]["note"] == "More"
    shown = client.get(pages.page(estate.bot))
    assert "This identity waits for approval." in shown.text
    assert "waits for approval" in shown.text
