"""Grants of secrets as rows of a table: who may read what, until when, why, and whether it did."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from identities.access.models import SecretGrant
from identities.access.secret_places import Place
from identities.access.secret_reading import state_of
from identities.access.secret_spans import is_unread
from identities.admin.pages import command_of, link_to, page_of
from identities.admin.parts import Badge, Empty, Lines, Link, Moment, Quiet, Table
from identities.detections.granted import cadence_of
from identities.inventory.models import ManagedIdentity

SHOWN = 50
TONES = {"granted": "good", "asked": "info", "refused": "quiet", "expired": "warn", "ended": "quiet"}
WORDS = {"granted": "may read", "asked": "asked for"}
#: What stands behind who reads where its own secret rests.
OWN = (Badge("its own secret", "good"), Quiet("while it lives"), "", "Its own secret rests here.", "")
#: Which buttons a grant has where it stands so, and their words.
DEEDS = {
    "asked": (("approve", "Grant"), ("refuse", "Refuse")),
    "granted": (("extend", "Extend"), ("end", "End")),
}


def state_badge(grant: SecretGrant, at: datetime) -> Badge:
    """Where a grant stands, and why where it is over."""
    state = state_of(grant, at)
    return Badge(WORDS.get(state, state), TONES[state], grant.ended_reason or grant.decided_reason)


def is_idle(grant: SecretGrant, at: datetime) -> bool:
    """Whether it is in force and was not read for twice its reader's cadence: it can go."""
    return state_of(grant, at) == "granted" and is_unread(
        grant.decided_at or grant.asked_at, grant.last_used_at, _cadence(grant), at
    )


def reader_of(grant: SecretGrant) -> Lines:
    """The identity, and the schedule for which alone it may read."""
    return Lines(
        [
            link_to(grant.identity),
            Quiet(f"for the schedule {grant.schedule_label}" if grant.schedule_label else "for whatever it does"),
        ]
    )


def readers_table(
    title: str, grants: Iterable[SecretGrant], own: Iterable[ManagedIdentity] = (), *, may: bool, action: Link | None
) -> Table:
    """The readers of one place; `may` says that the viewer decides, `own` whose own secret rests there."""
    at = timezone.now()
    rows: list[list[object]] = [
        [
            link_to(identity),
            Badge("its own secret", "good"),
            Quiet("while it lives"),
            "",
            "Its own secret rests here.",
            "",
        ]
        for identity in own
    ]
    rows += [[reader_of(grant), *_about(grant, at), _deeds(grant, at, may=may)] for grant in grants]
    empty = Empty("Nobody may read it", "A schedule that names it may, once it is saved.", action, "key_off")
    return Table(title, ["Reader", "State", "Until", "Last read", "Why", ""], rows[:SHOWN], empty, action=action)


def places_table(
    title: str, grants: Iterable[SecretGrant], own: Iterable[Place] = (), *, may: bool, action: Link | None
) -> Table:
    """What one reader may read; `own` are the places where the identity's own secret rests."""
    at = timezone.now()
    rows: list[list[object]] = [[Lines([place.secret_name, Quiet(place.vault_uri)]), *OWN] for place in own]
    rows += [[_place(grant), *_about(grant, at), _deeds(grant, at, may=may)] for grant in grants]
    text = "Asked for when a run needs a secret, before the vault is."
    empty = Empty("It may read no secret", "A schedule that names one may, once it is saved.", action, "key_off")
    return Table(title, ["Secret", "State", "Until", "Last read", "Why", ""], rows[:SHOWN], empty, text, action=action)


def _place(grant: SecretGrant) -> Lines:
    said: list[object] = [Link(grant.secret_name, page_of(grant)), Quiet(grant.vault_uri)]
    if grant.schedule_label:
        said.append(Quiet(f"for the schedule {grant.schedule_label}"))
    return Lines(said)


def _about(grant: SecretGrant, at: datetime) -> list[object]:
    state: list[object] = [state_badge(grant, at)]
    if is_idle(grant, at):
        state.append(Badge("not needed?", "warn", "Not read for twice its cadence, at least 30 days: it can go."))
    used = Lines([Moment(grant.last_used_at, "not yet"), Quiet(f"{grant.uses} times")])
    why = Lines([grant.reason, Quiet(f"by {grant.asked_by}" if grant.asked_by else "")])
    return [Lines(state), Moment(grant.valid_until), used if grant.uses else Moment(grant.last_used_at, "not yet"), why]


def _deeds(grant: SecretGrant, at: datetime, *, may: bool) -> object:
    found = DEEDS.get(state_of(grant, at), ()) if may else ()
    return Lines([*(Link(word, command_of(grant, key)) for key, word in found), Link("Open", page_of(grant))], row=True)


def _cadence(grant: SecretGrant) -> timedelta | None:
    if grant.schedule_id is not None:
        return None if grant.cadence_seconds is None else timedelta(seconds=grant.cadence_seconds)
    return cadence_of(grant.identity.expected_cadence, grant.identity.schedule_cadence_seconds)
