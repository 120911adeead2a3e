"""Who asks: one value for people, service users and managed identities, as every face hands it on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from audit.actors import Actor
from identities.access import matrix
from identities.access.matrix import Duty, Reach
from identities.access.permissions import PORTAL_PERMISSIONS
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import actor_of as actor_of_identity
from identities.people import password_age
from identities.people.actors import actor_of as actor_of_user
from identities.people.models import PortalRole, User


@dataclass(frozen=True)
class Principal:
    """An authenticated caller. `role` is None for a managed identity, whose `permissions` decide alone.

    `sources` names the bindings that a machine's permission comes from, so that their use can be noted.
    """

    actor: Actor
    tenant_id: UUID
    role: PortalRole | None
    user_id: UUID | None
    identity_id: UUID | None
    is_platform_admin: bool
    permissions: frozenset[str]
    role_names: tuple[str, ...]
    token_issuer: str = ""
    token_jti: str = ""
    environment: str = ""
    certified_until: datetime | None = None
    sources: Mapping[str, tuple[UUID, ...]] = field(default_factory=dict)
    must_change_password: bool = False

    is_authenticated = True
    is_anonymous = False
    is_active = True

    @classmethod
    def person(cls, user: User, *, token_issuer: str = "", token_jti: str = "") -> "Principal":
        """A person or a service user, with what their portal role amounts to now."""
        role = PortalRole(user.role)
        return cls(
            actor=actor_of_user(user),
            tenant_id=user.tenant_id,
            role=role,
            user_id=user.pk,
            identity_id=None,
            is_platform_admin=user.is_platform_admin and role is PortalRole.ADMIN,
            permissions=PORTAL_PERMISSIONS[role],
            role_names=(role.value,),
            token_issuer=token_issuer,
            token_jti=token_jti,
            must_change_password=password_age.must_change(user, timezone.now()),
        )

    @classmethod
    def machine(
        cls,
        identity: ManagedIdentity,
        *,
        permissions: Collection[str],
        role_names: Collection[str],
        sources: Mapping[str, tuple[UUID, ...]] | None = None,
        token_issuer: str = "",
        token_jti: str = "",
        certified_until: datetime | None = None,
    ) -> "Principal":
        """A managed identity, with what its bindings give it now."""
        return cls(
            actor=actor_of_identity(identity),
            tenant_id=identity.tenant_id,
            role=None,
            user_id=None,
            identity_id=identity.pk,
            is_platform_admin=False,
            permissions=frozenset(permissions),
            role_names=tuple(role_names),
            token_issuer=token_issuer,
            token_jti=token_jti,
            environment=identity.environment,
            certified_until=certified_until,
            sources=sources or {},
        )

    @property
    def is_machine(self) -> bool:
        """Whether a managed identity asks; a service user is not one."""
        return self.identity_id is not None

    @property
    def pk(self) -> Any:
        """The row behind the caller."""
        return self.user_id or self.identity_id

    def reach(self, duty: Duty) -> Reach:
        """How far this person goes in `duty`; a managed identity has no row in the matrix."""
        found = matrix.reach(self.role, duty)
        return Reach.EVERY if self.is_platform_admin and found is Reach.TENANT else found

    def visible_tenants(self, duty: Duty) -> frozenset[UUID] | None:
        """The tenants whose rows may be touched for `duty`; None means every one, an empty set none.

        A managed identity is confined to its own tenant; that its permissions allow the work is asked elsewhere.
        """
        if self.is_machine:
            return frozenset({self.tenant_id})
        found = self.reach(duty)
        if found is Reach.EVERY:
            return None
        return frozenset() if found is Reach.NONE else frozenset({self.tenant_id})
