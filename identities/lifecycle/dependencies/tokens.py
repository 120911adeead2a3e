"""Who takes its tokens: the audience that they are made for."""

from collections.abc import Iterator

from django.db.models import Count, Max, Q
from django.utils import timezone

from identities.inventory.dependencies.base import Dependency, DependencySource
from identities.inventory.models import ManagedIdentity
from identities.tokens import settings as passport
from identities.tokens.models import IssuedToken


class Tokens(DependencySource):
    """Kind `audience`: there once a token was issued; tokens of the past are tidied away, so the count is of what is
    kept."""

    kind = "audience"

    def of(self, identity: ManagedIdentity) -> Iterator[Dependency]:
        tokens = IssuedToken.objects.filter(identity=identity)
        live = Q(revoked_at=None, expires_at__gt=timezone.now())
        found = tokens.aggregate(last=Max("issued_at"), live=Count("jti", filter=live))
        if found["last"] is not None:
            number = found["live"]
            yield Dependency(
                kind=self.kind,
                id=passport.audience(),
                label=passport.audience(),
                detail=f"Takes its tokens; {number} live one{' dies' if number == 1 else 's die'} with it",
                evidence="Tokens issued by Passport",
                last_seen_at=found["last"],
            )
