"""Secrets past the day they should have been rotated by: one query."""

from collections.abc import Sequence

from django.db.models import Count, Window

from identities.admin.pages import list_of, page_of
from identities.admin.panels.base import Panel
from identities.admin.parts import Badge, Block, Code, Empty, Figure, Link, Moment, Table
from identities.admin.wording import tone_of
from identities.credentials.models import ClientSecret
from identities.credentials.selectors import alive
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State

SHOWN = 6


class Rotation(Panel):
    """Secrets past their rotation date."""

    kind = "rotation"
    position = 40
    figures_position = 4
    width = 3

    def load(self) -> None:
        rows = ClientSecret.objects.filter(alive(self.at), rotate_by__lt=self.at).exclude(identity__state=State.RETIRED)
        tenants = self.scope.tenant_ids(self.duty)
        if tenants is not None:
            rows = rows.filter(identity__tenant_id__in=tenants)
        counted = rows.select_related("identity").annotate(overdue=Window(Count("pk"))).order_by("rotate_by")
        self.found = list(counted[:SHOWN])
        self.total: int = self.found[0].overdue if self.found else 0

    def figures(self) -> Sequence[Figure]:
        return [
            Figure(
                "Rotation overdue",
                self.total,
                list_of(ManagedIdentity, rotation="overdue"),
                "secrets past their date" if self.total else "every secret is in time",
                "warn" if self.total else "quiet",
                "key",
            )
        ]

    def blocks(self) -> Sequence[Block]:
        rows = [
            [
                Link(secret.identity.name, page_of(secret.identity, tab="credentials")),
                Badge(secret.identity.environment, tone_of(secret.identity.environment)),
                Code(str(secret)),
                Moment(secret.rotate_by),
            ]
            for secret in self.found
        ]
        empty = Empty("No secret is overdue", "Secrets that pass their rotation date are listed here.", icon="verified")
        more = Link("All of them", list_of(ManagedIdentity, rotation="overdue"))
        return [Table("Rotation overdue", ["Identity", "Environment", "Secret", "Was due"], rows, empty, more=more)]
