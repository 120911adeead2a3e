"""Slice: whose numbers. A tenant's, one team's, or those of a pilot: one application or one workflow (S4-73)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q

from identities.inventory.states import State
from identities.programme.pilots.base import identity_ids

LONGEST = 120


@dataclass(frozen=True, slots=True)
class Slice:
    """`tenant_ids` None is every tenant; a team, an application and a workflow narrow it further.

    `worked` are the identities of the workflow; `narrowed` looks them up.
    """

    tenant_ids: Collection[UUID] | None
    team_id: UUID | None = None
    application: str = ""
    workflow: str = ""
    worked: frozenset[UUID] = frozenset()

    @property
    def is_pilot(self) -> bool:
        """Whether it is narrowed by something of which no days are kept."""
        return bool(self.application or self.workflow)

    @property
    def is_whole(self) -> bool:
        """Whether it is all of its tenants."""
        return self.team_id is None and not self.is_pilot

    def identities(self, path: str = "") -> Q:
        """The condition for an identity, found at `path` from the row asked for, to be in it and not retired."""
        return self.every_identity(path) & ~Q(**{f"{path}state": State.RETIRED.value})

    def every_identity(self, path: str = "") -> Q:
        """The same with those that are retired."""
        found = Q()
        if self.tenant_ids is not None:
            found &= Q(**{f"{path}tenant_id__in": self.tenant_ids})
        if self.team_id is not None:
            found &= Q(**{f"{path}owner_team_id": self.team_id})
        if self.application:
            found &= Q(**{f"{path}application": self.application})
        return found & Q(**{f"{path}pk__in": self.worked}) if self.workflow else found

    def rows(self, path: str = "tenant_id") -> Q:
        """The condition for a row that knows only its tenant; it says nothing of a team or a pilot."""
        return Q() if self.tenant_ids is None else Q(**{f"{path}__in": self.tenant_ids})

    def narrowing(self) -> str:
        """The same narrowing as the query string of a list."""
        asked: dict[str, Any] = {"team": self.team_id, "application": self.application, "workflow": self.workflow}
        return urlencode({name: str(value) for name, value in asked.items() if value})


def narrowed(
    tenant_ids: Collection[UUID] | None, *, team_id: UUID | None = None, application: str = "", workflow: str = ""
) -> Slice:
    """The slice as it is asked for in a query, its words cut and cleaned; a workflow costs two queries."""
    application, workflow = (word[:LONGEST].replace("\x00", "") for word in (application, workflow))
    worked = identity_ids("workflow", workflow, tenant_ids) if workflow else frozenset()
    return Slice(tenant_ids, team_id=team_id, application=application, workflow=workflow, worked=worked)
