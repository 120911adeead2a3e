"""Findings follow custody: when somebody leaves or comes back, what they were shown is judged again."""

from uuid import UUID

from django.utils import timezone

from identities.credentials.custody import identities_seen_into_by
from identities.inventory import locks
from identities.inventory.models import ManagedIdentity
from identities.people.standing import StandingFollower


class Custodians(StandingFollower):
    """Marks the identities whose live secrets this person was shown.

    Only those that nobody else holds: the register's own follower has taken its rows by now, and a second round of
    waiting could close a ring. A row passed by is changing anyway, and is looked at again within the day.
    """

    kind = "custody"

    def person_changed(self, user_id: UUID) -> None:
        at = timezone.now()
        ids = list(identities_seen_into_by(user_id, at).values_list("pk", flat=True))
        if ids:
            ManagedIdentity.objects.filter(pk__in=locks.take(ids)).update(reassess_at=at)

    def team_changed(self, team_id: UUID) -> None:
        """Nobody forgets a secret by changing the team."""
