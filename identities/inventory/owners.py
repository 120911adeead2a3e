"""Who owns it: an owner is a person of the tenant and a label; a label alone counts as no owner until matched."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from identities.errors import Invalid
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.people.models import Team, User

ROLES = ("business_owner", "technical_owner", "deputy_owner")
MAX_LABEL = 254


@dataclass(frozen=True, slots=True)
class Owner:
    """What is kept of an owner: the person where known, and how he is called."""

    user: User | None
    label: str


NOBODY = Owner(user=None, label="")


def resolve(written: object, *, tenant_id: UUID, member: str) -> Owner:
    """Read an owner as it is written: an id, an e-mail, free text, `{id}` or `{label}`, or nothing.

    Raises Invalid naming `member` for an id that is nobody's in the tenant (a foreign one reads the same), for a
    service user and for an account that is disabled (none of them can answer for anything), and for a name that
    cannot be kept whole.
    """
    text = _text(written, member)
    if not text:
        return NOBODY
    user = _user(text, tenant_id)
    if user is None:
        if _uuid(text):
            raise Invalid({member: ["There is no such person."]})
        if len(text) > MAX_LABEL or not text.isprintable():
            raise Invalid({member: [f"A name is one line of at most {MAX_LABEL} characters."]})
        return Owner(user=None, label=text)
    if user.is_agent or not user.is_active:
        why = "A service user cannot own an identity." if user.is_agent else "This person's account is disabled."
        raise Invalid({member: [why]})
    return Owner(user=user, label=user.email)


def resolve_team(written: object, *, tenant_id: UUID) -> Team | None:
    """A team of the tenant by id or name; nothing is no team. Raises Invalid naming `owner_team`."""
    text = _text(written, "owner_team")
    if not text:
        return None
    known = _uuid(text)
    team = Team.objects.filter(Q(pk=known) if known else Q(name__iexact=text), tenant_id=tenant_id).first()
    if team is None:
        raise Invalid({"owner_team": ["There is no such team."]})
    return team


def owned_by(user_id: UUID) -> QuerySet[ManagedIdentity]:
    """Identities not retired of which this person is business, technical or deputy owner."""
    named = Q(business_owner_id=user_id) | Q(technical_owner_id=user_id) | Q(deputy_owner_id=user_id)
    return ManagedIdentity.objects.filter(named).exclude(state=State.RETIRED)


def is_ownerless(identity: ManagedIdentity) -> bool:
    """Is there nobody left who can answer for it: no active owner or deputy, and no team with an active member?"""
    people = (identity.business_owner, identity.technical_owner, identity.deputy_owner)
    if any(person is not None and person.is_active for person in people):
        return False
    team = identity.owner_team
    return team is None or not team.members.filter(is_active=True).exists()


def _user(text: str, tenant_id: UUID) -> User | None:
    known = _uuid(text)
    match = Q(pk=known) if known else Q(email=text.lower())
    return User.objects.filter(match, tenant_id=tenant_id).first()


def _text(written: object, member: str) -> str:
    if isinstance(written, Mapping) and set(written) <= {"id", "label"}:
        if (key := written.get("id")) and not _uuid(str(key)):
            raise Invalid({member: ["This is no id; a name goes into label."]})
        written = key or written.get("label")
    if written is None:
        return ""
    if isinstance(written, User | Team | UUID):
        return str(written.pk if isinstance(written, User | Team) else written)
    if not isinstance(written, str):
        raise Invalid({member: ["An owner is an id, an e-mail address or a name."]})
    return written.strip()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
