"""Live tokens: what can be used at this moment, and how long it was issued for (S4-77)."""

from typing import Any

from django.db.models import F, QuerySet

from identities.programme.counting import SHORT_LIFE
from identities.programme.reports.base import Line, Report
from identities.tokens.models import IssuedToken


class LiveTokens(Report):
    """Access tokens that have neither ended nor been revoked; never their text, which is nowhere."""

    name = "live-tokens"
    title = "Live tokens"
    position = 90
    why = (
        "A token works until it ends, whatever happens to its secret. Those issued for more than an hour are the "
        "ones to shorten first."
    )
    model = IssuedToken
    columns = ("Identity", "Environment", "Token id", "Scope", "Issued", "Ends", "Issued for (minutes)", "From address")
    related = ("identity",)
    options = {"life": ("Issued for", {"short": "An hour or less", "long": "More than an hour"})}
    nothing = "No token is alive."

    def rows(self) -> QuerySet[Any]:
        found = IssuedToken.objects.filter(
            self.slice.identities("identity__"), expires_at__gt=self.at, revoked_at=None
        ).order_by("-expires_at", "jti")
        limit = F("issued_at") + SHORT_LIFE
        words = {"short": {"expires_at__lte": limit}, "long": {"expires_at__gt": limit}}
        return found.filter(**words.get(self.asked.get("life", ""), {}))

    def line(self, row: Any) -> Line:
        minutes = round((row.expires_at - row.issued_at).total_seconds() / 60)
        cells = [
            row.identity.name, row.identity.environment or None, str(row.jti), row.scope, row.issued_at, row.expires_at,
            minutes, row.address or None,
        ]  # fmt: skip
        return Line(cells, identity_id=row.identity_id)
