"""Where an account is signed in at the API: a session is all the refresh tokens that followed from one sign-in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Min, OuterRef, Subquery

from identities.people.models import RefreshToken, User

MOST = 50


@dataclass(frozen=True)
class OpenSession:
    """One that can be continued until `until`; `last_at` is its last refresh, or its sign-in."""

    family: UUID
    since: datetime
    last_at: datetime
    until: datetime


def of(user: User, *, at: datetime) -> list[OpenSession]:
    """Those that are open at `at`, the last used first, at most fifty."""
    first = RefreshToken.objects.filter(family=OuterRef("family")).order_by().values("family")
    begun = Subquery(first.annotate(at=Min("issued_at")).values("at"))
    rows = RefreshToken.objects.open().filter(user=user, expires_at__gt=at).annotate(begun=begun)
    return [OpenSession(row.family, row.begun, row.issued_at, row.expires_at) for row in rows[:MOST]]
