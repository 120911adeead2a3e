"""Gathering facts: many identities at once, in a fixed number of queries whatever their number."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from identities.access.models import RoleBinding
from identities.access.permissions import PERMISSIONS
from identities.detections import neighbours
from identities.detections.account_facts import AccountFact
from identities.detections.facts import BindingFact, IdentityFacts, OwnerFact
from identities.detections.forecasts.base import foreseen_of
from identities.detections.granted import grants_of
from identities.detections.held import credentials_of
from identities.detections.leaked import leaks_of
from identities.detections.sharing import shared_until
from identities.detections.witnesses.base import workloads_of
from identities.inventory.models import ManagedIdentity
from identities.inventory.owners import ROLES
from identities.inventory.standards import Standards
from identities.inventory.standards_rows import standards_of_each
from identities.people.models import Team, User

#: Columns that a fact takes as they are.
PLAIN = (
    "id", "tenant_id", "name", "kind", "state", "issuance", "ownership_class", "environment", "purpose", "description",
    "function", "trust_boundary", "blast_radius", "privilege_level", "data_classification", "risk_tier",
    "internet_exposed", "auth_method", "upstream_trust_source", "deprovisioning_trigger", "revocation_procedure",
    "revocation_tested_at", "vendor_contract", "vendor_renewal_on", "rotation_interval_days", "expires_at", "review_by",
    "ticket", "repository", "business_unit", "application", "use_state", "unreported_since", "last_used_at",
    "created_at",
)  # fmt: skip
LISTS = ("downstream_systems", "downstream_permissions", "reported_by")
#: An owner's columns: the person, how he is called, and whether the account works.
_OWNERS = tuple((f"{role}_id", f"{role}_label", f"{role}__is_active") for role in ROLES)
#: The account that the row stands for.
_ACCOUNT = ("email", "is_agent", "is_active", "refresh_invalidated_at", "refresh_invalidated_reason")
_MORE = (*(f"account__{name}" for name in _ACCOUNT), "tags", "owner_team_id", "owner_team__name")
COLUMNS = (*PLAIN, *LISTS, *_MORE, *(name for names in _OWNERS for name in names))
Row = dict[str, Any]


def gather(identity_ids: Collection[UUID], *, at: datetime) -> list[IdentityFacts]:
    """The facts of these identities, in no order; unknown ids and merged rows are left out. At most 15 queries."""
    found = ManagedIdentity.objects.filter(pk__in=identity_ids, merged_into=None).values_list(*COLUMNS)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in found]
    ids = [row["id"] for row in rows]
    tenants = {row["tenant_id"] for row in rows}
    rules = standards_of_each(tenants)
    teams = _answering({row["owner_team_id"] for row in rows} - {None})
    held = credentials_of(ids, at=at)
    bindings = _bindings(ids, at)
    granted = grants_of(ids, at=at)
    places = neighbours.shared_places({row["id"]: row["tenant_id"] for row in rows}, held, at=at)
    people = _namesakes(rows, tenants)
    workloads = workloads_of(ids, at=at)
    foreseen = foreseen_of(ids, at=at)
    leaks = leaks_of(ids, at=at)
    shared = shared_until(ids, at=at)
    return [
        _facts(
            row,
            rules[row["tenant_id"]],
            team_answers=row["owner_team_id"] in teams,
            # The account itself is judged as such, not as somebody who happens to have its name.
            namesake="" if row["account__email"] else people.get((row["tenant_id"], row["name"].casefold()), ""),
            account=_account(row),
            credentials=tuple(held.get(row["id"], ())),
            bindings=tuple(bindings.get(row["id"], ())),
            grants=tuple(granted.get(row["id"], ())),
            shared_places=tuple(places.get(row["id"], ())),
            workloads=tuple(workloads.get(row["id"], ())),
            foreseen=tuple(foreseen.get(row["id"], ())),
            leaks=tuple(leaks.get(row["id"], ())),
            shared_until=shared.get(row["id"]),
        )
        for row in rows
    ]


def _facts(row: Row, standards: Standards, **gathered: Any) -> IdentityFacts:
    lists: dict[str, Any] = {name: tuple(str(item) for item in row[name] or ()) for name in LISTS}
    return IdentityFacts(
        **{name: row[name] for name in PLAIN},
        **lists,
        tags=_tags(row["tags"]),
        team=row["owner_team__name"] or "",
        owners=tuple(_owners(row)),
        rotation_days=_rotation_days(row, standards),
        standards=standards,
        **gathered,
    )


def _owners(row: Row) -> Iterable[OwnerFact]:
    for role, (person, label, is_active) in zip(ROLES, _OWNERS, strict=True):
        if row[person] or row[label]:
            yield OwnerFact(role, row[label], row[person], bool(row[is_active]))


def _account(row: Row) -> AccountFact | None:
    if not row["account__email"]:
        return None
    return AccountFact(*(row[f"account__{name}"] for name in _ACCOUNT))


def _tags(written: object) -> Mapping[str, str]:
    """Tags as a mapping with small keys; a list of words is words without values."""
    if isinstance(written, Mapping):
        return {str(name).casefold(): str(value) for name, value in written.items()}
    return {str(word).casefold(): "" for word in written} if isinstance(written, list) else {}


def _rotation_days(row: Row, standards: Standards) -> int:
    """Days between two rotations: by tier, half where the internet reaches it, and never more than its own figure."""
    days = standards.rotation_days.get(row["risk_tier"], 90) // (2 if row["internet_exposed"] else 1)
    return min(days, row["rotation_interval_days"] or days)


def _answering(team_ids: Collection[UUID]) -> set[UUID]:
    """Those of these teams in which somebody has a working account."""
    if not team_ids:
        return set()
    members = Team.members.through.objects.filter(team_id__in=team_ids, user__is_active=True)
    return set(members.values_list("team_id", flat=True).distinct())


def _bindings(ids: Sequence[UUID], at: datetime) -> Mapping[UUID, list[BindingFact]]:
    found: defaultdict[UUID, list[BindingFact]] = defaultdict(list)
    rows = RoleBinding.objects.effective(at).filter(identity_id__in=ids).order_by("role__name", "pk")
    columns = ("identity_id", "pk", "role__name", "role__permissions", "valid_from", "last_used_at")
    for identity_id, pk, role, permissions, valid_from, used in rows.values_list(*columns):
        known = frozenset(name for name in permissions if name in PERMISSIONS)
        found[identity_id].append(BindingFact(pk, role, known, valid_from, used))
    return found


def _namesakes(rows: Sequence[Row], tenants: Collection[UUID]) -> Mapping[tuple[UUID, str], str]:
    """People whose address is the name of one of these identities, by tenant and name."""
    named = {row["name"].casefold() for row in rows if "@" in row["name"]}
    if not named:
        return {}
    people = User.objects.filter(email__in=named, tenant_id__in=tenants, is_agent=False)
    return {(tenant_id, email): email for tenant_id, email in people.values_list("tenant_id", "email")}
