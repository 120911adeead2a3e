"""Automated checks: what every request has to pass when it is made or changed, and once more when issued."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.scrubbing import holds_secret
from identities.access.bundles import BUNDLES
from identities.access.models import RoleBinding
from identities.access.permissions import PERMISSIONS
from identities.access.secret_places import Place
from identities.credentials import misplaced
from identities.errors import Invalid
from identities.inventory import owners
from identities.inventory.models import ManagedIdentity
from identities.inventory.standards_rows import standards_of
from identities.inventory.states import State
from identities.lifecycle import secrets
from identities.requests.models import IdentityRequest, RequestState
from identities.requests.wanted import OF_THE_IDENTITY, reference_of

#: States in which a request may still become an identity.
OPEN = (RequestState.PENDING, RequestState.APPROVED)
_TEXTS = ("name", "purpose", "workflow", "data_classification", "ticket", "evidence", "change_note", "rollback_plan")

Problems = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Check:
    """How one check came out; `problems` names the members that do not fit, and why."""

    name: str
    text: str
    problems: Problems

    def as_json(self) -> dict[str, Any]:
        """As the row keeps it."""
        said = " ".join(message for messages in self.problems.values() for message in messages)
        return {"check": self.name, "is_passed": not self.problems, "text": said or self.text}


def run(row: IdentityRequest, *, at: datetime) -> list[Check]:
    """Every check on the row in hand, in order; it need not be saved. About six queries."""
    return [Check(name, text, _problems(check, row, at)) for name, text, check in _CHECKS]


def passed(row: IdentityRequest, *, at: datetime) -> list[Check]:
    """As `run`; raises Invalid with everything that does not fit."""
    found = run(row, at=at)
    wrong: dict[str, list[str]] = {}
    for check in found:
        for member, messages in check.problems.items():
            wrong.setdefault(member, []).extend(messages)
    if wrong:
        raise Invalid(wrong)
    return found


def _problems(check: Callable[[IdentityRequest, datetime], Problems], row: IdentityRequest, at: datetime) -> Problems:
    try:
        return check(row, at)
    except Invalid as error:
        return error.errors or {"request": [error.message]}


def _name(row: IdentityRequest, at: datetime) -> Problems:
    if row.is_for_existing:
        return {}
    named = ManagedIdentity.objects.filter(tenant_id=row.tenant_id, name__iexact=row.name)
    if named.exclude(state=State.RETIRED).exists():
        return {"name": ["An identity of this tenant has this name."]}
    asked = IdentityRequest.objects.filter(tenant_id=row.tenant_id, name__iexact=row.name, state__in=OPEN)
    if asked.filter(is_for_existing=False).exclude(pk=row.pk).exists():
        return {"name": ["Another request asks for this name."]}
    standards = standards_of(row.tenant_id)
    if not standards.name_fits(row.name, kind=row.kind):
        return {"name": [f"A name of this kind fits {standards.naming[row.kind]}."]}
    return {}


def _permissions(row: IdentityRequest, at: datetime) -> Problems:
    bundle = BUNDLES[row.bundle]
    if not row.permissions:
        return {"permissions": ["At least one permission of the bundle."]}
    wrong = [f"There is no permission {name!r}." for name in row.permissions if name not in PERMISSIONS]
    wider = [name for name in row.permissions if name in PERMISSIONS and name not in bundle.permissions]
    wrong += [f"{bundle.label} does not have {name}: a bundle is narrowed, never widened." for name in wider]
    return {"permissions": wrong} if wrong else {}


def _expiry(row: IdentityRequest, at: datetime) -> Problems:
    bundle = BUNDLES[row.bundle]
    if row.expires_at <= at:
        return {"expires_at": ["It lies in the past."]}
    if row.expires_at > at + bundle.longest:
        return {"expires_at": [f"{bundle.label} lasts {bundle.longest.days} days at most; ask again before it ends."]}
    ends = row.identity.expires_at if row.is_for_existing and row.identity else None
    if ends is not None and row.expires_at > ends:
        return {"expires_at": [f"The identity itself ends before that, on {ends:%Y-%m-%d}."]}
    return {}


def _owner(row: IdentityRequest, at: datetime) -> Problems:
    if row.is_for_existing:
        return {} if row.identity and not owners.is_ownerless(row.identity) else _nobody("identity_id")
    person, team = row.technical_owner, row.owner_team
    if person is not None and (not person.is_active or person.is_agent or person.tenant_id != row.tenant_id):
        return {"technical_owner": ["An owner is an active person of this tenant."]}
    if team is not None and not team.members.filter(is_active=True, is_agent=False).exists():
        return {"owner_team": ["Nobody in this team is active."]}
    return {} if person or team else _nobody("technical_owner")


def _nobody(member: str) -> Problems:
    return {member: ["Somebody has to answer for it: a technical owner, or a team."]}


def _evidence(row: IdentityRequest, at: datetime) -> Problems:
    fields = {field.key: field for field in BUNDLES[row.bundle].evidence}
    wrong = {f"evidence.{key}": ["This member is required."] for key in fields if not row.evidence.get(key)}
    wrong |= {f"evidence.{key}": ["The bundle does not ask for this."] for key in row.evidence if key not in fields}
    if said := row.evidence.get("businessOwner"):
        try:
            owners.resolve(said, tenant_id=row.tenant_id, member="evidence.businessOwner")
        except Invalid as error:
            wrong |= error.errors
    return wrong


def _place(row: IdentityRequest, at: datetime) -> Problems:
    reference = reference_of(row)
    if reference is None:
        return {}
    secrets.check(reference, tenant_id=row.tenant_id, environment=row.environment)
    others = IdentityRequest.objects.filter(tenant_id=row.tenant_id, state__in=OPEN).exclude(pk=row.pk)
    same = others.filter(store_secret_at__secretName=reference.secret_name)
    if any(Place.of(other.store_secret_at or {}) == Place.of(reference) for other in same):
        return {"store_secret_at.secret_name": ["Another request asks for this place."]}
    return {}


def _no_secret(row: IdentityRequest, at: datetime) -> Problems:
    members = {name: getattr(row, name) for name in _TEXTS}
    found = {*misplaced.members_with_secrets(members), *(name for name in members if _reads_as_secret(members[name]))}
    return {name: [misplaced.SAID] for name in sorted(found)}


def _reads_as_secret(value: object) -> bool:
    return any(holds_secret(text) for text in _all_texts(value))


def _all_texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, said in value.items():
            yield from (str(key), str(said))


def _identity(row: IdentityRequest, at: datetime) -> Problems:
    if not row.is_for_existing:
        return {}
    identity = row.identity
    if identity is None or identity.state == State.RETIRED:
        return {"identity_id": ["The identity is retired."]}
    if changed := [name for name in OF_THE_IDENTITY if getattr(identity, name) != getattr(row, name)]:
        said = ", ".join(name.replace("_", " ") for name in changed)
        return {"identity_id": [f"The identity has changed since ({said}): change the request, and it is asked anew."]}
    held = RoleBinding.objects.overlapping(at, row.expires_at).filter(identity=identity, role__name=row.bundle)
    if row.permissions == sorted(BUNDLES[row.bundle].permissions) and (binding := held.first()):
        return {"bundle": [f"The identity holds this role until {binding.valid_until:%Y-%m-%d}."]}
    return {}


_CHECKS: tuple[tuple[str, str, Callable[[IdentityRequest, datetime], Problems]], ...] = (
    ("name", "The name is free and fits the policy.", _name),
    ("permissions", "Nothing is asked for that the bundle does not have.", _permissions),
    ("expiry", "It ends, within the longest time of its bundle.", _expiry),
    ("owner", "An active person or team answers for it.", _owner),
    ("evidence", "All evidence that the bundle asks for is there.", _evidence),
    ("secret_place", "The place of the secret can be used and is nobody else's.", _place),
    ("no_secret", "No text holds a secret.", _no_secret),
    ("identity", "The identity is as it was when it was asked for.", _identity),
)
