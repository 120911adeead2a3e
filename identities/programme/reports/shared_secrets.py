"""Shared secrets: one secret that several identities use (S3-71)."""

from typing import Any

from django.db.models import CharField, Count, F, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from identities.credentials.models import ExternalCredential
from identities.programme.conditions import in_use
from identities.programme.reports.credentials_listed import CredentialsListed


class SharedSecrets(CredentialsListed):
    """Credentials that more than one identity has."""

    name = "shared-secrets"
    title = "Shared secrets"
    position = 30
    why = (
        "One secret, several identities: by the place where it rests, or by the name its source gives it. Whoever "
        "rotates it stops them all, whoever leaks it opens them all, and the log cannot tell which of them it was."
    )
    nothing = "No two identities are known to use one secret."

    def rows(self) -> QuerySet[Any]:
        # Sharing may cross teams: what is shared is looked for in the whole tenant, what is listed lies in the slice.
        every: Any = ExternalCredential.objects.filter(in_use(), self.slice.rows("identity__tenant_id")).order_by()
        several = {"users": Count("identity", distinct=True)}
        places = every.exclude(stored_at="").values("identity__tenant_id", "stored_at").annotate(**several)
        names = every.annotate(mark=MARK).values("identity__tenant_id", "mark").annotate(**several)
        in_one_place = Q(stored_at__in=Subquery(places.filter(users__gt=1).values("stored_at")))
        of_one_name = Q(mark__in=Subquery(names.filter(users__gt=1).values("mark")))
        found: QuerySet[Any] = super().rows().annotate(mark=MARK).filter(in_one_place | of_one_name)
        return found.order_by("stored_at", "mark", "identity__name", "pk")


MARK = Concat(F("source"), Value(" "), F("kind"), Value(" "), F("external_id"), output_field=CharField())
