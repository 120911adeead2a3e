"""The demo's service users at work: signed in, found failing, being replaced, by the commands that everybody uses."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.actors import Actor
from identities.detections import services as detections
from identities.inventory import posture, services as inventory
from identities.inventory.models import ManagedIdentity
from identities.people import services as people, sign_in
from identities.people.models import Tenant, User
from identities.people.sign_in import RefreshFailed, Session
from identities.service_users import health, replacing
from identities.service_users.models import RefreshIncident, Replacement
from identities.vaults.references import SecretReference
from scheduling.builtin import giving
from scheduling.builtin.agent_health import HEALTH_CHECK
from scheduling.demo import accounts, past_accounts
from scheduling.demo.shapes import VAULT, address, resolved
from scheduling.models import BUILT_IN, Schedule

QUIET_HOURS = 24


def load(tenant: Tenant, at: datetime, actor: Actor) -> None:
    """Each account with its row, its past and its story; what is there already is left as it is."""
    sessions = {account.login: _account(account, tenant, at, actor) for account in accounts.ACCOUNTS}
    if not RefreshIncident.objects.filter(tenant=tenant).exists():
        failing = _user(tenant, accounts.FAILING)
        _fail(failing, sessions[accounts.FAILING] or sign_in.open_session(failing), at, actor)
    replaced = _user(tenant, accounts.REPLACED)
    if not Replacement.objects.filter(account=replaced).exists():
        _replace(replaced, at, actor)
    rows = Q(account__isnull=False) | Q(replacement_of__isnull=False)
    ids = list(ManagedIdentity.objects.filter(rows, tenant=tenant).values_list("pk", flat=True))
    with transaction.atomic():
        posture.refresh(ids, at=at)
    detections.evaluate(ids, at=at)


def _user(tenant: Tenant, login: str) -> User:
    return User.objects.get(tenant=tenant, email=address(login))


def _account(wanted: accounts.Account, tenant: Tenant, at: datetime, actor: Actor) -> Session | None:
    """A new account with its row in the register, signed in; nobody knows its password, as of everybody in the demo."""
    email = address(wanted.login)
    if User.objects.filter(email=email).exists():
        return None
    user = people.create_user(
        tenant=tenant,
        email=email,
        first_name=wanted.first_name,
        last_name="Agent",
        role=wanted.role,
        is_agent=wanted.is_marked,
        actor=actor,
    )
    row = ManagedIdentity.objects.get(account=user)
    inventory.change(row, facts=resolved(wanted.facts, at), actor=actor)
    session = sign_in.open_session(user) if wanted.is_marked else None
    past_accounts.write(user, wanted, at, family=session.family if session else None)
    return session


def _fail(user: User, session: Session, at: datetime, actor: Actor) -> None:
    """A forced reset ends its session, its next refresh fails, and the health check finds that."""
    people.force_reset(user, actor=actor, reason=accounts.FORCED_BECAUSE)
    try:
        sign_in.refresh(session.refresh_token)
    except RefreshFailed:
        check = _health_check(user.tenant, at)
        health.look(user.tenant_id, actor=actor, schedule_id=check.pk, at=timezone.now())


def _health_check(tenant: Tenant, at: datetime) -> Schedule:
    """The tenant's own, which it would be given within minutes anyway."""
    rows = Schedule.objects.filter(tenant=tenant, workflow__key=HEALTH_CHECK.key, created_by=BUILT_IN)
    return rows.first() or giving.give(HEALTH_CHECK, tenant, at=at)


def _replace(user: User, at: datetime, actor: Actor) -> None:
    begun = replacing.begin(
        user,
        actor=actor,
        reason=accounts.REPLACEMENT_REASON,
        name=accounts.REPLACEMENT_NAME,
        quiet_hours=QUIET_HOURS,
        store_secret_at=SecretReference.from_json({**VAULT, "secretName": accounts.REPLACEMENT_SECRET}),
    )
    past_accounts.move_over(begun.replacement, at)
