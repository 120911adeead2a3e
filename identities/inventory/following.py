"""The register follows its people: who loses an owner, or the last one of a team, is judged again."""

from uuid import UUID

from django.db.models import Q

from identities.inventory import posture
from identities.inventory.models import ManagedIdentity
from identities.people.models import Team
from identities.people.standing import StandingFollower


class Owners(StandingFollower):
    """Marks the identities concerned for the next sweep: it may be thousands, and a person should not wait for them."""

    kind = "register"

    def person_changed(self, user_id: UUID) -> None:
        named = Q(business_owner_id=user_id) | Q(technical_owner_id=user_id) | Q(deputy_owner_id=user_id)
        teams = Team.members.through.objects.filter(user_id=user_id).values("team_id")
        posture.mark(ManagedIdentity.objects.filter(named | Q(owner_team_id__in=teams)))

    def team_changed(self, team_id: UUID) -> None:
        posture.mark(ManagedIdentity.objects.filter(owner_team_id=team_id))
