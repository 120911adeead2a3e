"""The roles an identity holds, and what they permit together."""

from collections.abc import Sequence

from django.utils import timezone

from identities.access import selectors as access
from identities.access.matrix import Duty
from identities.access.models import RoleBinding
from identities.admin.binding_rows import binding_table
from identities.admin.pages import new_of
from identities.admin.parts import Badge, Block, Fact, Facts, Lines, Link
from identities.admin.permission_words import permission_badge
from identities.admin.tabs.base import IdentityTab


class AccessTab(IdentityTab):
    """Its roles."""

    kind = "access"
    label = "Access"
    position = 25

    def blocks(self) -> Sequence[Block]:
        may = self.scope.may(Duty.GOVERN, self.identity.tenant_id) and self.identity.state != "retired"
        action = Link("Give a role", new_of(RoleBinding, identity=str(self.identity.pk))) if may else None
        rows = RoleBinding.objects.filter(identity=self.identity).select_related("role", "identity")
        permitted = sorted(access.effective_permissions(self.identity, timezone.now()))
        badges = [permission_badge(name) for name in permitted] or [Badge("nothing")]
        together = Facts("What it may do now", [Fact("Permissions of its roles", Lines(badges, row=True), wide=True)])
        return [together, binding_table("Role bindings", rows, of="role", action=action)]
