"""Bindings as rows of a table: who holds what, until when, why, and whether it was used."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from identities.access.models import RoleBinding
from identities.admin.pages import link_to, page_of
from identities.admin.parts import Badge, Empty, Lines, Link, Moment, Quiet, Table

SHOWN = 50


def state_of(binding: RoleBinding, at: datetime) -> Badge:
    """Where a binding stands in its life."""
    if binding.ended_at is not None and binding.ended_at <= at:
        return Badge("ended", "quiet", binding.ended_reason)
    if binding.valid_until <= at:
        return Badge("expired", "warn")
    if binding.valid_from > at:
        return Badge("not yet", "info")
    return Badge("in force", "good")


def _until(binding: RoleBinding) -> datetime:
    """When it ended, or will."""
    return min(binding.ended_at or binding.valid_until, binding.valid_until)


def binding_table(
    title: str, rows: Iterable[RoleBinding], *, of: str, action: Link | None = None, text: str = ""
) -> Table:
    """A table of bindings; `of` says which of the two ends each row names: `identity` or `role`."""
    at = timezone.now()
    found = sorted(list(rows)[:SHOWN], key=lambda binding: not binding.is_effective(at))
    drawn = [
        [
            link_to(binding.identity if of == "identity" else binding.role),
            state_of(binding, at),
            Lines([Moment(_until(binding)), Quiet(f"since {binding.valid_from:%d %b %Y}")]),
            Moment(binding.last_used_at, "not yet"),
            Lines([binding.reason, Quiet(f"by {binding.granted_by}")]),
            Link("Open", page_of(binding)),
        ]
        for binding in found
    ]
    empty = Empty(
        "No role, no permission" if of == "role" else "Nobody holds it",
        "Without a role this identity gets a token that opens nothing." if of == "role" else "Bind an identity to it.",
        action,
        "badge",
    )
    head = "Identity" if of == "identity" else "Role"
    return Table(title, [head, "State", "Until", "Last used", "Why", ""], drawn, empty, text, action if drawn else None)
