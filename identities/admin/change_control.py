"""Ticket, note and rollback plan of a change: the fields of a form, and how a timeline shows what was said."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django import forms

from identities.admin.parts import Fact, Link

#: A service's name for each, and the field's.
CHANGE_MEMBERS = {
    "change.ticket": "change_ticket",
    "change.note": "change_note",
    "change.rollback_plan": "change_rollback_plan",
}
MOST_TEXT = 4000


def change_fields() -> dict[str, forms.Field]:
    """One field each; none is asked until a service asks for it."""
    return {
        "change_ticket": forms.CharField(
            label="Ticket or pull request", max_length=254, required=False, help_text="Its address, beginning https://."
        ),
        "change_note": forms.CharField(
            label="Change note",
            max_length=MOST_TEXT,
            required=False,
            widget=forms.Textarea(attrs={"rows": 2}),
            help_text="What changes, and why.",
        ),
        "change_rollback_plan": forms.CharField(
            label="Rollback plan",
            max_length=MOST_TEXT,
            required=False,
            widget=forms.Textarea(attrs={"rows": 2}),
            help_text="How it is taken back if it goes wrong.",
        ),
    }


def change_facts(details: Mapping[str, Any]) -> list[Fact]:
    """What an event says of its change; an address is a link only where it is https."""
    said = details.get("change")
    if not isinstance(said, Mapping):
        return []
    told = (("Change note", said.get("note")), ("Rollback plan", said.get("rollback_plan")))
    ticket = [Fact("Ticket", ticket_link(said["ticket"]))] if said.get("ticket") else []
    return [*ticket, *(Fact(label, str(text)) for label, text in told if text)]


def ticket_link(ticket: object) -> object:
    """The ticket as a link, or as text where it is no https address."""
    text = str(ticket)
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    return Link(text, text) if parts.scheme == "https" and parts.hostname else text
