"""Whose rows a page shows: the signed-in person, what the matrix gives them, and the tenant they look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from audit.actors import Actor
from identities.access.matrix import Duty, Reach
from identities.access.principal import Principal
from identities.people.models import Tenant, User

SESSION_KEY = "steward.tenant"
EVERY = "every"
#: More tenants than this are reached by the list of tenants, not by the switch.
SWITCH_LIMIT = 200


@dataclass(frozen=True)
class Scope:
    """`chosen` is the tenant looked at, None for every one; `tenants` is what the switch offers, empty without one."""

    user: User
    principal: Principal
    tenants: Sequence[Tenant]
    chosen: Tenant | None

    @property
    def actor(self) -> Actor:
        return self.principal.actor

    @property
    def has_switch(self) -> bool:
        return len(self.tenants) > 1

    @property
    def shows_demo(self) -> bool:
        return self.chosen is not None and self.chosen.is_demo

    def tenant_ids(self, duty: Duty) -> frozenset[UUID] | None:
        """The tenants whose rows are shown for `duty`: what may be seen, narrowed to what is looked at."""
        visible = self.principal.visible_tenants(duty)
        if self.chosen is None:
            return visible
        chosen = frozenset({self.chosen.pk})
        return chosen if visible is None else visible & chosen

    def may(self, duty: Duty, tenant_id: UUID | None = None, *, owned: bool = False) -> bool:
        """Whether `duty` may be done, in `tenant_id` where it is given; `owned` says that the thing is one's own."""
        reach = self.principal.reach(duty)
        if reach is Reach.NONE or (reach is Reach.OWN and not owned and tenant_id is not None):
            return False
        visible = self.principal.visible_tenants(duty)
        return tenant_id is None or visible is None or tenant_id in visible


def scope_of(request: HttpRequest) -> Scope:
    """The scope of this request, worked out once. Only for signed-in people."""
    known: Scope | None = getattr(request, "steward_scope", None)
    if known is None:
        known = _work_out(request)
        request.steward_scope = known  # type: ignore[attr-defined]
    return known


def choose(request: HttpRequest, value: str) -> bool:
    """Look at another tenant, or at every one; False when that one cannot be seen."""
    scope = scope_of(request)
    allowed = {str(tenant.pk) for tenant in scope.tenants} | ({EVERY} if scope.has_switch else set())
    if value not in allowed:
        return False
    request.session[SESSION_KEY] = value
    return True


def _work_out(request: HttpRequest) -> Scope:
    user: Any = request.user
    principal = Principal.person(user)
    if principal.visible_tenants(Duty.READ_REGISTER) is not None:
        return Scope(user, principal, (), user.tenant)
    tenants = tuple(Tenant.objects.order_by("-is_demo", "name")[:SWITCH_LIMIT])
    return Scope(user, principal, tenants, _chosen(request, principal, tenants, user.tenant_id))


def _chosen(request: HttpRequest, principal: Principal, tenants: Sequence[Tenant], own: UUID) -> Tenant | None:
    wanted = request.session.get(SESSION_KEY)
    by_id = {str(tenant.pk): tenant for tenant in tenants}
    if wanted in by_id:
        return by_id[wanted]
    if wanted == EVERY or not principal.is_platform_admin:
        return None
    demo = next((tenant for tenant in tenants if tenant.is_demo), None)
    return demo or by_id.get(str(own))
