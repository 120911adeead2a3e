"""Unmanaged credentials: nobody owns their identity, or they rest in no known vault (S4-74)."""

from typing import Any

from django.db.models import QuerySet

from identities.programme.conditions import unmanaged
from identities.programme.reports.credentials_listed import CredentialsListed


class Unmanaged(CredentialsListed):
    """Credentials that nobody has in hand."""

    name = "unmanaged-credentials"
    title = "Unmanaged credentials"
    position = 55
    why = (
        "A credential is managed when its identity has a named owner and it rests in a vault that is known. These "
        "miss one or both: nobody will rotate them, and nobody knows where copies are."
    )
    nothing = "Every credential has an owner and a vault."

    def rows(self) -> QuerySet[Any]:
        return super().rows().filter(unmanaged())
