"""The four questions of a review, answered from data for many identities at once (S3-65, S4-68).

Who owns it, what may it do and what of that was used, when and from where was it last used, what breaks without it;
beside them what changed since somebody last certified it, and its open findings. A fixed number of queries for any
number of identities, save the dependencies: their sources answer for one identity at a time, and are bounded.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max

from audit.models import AuditEvent
from identities.access.models import RoleBinding, SecretGrant
from identities.credentials.models import SecretSource
from identities.inventory import dormancy
from identities.inventory.dependencies.base import Direction, dependencies_of
from identities.inventory.models import ManagedIdentity
from identities.inventory.portrait import base as portraits
from identities.people.models import User
from identities.policies.models import AuthorizationDecision, DecisionOutcome
from identities.recertification.models import CertifiedSnapshot

Evidence = dict[str, Any]
QUESTIONS = ("owner", "access", "lastUsed", "dependencies")
#: What is counted of use, and how long a role may rest where no cadence is known.
WINDOW = timedelta(days=90)
LEAST_REST = timedelta(days=30)
REST_DAYS = 30
MOST = 20
EVENTS = 5_000
#: What an identity holds is told by its role's page; here counts what stops.
NOT_BREAKING = frozenset({"role"})


#: In the place of what breaks, until somebody looks: asking for it is most of the work.
LATER: Evidence = {"total": 0, "items": [], "pending": True}


def gather(
    identities: Sequence[ManagedIdentity], *, at: datetime, with_dependencies: bool = True
) -> dict[UUID, Evidence]:
    """The evidence on each, plain JSON without a secret; owners and team are best at hand (`select_related`).

    Without dependencies it `is_incomplete`, and costs a fixed number of queries.
    """
    ids = [one.pk for one in identities]
    roles, grants = _roles(identities, at), _grants(ids, at)
    members, sources, uses = _members(identities), _sources(ids), _uses(ids, at)
    changed, found = _changes(identities), _findings(ids)
    return {
        one.pk: {
            "owner": _owner(one, members),
            "access": {
                "roles": roles.get(one.pk, []),
                "unused": [role["bindingId"] for role in roles.get(one.pk, []) if role["unused"]],
                "secretReferences": grants.get(one.pk, []),
                "elsewhere": list(one.downstream_permissions)[:MOST],
            },
            "lastUsed": {
                "at": _text(one.last_used_at),
                "useState": str(one.use_state),
                "from": sources.get(one.pk, []),
                "runs": uses.get(one.pk, 0),
                "days": WINDOW.days,
            },
            "dependencies": _dependencies(one) if with_dependencies else dict(LATER),
            "changes": changed[one.pk],
            "findings": found.get(one.pk, []),
        }
        for one in identities
    }


def is_incomplete(evidence: Mapping[str, Any]) -> bool:
    """Is it still to be asked what breaks?"""
    return bool(evidence.get("dependencies", {}).get("pending"))


def digest(evidence: Mapping[str, Any]) -> str:
    """SHA-256 of the evidence in canonical JSON: what a decision was taken on."""
    return portraits.digest(evidence)


def _owner(one: ManagedIdentity, members: Mapping[UUID, int]) -> Evidence:
    people: Evidence = {}
    for role in ("technical_owner", "business_owner", "deputy_owner"):
        person, label = getattr(one, role), getattr(one, f"{role}_label")
        known = {"id": str(person.pk) if person else None, "label": person.email if person else label}
        people[role.removesuffix("_owner")] = (
            {**known, "active": bool(person and person.is_active and not person.is_agent)} if person or label else None
        )
    team, size = one.owner_team, members.get(one.owner_team_id, 0) if one.owner_team_id else 0
    people["team"] = {"id": str(team.pk), "label": team.name, "active": size > 0, "members": size} if team else None
    return people


def _roles(identities: Sequence[ManagedIdentity], at: datetime) -> dict[UUID, list[Evidence]]:
    found: defaultdict[UUID, list[Evidence]] = defaultdict(list)
    rest = {one.pk: _rest(one) for one in identities}
    used = _permissions_used(list(rest), at)
    standing = RoleBinding.objects.standing(at).filter(identity_id__in=list(rest)).select_related("role")
    for binding in standing.order_by("role__name", "pk"):
        quiet_since = binding.last_used_at or max(binding.valid_from, binding.created_at)
        found[binding.identity_id].append(
            {
                "bindingId": str(binding.pk),
                "role": binding.role.name,
                "permissions": [
                    {"name": name, "lastUsedAt": _text(used.get((binding.identity_id, name)))}
                    for name in binding.role.permissions
                ],
                "validUntil": _text(binding.valid_until),
                "lastUsedAt": _text(binding.last_used_at),
                "unused": not binding.is_elevation and quiet_since + rest[binding.identity_id] <= at,
            }
        )
    return found


def _rest(one: ManagedIdentity) -> timedelta:
    """How long a role of it may rest before it counts as unused: a yearly job's for a year, none for less than weeks.

    A minutely job that stood still for an afternoon is an incident, and no reason to take its role away.
    """
    stated, scheduled = one.expected_cadence, one.schedule_cadence_seconds
    cadence = dormancy.cadence_of(stated=stated, scheduled_seconds=scheduled, default_days=REST_DAYS)
    return max(cadence.allowed, LEAST_REST)


def _permissions_used(ids: Collection[UUID], at: datetime) -> dict[tuple[UUID, str], datetime]:
    rows = _allowed(ids, at).values_list("actor_id", "permission").annotate(last=Max("at"))
    return {(UUID(actor), permission): last for actor, permission, last in rows}


def _uses(ids: Collection[UUID], at: datetime) -> dict[UUID, int]:
    rows = _allowed(ids, at).filter(run_id__isnull=False).values_list("actor_id")
    return {UUID(actor): runs for actor, runs in rows.annotate(runs=Count("run_id", distinct=True))}


def _allowed(ids: Collection[UUID], at: datetime) -> Any:
    of_these = AuthorizationDecision.objects.filter(actor_id__in=[str(pk) for pk in ids], at__gte=at - WINDOW)
    return of_these.filter(outcome=DecisionOutcome.ALLOW).order_by()


def _grants(ids: Collection[UUID], at: datetime) -> dict[UUID, list[Evidence]]:
    found: defaultdict[UUID, list[Evidence]] = defaultdict(list)
    for grant in SecretGrant.objects.effective(at).filter(identity_id__in=ids).order_by("secret_name", "pk"):
        place = f"{grant.vault_uri}/{grant.secret_name}"
        known = {"place": place, "schedule": grant.schedule_label, "lastUsedAt": _text(grant.last_used_at)}
        found[grant.identity_id].append(known)
    return found


def _members(identities: Sequence[ManagedIdentity]) -> dict[UUID, int]:
    teams = {one.owner_team_id for one in identities if one.owner_team_id}
    able = User.objects.filter(teams__in=teams, is_active=True, is_agent=False).order_by()
    return dict(able.values_list("teams").annotate(n=Count("pk", distinct=True)))


def _sources(ids: Collection[UUID]) -> dict[UUID, list[Evidence]]:
    """The newest addresses from which its secrets and keys were used."""
    found: defaultdict[UUID, list[Evidence]] = defaultdict(list)
    for holder in ("secret", "key"):
        rows = SecretSource.objects.filter(**{f"{holder}__identity_id__in": ids}).order_by()
        grouped = rows.values_list(f"{holder}__identity_id", "address").annotate(last=Max("last_seen_at"))
        for identity_id, address, last in grouped:
            found[identity_id].append({"address": address, "at": _text(last)})
    return {pk: sorted(rows, key=lambda row: row["at"] or "", reverse=True)[:MOST] for pk, rows in found.items()}


def _dependencies(one: ManagedIdentity) -> Evidence:
    breaking = [
        found
        for found in dependencies_of(one)
        if found.direction == Direction.DOWNSTREAM and found.kind not in NOT_BREAKING
    ]
    items = [
        {
            "kind": found.kind,
            "id": found.id,
            "label": found.label,
            "detail": found.detail,
            "evidence": found.evidence,
            "lastSeenAt": _text(found.last_seen_at),
            "model": found.model,
        }
        for found in breaking[:MOST]
    ]
    return {"total": len(breaking), "items": items}


def _changes(identities: Sequence[ManagedIdentity]) -> dict[UUID, Evidence]:
    """What is different from the state that somebody certified last, and how often the register's row was changed."""
    snapshots = {
        row.identity_id: row
        for row in CertifiedSnapshot.objects.filter(identity__in=identities).order_by("certified_at", "pk")
    }
    certified = [one for one in identities if one.pk in snapshots]
    now = portraits.portraits(certified) if certified else {}
    times = _times(snapshots)
    found: dict[UUID, Evidence] = {}
    for one in identities:
        row = snapshots.get(one.pk)
        if row is None:
            found[one.pk] = {"since": None, "by": None, "parts": [], "events": 0}
            continue
        parts = [part for part, content in now[one.pk].items() if _differs(row.parts.get(part), content)]
        found[one.pk] = {
            "since": _text(row.certified_at),
            "by": row.certified_by,
            "parts": [{"part": part, "label": portraits.kinds[part].label} for part in sorted(parts)],
            "events": times.get(one.pk, 0),
        }
    return found


def _differs(certified: object, content: object) -> bool:
    if not isinstance(certified, Mapping):
        return content is not None
    return bool(certified.get("hash") != portraits.digest(content))


def _times(snapshots: Mapping[UUID, CertifiedSnapshot]) -> dict[UUID, int]:
    if not snapshots:
        return {}
    since = min(row.certified_at for row in snapshots.values())
    rows = AuditEvent.objects.filter(subject_id__in=[str(pk) for pk in snapshots], type__startswith="identity.")
    found: defaultdict[UUID, int] = defaultdict(int)
    for subject, recorded_at in rows.filter(recorded_at__gt=since).values_list("subject_id", "recorded_at")[:EVENTS]:
        found[UUID(subject)] += recorded_at > snapshots[UUID(subject)].certified_at
    return found


def _findings(ids: Collection[UUID]) -> dict[UUID, list[Evidence]]:
    # Findings stand beside this room: asked through the row, by the names of its relation.
    rows = ManagedIdentity.objects.filter(pk__in=ids, findings__state="open").order_by("findings__code", "pk")
    found: defaultdict[UUID, list[Evidence]] = defaultdict(list)
    for pk, code, severity, text in rows.values_list(
        "pk", "findings__code", "findings__severity", "findings__evidence"
    ):
        found[pk].append({"code": code, "severity": severity, "text": text})
    return found


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
