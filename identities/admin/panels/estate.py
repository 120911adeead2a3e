"""Identities by environment and state, those without an owner and those never used: one query."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Count, Q

from identities.admin.pages import list_of, new_of
from identities.admin.panels.base import Panel
from identities.admin.parts import Block, Empty, Figure, Link, Meters, Share, bars
from identities.admin.wording import tone_of
from identities.inventory.models import Environment, ManagedIdentity
from identities.inventory.states import State

ORDER = (State.ACTIVE, State.PAUSED, State.QUARANTINED, State.DISABLED)
UNOWNED = Q(business_owner=None, technical_owner=None)


class Estate(Panel):
    """Identities by environment and state, and those nobody answers for."""

    kind = "estate"
    position = 35
    figures_position = 1
    width = 3
    counts: ClassVar[dict[str, Any]] = {
        "n": Count("pk"),
        "unowned": Count("pk", filter=UNOWNED),
        "unused": Count("pk", filter=Q(last_used_at=None)),
    }

    def load(self) -> None:
        rows = ManagedIdentity.objects.exclude(state=State.RETIRED)
        tenants = self.scope.tenant_ids(self.duty)
        if tenants is not None:
            rows = rows.filter(tenant_id__in=tenants)
        counted: Any = rows.order_by().values("environment", "state").annotate(**self.counts)
        self.found: list[dict[str, Any]] = list(counted)
        self.by_state: Counter[str] = Counter()
        for row in self.found:
            self.by_state[row["state"]] += row["n"]

    @property
    def total(self) -> int:
        return self.by_state.total()

    def figures(self) -> Sequence[Figure]:
        active, unowned = self.by_state[State.ACTIVE], sum(row["unowned"] for row in self.found)
        return [
            Figure(
                "Active identities",
                active,
                list_of(ManagedIdentity, state="active"),
                f"of {self.total}",
                icon="smart_toy",
            ),
            Figure(
                "Without owner",
                unowned,
                list_of(ManagedIdentity, owner="nobody"),
                "nobody answers" if unowned else "everybody has one",
                "warn" if unowned else "quiet",
                "person_off",
            ),
        ]

    def blocks(self) -> Sequence[Block]:
        states = [state for state in (*ORDER, *State) if self.by_state[state]]
        shown = list(dict.fromkeys(states))
        named = {
            str(environment.label): [Share(state, tone_of(state), self._count(environment, state)) for state in shown]
            for environment in Environment
        }
        legend = [Share(state, tone_of(state), self.by_state[state]) for state in shown]
        empty = Empty(
            "No identities yet",
            "Enter the first bot, job, key or agent. It starts with no role and no permission.",
            Link("New identity", new_of(ManagedIdentity)) if self.scope.chosen else None,
            "smart_toy",
        )
        drawn = bars(named) if self.total else []
        return [
            Meters(
                "Identities by environment", drawn, legend, empty, more=Link("All identities", list_of(ManagedIdentity))
            )
        ]

    def _count(self, environment: str, state: str) -> int:
        return sum(row["n"] for row in self.found if (row["environment"], row["state"]) == (environment, state))
