"""Four eyes: whether a person may decide on what others asked for, or is the same pair of eyes under another name."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from audit.models import AuditEvent
from identities.events import CredentialEvent, PersonEvent, TeamEvent, TransferEvent
from identities.people import same_person
from identities.people.models import User

#: What gives an account its password: whoever did it last may know it.
_PASSWORD = frozenset({PersonEvent.CREATED, PersonEvent.PASSWORD_SET})
#: What leads in beside the password: tokens that lie in a vault, an address by which the provider finds the account.
_DOORS = frozenset(
    {PersonEvent.CHANGED, CredentialEvent.STORED, PersonEvent.PROVIDER_LINKED, PersonEvent.PROVIDER_UNLINKED}
)
#: What makes somebody able to decide.
_ABLE = frozenset({PersonEvent.CREATED, PersonEvent.ROLE_CHANGED, PersonEvent.PASSWORD_SET, PersonEvent.ENABLED})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody may not decide: a stable code, and a sentence for them."""

    code: str
    sentence: str


NOT_A_PERSON = Refusal("not_a_person", "Only a person decides.")
DISABLED = Refusal("not_entitled", "This account is disabled.")
OWN = Refusal("own_request", "You asked for this, or had a hand in what is asked: somebody else decides.")
SAME = Refusal("same_person", "This account and one of those who asked seem to belong to the same person.")
YOUNG = Refusal("young_account", "This account is younger than what is asked.")
HAND = Refusal("hand_of_requester", "Somebody who asked gave this account its role or its access since they asked.")
THEIRS = Refusal("hand_of_requester", "Somebody who asked set the password of this account: set your own first.")
LED_IN = Refusal(
    "hand_of_requester",
    "One of you gave the other's account the address by which the provider finds it, or put its tokens into a vault: "
    "somebody else decides.",
)
MINE = Refusal(
    "hand_of_requester", "You set the password of somebody who asked: before you decide, they set one of their own."
)


def refusal(
    person: User,
    *,
    involved: Collection[str],
    since: datetime,
    team_ids: Collection[UUID] = (),
    owned: Collection[UUID] = (),
    owned_since: datetime | None = None,
) -> str:
    """Why `person` may not decide on what `involved` (ids) asked for at `since`; nothing where they may.

    Never oneself, an agent, a disabled or a younger account, another account of the same person; nor one whose role,
    access, password, place in a team (in one of `team_ids`, where given) or ownership of one of `owned` one of
    `involved` gave it since then (ownership: since `owned_since`); nor where one of the two set the other's password
    last, whenever that was, or opened another door to it (`_doors`). Two queries.
    """
    found = find(person, involved=involved, since=since, team_ids=team_ids, owned=owned, owned_since=owned_since)
    return found.sentence if found else ""


def find(
    person: User,
    *,
    involved: Collection[str],
    since: datetime,
    team_ids: Collection[UUID] = (),
    owned: Collection[UUID] = (),
    owned_since: datetime | None = None,
) -> Refusal | None:
    """As `refusal`, with its code."""
    if person.is_agent:
        return NOT_A_PERSON
    if not person.is_active:
        return DISABLED
    if str(person.pk) in involved:
        return OWN
    if person.created_at > since:
        return YOUNG
    others = _accounts(involved)
    concerned = Q(actor_id__in=list(involved), type=TeamEvent.MEMBER_ADDED, recorded_at__gte=since)
    if team_ids:
        concerned &= Q(subject_id__in=_texts(team_ids))
    if owned:
        concerned |= Q(subject_id__in=_texts(owned), recorded_at__gte=owned_since or since)
    trail = _trail((person, *others), concerned)
    if _is_another_account(person, others, trail):
        return SAME
    return _hand(person, frozenset(involved), trail, since)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What of an audit event counts here."""

    type: str
    subject_id: str
    actor_id: str
    at: datetime
    changes: Mapping[str, Any]
    details: Mapping[str, Any]


def _accounts(involved: Collection[str]) -> list[User]:
    """Those of `involved` that are accounts; a machine has none."""
    known = []
    for text in involved:
        try:
            known.append(UUID(text))
        except ValueError:
            continue
    return list(User.objects.filter(pk__in=known)) if known else []


def _trail(accounts: Collection[User], concerned: Q) -> list[_Entry]:
    about = Q(subject_id__in=_texts(one.pk for one in accounts), type__in=[*_ABLE, *_DOORS]) | concerned
    fields = ("type", "subject_id", "actor_id", "recorded_at", "changes", "details")
    return [_Entry(*row) for row in AuditEvent.objects.filter(about).order_by("id").values_list(*fields)]


def _is_another_account(person: User, others: list[User], trail: list[_Entry]) -> bool:
    mine = _personas(person, trail)
    return any(same_person.is_same(mine, _personas(other, trail)) for other in others)


def _personas(user: User, trail: Iterable[_Entry]) -> set[same_person.Persona]:
    # A new name or address makes nobody another person: what an account was called before counts as well.
    renamed = [entry.changes for entry in trail if entry.type == PersonEvent.CHANGED and _is_about(entry, user)]
    return same_person.personas(user, renamed)


def _hand(person: User, involved: frozenset[str], trail: list[_Entry], since: datetime) -> Refusal | None:
    me, setters = str(person.pk), _password_setters(trail)
    if setters.get(me) in involved:
        return THEIRS
    if any(setters.get(other) == me for other in involved):
        return MINE
    doors = _doors(trail)
    if doors.get(me, set()) & involved or any(me in doors.get(other, set()) for other in involved):
        return LED_IN
    given = [entry for entry in trail if entry.actor_id in involved]
    is_lifted = any(_lifts(entry, person, since) for entry in given)
    return HAND if is_lifted or _is_made_owner(person, trail, given) else None


def _password_setters(trail: Iterable[_Entry]) -> dict[str, str]:
    """By account: who set its password last."""
    return {entry.subject_id: entry.actor_id for entry in trail if entry.type in _PASSWORD}


def _doors(trail: Iterable[_Entry]) -> dict[str, set[str]]:
    """By account: who else may come in as it, whatever its password.

    Whoever gave it the address by which it was found at the provider, while that link lasts; whoever put its tokens
    into a vault, until a new password ends them.
    """
    given: dict[str, str] = {}
    linked: dict[str, str] = {}
    stored: dict[str, set[str]] = {}
    for entry in trail:
        account = entry.subject_id
        if entry.type == PersonEvent.CHANGED and "email" in entry.changes:
            given[account] = entry.actor_id
        elif entry.type == PersonEvent.PROVIDER_LINKED and account in given:
            linked[account] = given[account]
        elif entry.type == PersonEvent.PROVIDER_UNLINKED:
            linked.pop(account, None)
        elif entry.type == CredentialEvent.STORED:
            stored.setdefault(account, set()).add(entry.actor_id)
        elif entry.type in _PASSWORD:
            stored.pop(account, None)
    return {key: stored.get(key, set()) | {linked.get(key, "")} - {"", key} for key in {*linked, *stored}}


def _lifts(entry: _Entry, person: User, since: datetime) -> bool:
    """Whether this made the person able to decide: what befell their account, or a team that took them in."""
    if entry.type == TeamEvent.MEMBER_ADDED:
        return bool(entry.details.get("user_id") == str(person.pk))
    return entry.type in _ABLE and _is_about(entry, person) and entry.at >= since


def _is_made_owner(person: User, trail: Iterable[_Entry], given: Iterable[_Entry]) -> bool:
    """Whether one of `given` made the person an owner who was none before; to give back what was theirs is no gift."""
    names = {str(person.pk), person.email}
    first: dict[str, object] = {}
    for field, sides in _owner_changes(trail):
        first.setdefault(field, sides.get("previous"))
    given = list(given)
    gained = any(sides.get("current") in names for _, sides in _owner_changes(given))
    # Who is asked to take it over accepts by their own hand: it is a gift all the same.
    gained |= any(entry.type == TransferEvent.ASKED and entry.details.get("receiver") in names for entry in given)
    return gained and names.isdisjoint(str(value) for value in first.values())


def _owner_changes(entries: Iterable[_Entry]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for entry in entries:
        yield from ((field, sides) for field, sides in entry.changes.items() if "owner" in field)


def _texts(ids: Iterable[UUID]) -> list[str]:
    return [str(one) for one in ids]


def _is_about(entry: _Entry, user: User) -> bool:
    return entry.subject_id == str(user.pk)
