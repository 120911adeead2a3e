"""The optional body member `change`: what a ticket, a note and a rollback plan say of a change (S4-48)."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from rest_framework import serializers

from audit import context
from identities.api.serializers import OptionalReasonShape, Shape


class ChangeShape(Shape):
    """Why it is changed and how it is taken back; stands on the timeline."""

    ticket = serializers.CharField(
        required=False, allow_blank=True, max_length=254, help_text="Address of the ticket or pull request."
    )
    note = serializers.CharField(
        required=False, allow_blank=True, max_length=4000, help_text="What changes and why; high tier: required."
    )
    rollback_plan = serializers.CharField(
        required=False, allow_blank=True, max_length=4000, help_text="How it is taken back; high tier: required."
    )


class ChangedReasonShape(OptionalReasonShape):
    """A reason, and what there is to say about the change."""

    change = ChangeShape(required=False, help_text="What stands behind the change.")


@contextmanager
def stated(body: MutableMapping[str, Any]) -> Iterator[None]:
    """Take `change` out of a body that was read; what is done inside is recorded with it.

    Also without the member: who comes through this door could have said it, and may be asked for it.
    """
    said = body.pop("change", None) or {}
    told = {name: str(said.get(name) or "").strip() for name in ("ticket", "note", "rollback_plan")}
    with context.bound(change=context.Change(**told)):
        yield
