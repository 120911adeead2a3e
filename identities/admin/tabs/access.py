"""The roles an identity holds with what they permit together, and the secrets it may read."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from identities.access import selectors as access
from identities.access.matrix import Duty
from identities.access.models import RoleBinding, SecretGrant
from identities.access.secret_places import own_places
from identities.admin.binding_rows import binding_table
from identities.admin.elevation_rows import SHOWN, standing_table
from identities.admin.exception_commands import SAID
from identities.admin.pages import new_of, page_of
from identities.admin.parts import Badge, Block, Empty, Fact, Facts, Lines, Link, Moment, Quiet, Table
from identities.admin.permission_words import permission_badge
from identities.admin.secret_rows import places_table
from identities.admin.tabs.base import IdentityTab
from identities.elevations import selectors as elevations
from identities.elevations.models import BreakGlassGrant, Elevation
from identities.inventory import exceptions
from identities.inventory.models import PolicyException

RECENT = timedelta(days=30)


class AccessTab(IdentityTab):
    """Its roles and its secrets."""

    kind = "access"
    label = "Access"
    position = 25

    def blocks(self) -> Sequence[Block]:
        may = self.scope.may(Duty.GOVERN, self.identity.tenant_id) and self.identity.state != "retired"
        action = Link("Give a role", new_of(RoleBinding, identity=str(self.identity.pk))) if may else None
        rows = list(RoleBinding.objects.filter(identity=self.identity).select_related("role", "identity"))
        at = timezone.now()
        held = [(row.pk, row.role.name, row.role.permissions) for row in rows if row.is_effective(at)]
        permitted = sorted(access.standing_of(held).permissions)
        badges = [permission_badge(name) for name in permitted] or [Badge("nothing")]
        together = Facts("What it may do now", [Fact("Permissions of its roles", Lines(badges, row=True), wide=True)])
        bound = binding_table("Role bindings", rows, of="role", action=action)
        return [together, bound, self._for_a_while(), self._exceptions(), self._secrets()]

    def _for_a_while(self) -> Block:
        at, identity = timezone.now(), self.identity
        told = {"identity": str(identity.pk)}
        ways = [Link("Elevate", new_of(Elevation, **told)), Link("Arm break-glass", new_of(BreakGlassGrant, **told))]
        may = self.scope.may(Duty.REPORT, identity.tenant_id) and identity.is_enabled
        asked = elevations.elevations(None).filter(identity=identity)
        stands = Q(state="asked") | Q(state="given", binding__ended_at=None, binding__valid_until__gt=at)
        armed = elevations.break_glass(None).filter(identity=identity, state__in=("asked", "armed", "used", "review"))
        return standing_table(asked.filter(stands)[:SHOWN], armed[:SHOWN], at, ways if may else ())

    def _exceptions(self) -> Block:
        at = timezone.now()
        rows = [
            [
                Link(SAID.get(one.kind, one.kind), page_of(one)),
                Moment(one.expires_at),
                Lines([one.reason, Quiet(one.owner_label)]),
            ]
            for one in exceptions.of([self.identity.pk], at=at).order_by("expires_at")[:SHOWN]
        ]
        action = None
        if self.scope.may(Duty.GOVERN, self.identity.tenant_id) and self.identity.state != "retired":
            action = Link("Grant exception", new_of(PolicyException, identity=str(self.identity.pk)))
        empty = Empty("No exception", "The policy counts for it as it stands.", action, "rule")
        heads = ["Allowed", "Ends", "Why"]
        return Table("Exceptions from the policy", heads, rows, empty, action=action if rows else None)

    def _secrets(self) -> Block:
        at, tenant_id = timezone.now(), self.identity.tenant_id
        rows = SecretGrant.objects.select_related("identity").filter(self._shown(at), identity=self.identity)
        may_add = self.scope.may(Duty.REPORT, tenant_id) and self.identity.state != "retired"
        action = Link("Let it read a secret", new_of(SecretGrant, identity=str(self.identity.pk))) if may_add else None
        own = own_places([self.identity.pk], at).get(self.identity.pk, [])
        may = self.scope.may(Duty.GOVERN, tenant_id)
        return places_table("Secrets it may read", rows.order_by("secret_name", "pk")[:50], own, may=may, action=action)

    def _shown(self, at: datetime) -> Q:
        """What counts now or waits, and what ended in the last month."""
        return Q(ended_at=None, valid_until__gt=at - RECENT) | Q(ended_at__gt=at - RECENT)
