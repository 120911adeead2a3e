"""What an identity may do now, from its bindings; a role that nobody knows gives nothing (S1-31)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import FilteredRelation, QuerySet

from identities.access.models import Role, RoleBinding, RoleBindings, is_effective
from identities.access.permissions import PERMISSIONS
from identities.inventory.models import ManagedIdentity
from identities.statements.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Held:
    """Names of roles that an identity holds at an instant, and until when it holds all of them."""

    names: tuple[str, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True)
class Standing:
    """The roles an identity holds at an instant, and what they permit, each with the bindings it comes from."""

    role_names: tuple[str, ...] = ()
    sources: Mapping[str, tuple[UUID, ...]] = field(default_factory=dict)

    @property
    def permissions(self) -> frozenset[str]:
        """What all roles permit together."""
        return frozenset(self.sources)


_HELD = Prepared(
    lambda identity_id, at: (
        RoleBinding.objects.effective(at)
        .filter(identity_id=identity_id)
        .order_by("role__name")
        .values_list("pk", "role__name", "role__permissions")
    ),
    identity_id=UUID,
    at=datetime,
)


def standing(identity_id: UUID, at: datetime) -> Standing:
    """Roles and permissions in one query; what stands on a role but not in the closed list counts for nothing."""
    return standing_of(_HELD.rows(identity_id=identity_id, at=at))


def standing_of(found: Iterable[tuple[Any, ...]]) -> Standing:
    """What rows of (binding, role's name, its permissions), by name, amount to. Pure."""
    rows = list(found)
    sources: dict[str, tuple[UUID, ...]] = {}
    for pk, _, permissions in rows:
        for permission in _known(permissions):
            sources[permission] = (*sources.get(permission, ()), pk)
    return Standing(tuple(dict.fromkeys(name for _, name, _ in rows)), sources)


ROLE_NAME, ROLE_ENDS = "held__role__name", "held__valid_until"


def with_roles(secrets: "QuerySet[Any]", at: datetime, path: str = "identity__bindings") -> "QuerySet[Any]":
    """`secrets` with `ROLE_NAME` and `ROLE_ENDS`, a row for each role that the identity holds at `at`, by name.

    For a read that cannot afford a second one. An identity without a role has one row, and there both are None.
    """
    held = FilteredRelation(path, condition=is_effective(at, f"{path}__"))
    found: QuerySet[Any] = secrets.annotate(held=held).order_by(ROLE_NAME)
    return found


def held_of(rows: Iterable[tuple[Any, ...]]) -> Held:
    """What rows of (`ROLE_NAME`, `ROLE_ENDS`) amount to. Pure."""
    found = [(name, until) for name, until in rows if name is not None]
    return Held(tuple(dict.fromkeys(name for name, _ in found)), min((until for _, until in found), default=None))


def held(identity_id: UUID, at: datetime) -> Held:
    """The roles that the identity holds at `at`, in order, and until when all of them. One query."""
    rows = RoleBinding.objects.effective(at).filter(identity_id=identity_id).order_by("role__name")
    return held_of(rows.values_list("role__name", "valid_until"))


def effective_roles(identity: ManagedIdentity, at: datetime) -> list[str]:
    """The names of the roles that `identity` holds at `at`, in order, each once."""
    return list(standing(identity.pk, at).role_names)


def effective_permissions(identity: ManagedIdentity, at: datetime) -> frozenset[str]:
    """What `identity` may do at `at`: the union over its roles, nothing from who made or owns it (S0-05)."""
    return standing(identity.pk, at).permissions


def to_come(identity_id: UUID, at: datetime) -> Standing:
    """The roles that the identity holds at `at` or will by a binding that stands and begins later."""
    rows = RoleBinding.objects.standing(at).filter(identity_id=identity_id).order_by("role__name")
    return standing_of(rows.values_list("pk", "role__name", "role__permissions"))


def permissions_of_role_names(tenant_id: UUID | str, names: Iterable[str]) -> frozenset[str]:
    """What roles of these names permit in the tenant; an unknown name adds nothing."""
    found = Role.objects.filter(tenant_id=tenant_id, name__in=list(names)).values_list("permissions", flat=True)
    return _known(permission for permissions in found for permission in permissions)


def roles(tenant_ids: Iterable[UUID] | None) -> QuerySet[Role]:
    """Roles of these tenants; None is every tenant."""
    found = Role.objects.all()
    return found if tenant_ids is None else found.filter(tenant_id__in=tenant_ids)


def bindings(tenant_ids: Iterable[UUID] | None) -> RoleBindings:
    """Bindings of identities of these tenants, with role and identity at hand; None is every tenant."""
    found = RoleBinding.objects.select_related("role", "identity")
    return found if tenant_ids is None else found.filter(identity__tenant_id__in=tenant_ids)


def _known(permissions: Iterable[object]) -> frozenset[str]:
    return frozenset(name for name in permissions if isinstance(name, str) and name in PERMISSIONS)
