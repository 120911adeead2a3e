"""Who is asked: by rule the owner, then deputy, team, security; never oneself by one's own hand, never a machine.

Somebody can be asked who is a person of the tenant, active, and whose role may answer at all (`Duty.REPORT`).
One's own is what one owns, is deputy of or has in one's team; who merely made it has nothing of his own in it.

- rule `owner` asks exactly the owner: technical, then business, then deputy, team, security. Whoever launched the
  campaign is passed over for what is his own: by his own campaign he would certify his own;
- rule `team` asks a member of the owning team who is neither owner nor deputy of it, else security;
- rule `security` asks those who govern, and none of them for his own.

A group is asked evenly, in the order of e-mail addresses: the same data, the same reviewers.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from identities.access.matrix import Duty, may
from identities.inventory.models import ManagedIdentity
from identities.people import selectors as people
from identities.people.models import User
from identities.recertification.models import ReviewCampaign, ReviewerRule, ReviewItem

OWNERS = ("technical_owner", "business_owner")
NAMED = (*OWNERS, "deputy_owner")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom one item asks, and why exactly that person; nobody is left where `person` is None."""

    person: User | None
    why: str


@dataclass(frozen=True)
class Circle:
    """The people of one tenant, read once for many items; `load` counts what each was given already."""

    teams: Mapping[UUID, Sequence[User]]
    security: Sequence[User]
    load: Counter[UUID] = field(default_factory=Counter)

    def fewest(self, group: Iterable[User], but: Collection[UUID]) -> User | None:
        """Who of the group has the least to do; the first by address among equals."""
        able = [person for person in group if person.pk not in but]
        return min(able, key=lambda person: (self.load[person.pk], person.email), default=None)


def can_answer(person: User | None, tenant_id: UUID) -> bool:
    """May this account answer reviews of the tenant at all?"""
    if person is None or not person.is_active or person.is_agent or person.tenant_id != tenant_id:
        return False
    return may(person.role, Duty.REPORT)


def circle(campaign: ReviewCampaign, team_ids: Collection[UUID | None]) -> Circle:
    """Teams with those members who can be asked, those who govern, and how many items each has. Three queries."""
    tenant_id = campaign.tenant_id
    members: dict[UUID, list[User]] = {}
    wanted = {pk for pk in team_ids if pk is not None}
    for person in User.objects.filter(teams__in=wanted, tenant_id=tenant_id).distinct().prefetch_related("teams"):
        if can_answer(person, tenant_id):
            for team in person.teams.all():
                members.setdefault(team.pk, []).append(person)
    security = [person for person in _security(tenant_id) if can_answer(person, tenant_id)]
    given = ReviewItem.objects.filter(campaign=campaign, reviewer__isnull=False).values_list("reviewer_id", flat=True)
    return Circle(members, sorted(security, key=lambda person: person.email), Counter(given))


def choose(identity: ManagedIdentity, campaign: ReviewCampaign, among: Circle, *, but: Collection[UUID] = ()) -> Asked:
    """Whom to ask about `identity`, passing over `but` (who was asked in vain); adds to that person's load."""
    for person, why in _candidates(identity, campaign, among, frozenset(but)):
        if person is not None:
            among.load[person.pk] += 1
            return Asked(person, why)
    return Asked(None, "Nobody who may answer is left to ask.")


def is_own(person: User, identity: ManagedIdentity, *, rule: str) -> bool:
    """Is it his own, so that under this rule another one of the group has to answer?"""
    if person.pk in named(identity):
        return True
    return rule != ReviewerRule.TEAM and is_in_team(person, identity)


def named(identity: ManagedIdentity) -> frozenset[UUID]:
    """The people named on the row: owners and deputy."""
    return frozenset(pk for role in NAMED if (pk := getattr(identity, f"{role}_id")) is not None)


def is_in_team(person: User, identity: ManagedIdentity) -> bool:
    """Is this person in the owning team?"""
    return identity.owner_team_id is not None and person.teams.filter(pk=identity.owner_team_id).exists()


def is_launcher(person: User, campaign: ReviewCampaign) -> bool:
    """Did this person launch the campaign?"""
    return bool(campaign.created_by_id) and campaign.created_by_id == str(person.pk)


def _candidates(
    identity: ManagedIdentity, campaign: ReviewCampaign, among: Circle, but: frozenset[UUID]
) -> Iterator[tuple[User | None, str]]:
    team = among.teams.get(identity.owner_team_id, ()) if identity.owner_team_id else ()
    its_own = named(identity)
    if campaign.reviewer_rule == ReviewerRule.OWNER:
        launcher = {UUID(campaign.created_by_id)} if _is_id(campaign.created_by_id) else set()
        for role in NAMED:
            person: User | None = getattr(identity, role)
            if can_answer(person, campaign.tenant_id) and person is not None and person.pk not in but | launcher:
                yield person, role.replace("_", " ").capitalize()
        yield among.fewest(team, but | launcher), "Member of the owning team"
        # By now nobody of those who own it is left: one of them who launched the campaign stays passed over.
        own = its_own | {person.pk for person in team}
        yield among.fewest(among.security, but | (launcher & own)), "Governs the tenant"
        return
    if campaign.reviewer_rule == ReviewerRule.TEAM:
        yield among.fewest(team, but | its_own), "Member of the owning team"
    yield among.fewest(among.security, but | its_own | {person.pk for person in team}), "Governs the tenant"


def _security(tenant_id: UUID) -> Iterable[User]:
    found: Iterable[User] = getattr(people, "security", people.active_admins)(tenant_id)
    return found


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
