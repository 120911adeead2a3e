"""What a person answers for: what they left behind, or would, and the secrets they saw."""

from collections.abc import Sequence
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from identities.admin.pages import Tab, link_to, page_of
from identities.admin.parts import Badge, Block, Empty, Lines, Link, Moment, Notice, Quiet, Table
from identities.admin.wording import tone_of
from identities.credentials import custody
from identities.inventory.models import ManagedIdentity
from identities.people.models import User
from identities.succession import left_behind
from identities.succession.models import CaseState, SuccessionCase

SHOWN = 50


def left_tab(person: User, *, may_govern: bool) -> list[Tab]:
    """The tab of a person; a service user owns nothing."""
    if person.is_agent:
        return []
    label = "Answers for" if person.is_active else "Left behind"
    return [Tab("left", label, lambda: _blocks(person, may_govern=may_govern))]


def _blocks(person: User, *, may_govern: bool) -> list[Block]:
    owned = list(left_behind.owned_by(person.pk)[: SHOWN + 1])
    cases = {case.identity_id: case for case in SuccessionCase.objects.filter(identity__in=owned[:SHOWN])}
    return [*_seen(person, may_govern=may_govern), _table(person, owned, cases)]


def _seen(person: User, *, may_govern: bool) -> Sequence[Block]:
    if not may_govern or person.is_active:
        return ()
    number = custody.live_secrets_seen_by(person, timezone.now()).count()
    if not number:
        return ()
    words = f"They saw {number} {'secret that works' if number == 1 else 'secrets that work'} still"
    action = Link("Replace them", reverse("admin:secrets_seen", args=[person.pk]))
    return (
        Notice(words, "Whoever has seen a secret can use it, with or without an account here.", "bad", "key", action),
    )


def _table(person: User, owned: Sequence[ManagedIdentity], cases: dict[UUID, SuccessionCase]) -> Table:
    rows = [
        [
            link_to(one),
            ", ".join(_roles(person, one)),
            Badge(f"{one.risk_tier} tier", tone_of(one.risk_tier)),
            *_next(one, cases.get(one.pk)),
        ]
        for one in owned[:SHOWN]
    ]
    title = "What they answer for" if person.is_active else "What they left behind"
    empty = Empty("They own nothing", "Nothing is left without somebody should they go.", icon="inventory_2")
    more = f"The first {SHOWN} are shown." if len(owned) > SHOWN else ""
    text = f"All of it goes on working. {more}".strip()
    return Table(title, ["Identity", "As", "Tier", "State", "Who is next"], rows, empty, text if rows else "")


def _next(identity: ManagedIdentity, case: SuccessionCase | None) -> tuple[object, object]:
    if case is not None and case.state == CaseState.OPEN:
        asked = ", ".join(case.steps[-1]["labels"][:2]) or "nobody yet"
        return Link("caretaker", page_of(case)), Lines([asked, Moment(case.due_at)])
    if case is not None:
        return Link(case.get_state_display().lower(), page_of(case)), case.settled_by
    heir = identity.deputy_owner or identity.owner_team
    return Quiet("theirs"), link_to(heir) if heir else Badge("nobody named", "warn")


def _roles(person: User, identity: ManagedIdentity) -> list[str]:
    held = {
        "technical owner": identity.technical_owner_id,
        "business owner": identity.business_owner_id,
        "deputy": identity.deputy_owner_id,
    }
    return [role for role, key in held.items() if key == person.pk]
