"""Each service user stands in the register: one row for an account, made and kept in step in the same transaction.

Stopping the row stops the account (`stopping`), and the other way round; each asks first whether there is anything
left to do, so neither calls the other twice.
"""

from collections.abc import Mapping
from types import MappingProxyType

from django.db.models import Q
from django.utils import timezone

from audit import changes, services as audit
from audit.actors import Actor, ActorKind
from identities.errors import Conflict
from identities.events import IdentityEvent
from identities.inventory import bulk, posture
from identities.inventory.cadence import review_by
from identities.inventory.models import ManagedIdentity
from identities.inventory.standards_rows import standards_of
from identities.inventory.states import State
from identities.inventory.subjects import subject_of
from identities.inventory.vocabulary import (
    AuthMethod,
    BlastRadius,
    Issuance,
    Kind,
    OwnershipClass,
    PrivilegeLevel,
    RiskTier,
)
from identities.lifecycle import pausing, services as lifecycle
from identities.people.accounts import AccountFollower
from identities.people.models import PortalRole, User
from identities.people.services.rules import AGENT_MARK

#: Who says so, where the register tells where a fact came from. What a person writes over it stays.
SOURCE = "its account"
DISABLED = "Its account was disabled"
ENABLED = "Its account was enabled again"
NO_MACHINE = "Its account has no service user's address any more, and is a person's"
#: How much a portal role may do here, in the register's words.
REACH: Mapping[str, tuple[PrivilegeLevel, BlastRadius]] = MappingProxyType(
    {
        PortalRole.READ_ONLY.value: (PrivilegeLevel.LOW, BlastRadius.READ_ONLY),
        PortalRole.ANALYST.value: (PrivilegeLevel.MEDIUM, BlastRadius.WRITE_LIMITED),
        PortalRole.AUDITOR.value: (PrivilegeLevel.MEDIUM, BlastRadius.READ_ONLY),
        PortalRole.ADMIN.value: (PrivilegeLevel.ADMIN, BlastRadius.PRIVILEGED),
    }
)


class InTheRegister(AccountFollower):
    """Enters the account of a service user, and keeps its row saying what the account is."""

    kind = "register"

    def account_changed(self, user: User, *, actor: Actor, made: bool) -> None:
        row = row_of(user)
        if not is_machine(user):
            if row is not None:
                _let_go(row, actor=actor)
            return
        if row is None:
            maker = actor.id if actor.kind is ActorKind.PERSON else ""
            enter(user, owner=able_owner(user, maker), actor=actor)
            return
        if row.state != State.RETIRED:
            _say(row, user, actor=actor)
        _keep_in_step(row, user, actor=actor)


def is_machine(user: User) -> bool:
    """Does software sign in with it: a service user, or one whose address says so and whom nobody marked?"""
    return user.is_agent or AGENT_MARK in user.email


def machines() -> Q:
    """`is_machine` as a condition."""
    return Q(is_agent=True) | Q(email__contains=AGENT_MARK)


def row_of(user: User) -> ManagedIdentity | None:
    """The row of the register that stands for this account."""
    return ManagedIdentity.objects.filter(account_id=user.pk).select_related("owner_team").first()


def enter(user: User, *, owner: User | None, actor: Actor) -> ManagedIdentity:
    """Enter an account that has no row: a new one, or for a service user the one of this kind and name that stands
    for no account yet.

    Its name is the address; where something else has that name, it gets a number. In the caller's transaction.
    """
    known = _unclaimed(user) if user.is_agent else None
    row = known or _entered(user, owner, actor=actor)
    row.account = user
    row.last_used_at = max(filter(None, (row.last_used_at, user.last_login)), default=None)
    row.save(update_fields=["account", "last_used_at"])
    if known is not None:
        _adopt(known, user, owner, actor=actor)
    posture.refresh([row.pk], at=timezone.now())
    row = ManagedIdentity.objects.select_related("owner_team").get(pk=row.pk)
    _keep_in_step(row, user, actor=actor)
    return row


def able_owner(user: User, person_id: str) -> User | None:
    """Who can answer for it: a person of its tenant. Whoever makes an account does, until somebody else does."""
    people = User.objects.filter(tenant_id=user.tenant_id, is_active=True, is_agent=False).exclude(pk=user.pk)
    return people.filter(pk=person_id).first() if person_id else None


def _entered(user: User, owner: User | None, *, actor: Actor) -> ManagedIdentity:
    today = timezone.now().date()
    due = review_by(RiskTier.MEDIUM.value, today=today, standards=standards_of(user.tenant_id))
    entry = bulk.Entry(facts={**facts_of(user), **_answering(owner), "review_by": due}, source=SOURCE)
    return bulk.enter_many(tenant_id=user.tenant_id, entries=[entry], actor=actor, at=timezone.now())[0]


def _answering(owner: User | None) -> dict[str, object]:
    return {"technical_owner": owner.email} if owner else {}


def _unclaimed(user: User) -> ManagedIdentity | None:
    """A row that was entered or imported for it before. One with a secret of ours, or stopped, is another thing.

    Only for a service user, which an administrator made: people choose their address themselves, and nobody gets hold
    of what is not theirs by calling themselves so.
    """
    rows = ManagedIdentity.objects.filter(
        tenant_id=user.tenant_id, kind=Kind.SERVICE_USER, name__iexact=user.email, account=None, merged_into=None,
        state=State.ACTIVE, issuance=Issuance.EXTERNAL,
    )  # fmt: skip
    return rows.select_for_update(no_key=True).first()


def _adopt(row: ManagedIdentity, user: User, owner: User | None, *, actor: Actor) -> None:
    """What nobody else has said of it, the account says; and the row tells from when on it stands for that."""
    claimed = changes.made({"account": user.email})
    audit.record(IdentityEvent.CHANGED, actor=actor, subject=subject_of(row), changes=claimed)
    _say(row, user, actor=actor, owner=None if row.has_owner else owner)


def facts_of(user: User) -> dict[str, object]:
    """What the account itself says of its row."""
    privilege, radius = REACH.get(user.role, ("", ""))
    return {
        "name": user.email,
        "description": user.full_name if user.full_name != user.email else "",
        "kind": Kind.SERVICE_USER.value,
        "ownership_class": OwnershipClass.WORKLOAD.value,
        "auth_method": AuthMethod.PASSWORD.value,
        "privilege_level": str(privilege),
        "blast_radius": str(radius),
        "downstream_permissions": [f"Portal role {user.role}"],
    }


def _say(row: ManagedIdentity, user: User, *, actor: Actor, owner: User | None = None) -> None:
    update = bulk.Update(identity=row, facts=facts_of(user) | _answering(owner), source=SOURCE)
    bulk.change_many(tenant_id=row.tenant_id, updates=[update], actor=actor, at=timezone.now())
    # Also where no fact changed: what is judged of it may rest on the account itself.
    posture.mark([row.pk])


def _keep_in_step(row: ManagedIdentity, user: User, *, actor: Actor) -> None:
    """The row works while the account does. A stop that began here has stopped the account already."""
    if not user.is_active:
        if row.state == State.ACTIVE:
            lifecycle.disable(row, reason=DISABLED, actor=actor)
        return
    if row.state == State.PAUSED:
        pausing.resume(row, reason=ENABLED, actor=actor)
    elif row.state == State.DISABLED:
        lifecycle.enable(row, reason=ENABLED, actor=actor)
    elif row.state == State.QUARANTINED:
        raise Conflict(f"{row.name} is quarantined in the register: release it there.", code="identity_quarantined")
    elif row.state == State.RETIRED:
        raise Conflict(f"{row.name} was retired in the register: make a new service user.", code="identity_retired")


def _let_go(row: ManagedIdentity, *, actor: Actor) -> None:
    row.account = None
    row.save(update_fields=["account"])
    if row.state != State.RETIRED:
        lifecycle.retire(row, reason=NO_MACHINE, actor=actor)
