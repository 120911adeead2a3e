"""An identity made ready to act: looked up, its secret fetched, its token minted and read (S1-02 … S1-08)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.views.decorators.debug import sensitive_variables

from audit import clock
from audit.actors import Actor
from audit.moments import zulu
from identities.access import secret_grants
from identities.errors import DomainError, Unavailable
from identities.inventory import knocks, selectors as register
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import actor_of
from identities.policies.actor_context import ActorContext
from identities.tokens import verification
from identities.vaults import failures as vault_failures, services as vaults
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText
from scheduling.models import RunStep, Schedule, ScheduleRun
from scheduling.runner import passport
from scheduling.runner.endings import Pause, Stop, refused
from scheduling.services import approving, limits

#: A token is renewed when less than this of its life is left, or less than half when it is a short one.
RENEW_BEFORE = timedelta(minutes=5)
#: A vault that may be back soon; everything else it can say stays true.
PASSING = (vault_failures.VaultUnreachable, vault_failures.VaultSealed, vault_failures.VaultFailed)

#: What is wrong with a token that was minted a moment ago when two hosts do not agree on the time.
OF_A_CLOCK = frozenset({"expired", "not_yet_valid"})


@dataclass(frozen=True, slots=True)
class Badge:
    """An identity with a verified token, which is not in the repr and never outlives the run."""

    identity: ManagedIdentity
    actor: ActorContext
    issued_at: datetime
    token: SecretText = field(repr=False)

    @property
    def who(self) -> Actor:
        return actor_of(self.identity)

    def facts(self) -> dict[str, Any]:
        """What a step shows of the token: never its text."""
        expires_at = self.actor.token_expires_at
        ends = zulu(expires_at) if expires_at else None
        return {"jti": self.actor.token_jti, "expiresAt": ends}

    def is_stale(self, at: datetime) -> bool:
        """Whether the next node needs a fresh token (S1-32): little of it is left, or its identity's were killed."""
        expires_at = self.actor.token_expires_at or at
        if self.identity.tokens_revoked_at and self.issued_at <= self.identity.tokens_revoked_at:
            return True
        return expires_at - at < min(RENEW_BEFORE, (expires_at - self.issued_at) / 2)


def look_up(identity_id: UUID, tenant_id: UUID) -> ManagedIdentity:
    """The identity as it is now. Stop `identity_not_found` (S1-03); one of another tenant reads the same."""
    identity = register.by_id(identity_id)
    if identity is None or identity.tenant_id != tenant_id:
        raise Stop("identity_not_found", f"Managed identity {identity_id} not found")
    return identity


def check_enabled(identity: ManagedIdentity, schedule: Schedule) -> None:
    """Stop `identity_disabled`, refused, for every state but active (S1-04); that it was wanted is a knock."""
    if not identity.is_enabled:
        since, by = identity.state_changed_at, f"schedule {schedule.name}"
        knocks.note(identity.pk, state=identity.state, since=since, user_agent=by)
        raise refused("identity_disabled", f"Managed identity '{identity.name}' is {identity.state}")


def check_approved(identity: ManagedIdentity, run: ScheduleRun) -> None:
    """Stop `approval_pending`, refused, where what runs is not what others approved for an identity of high tier."""
    at = clock.now()
    reason = approving.refusal(run, identity, at)
    if not reason:
        return
    if reason == approving.CHANGED:
        approving.catch_up(run.schedule, actor=Actor.system("scheduler", run.tenant_id))
    raise refused(approving.CODE, reason)


def owner_of(identity: ManagedIdentity | None, schedule: Schedule) -> str:
    """Whom to tell: the identity's owner, else its team, else who owns the schedule; empty when there is nobody.

    Also where there was no identity to be found: then nobody, as who owns the schedule is told otherwise.
    """
    if identity is None:
        return ""
    team = identity.owner_team or schedule.owner_team
    person = schedule.owner.email if schedule.owner else ""
    label = identity.business_owner_label or identity.technical_owner_label or identity.deputy_owner_label
    return label or (team.name if team else "") or person


def fetch(identity: ManagedIdentity, reference: Any, run: ScheduleRun, step: RunStep) -> SecretText:
    """The client secret, straight from its vault (S1-05). Stop `secret_unresolved` when it does not resolve.

    Nor when nothing lets the identity read it for this schedule, which is asked before the vault is (S3-30). A vault
    that does not answer is waited for (Pause) some minutes; then it is a failure that may be retried.
    """
    try:
        place = SecretReference.from_json(reference)
        granted = secret_grants.check(identity.id, place, run.schedule_id, clock.now(), made_at=run.created_at)
        secret = vaults.read_secret(place, identity.tenant_id, identity.environment, actor=actor_of(identity))
        secret_grants.note_read(granted)
        return secret
    except DomainError as error:
        reason = f"The secret of '{identity.name}' does not resolve: {error.message}"
        may_retry, at = isinstance(error, PASSING), clock.now()
        if may_retry and at - (step.started_at or at) < limits.VAULT_OUTAGE:
            raise Pause(reason, at + _pause(step, at, 0)) from None
        raise Stop("secret_unresolved", reason, may_retry=may_retry, detail={"cause": error.code}) from None


@sensitive_variables()
def mint(identity: ManagedIdentity, secret: SecretText, step: RunStep) -> Badge:
    """A fresh token and what it says. Stop `mint_refused` when Passport says no, Pause while it does not answer."""
    at = clock.now()
    try:
        token = passport.request_token(identity.client_id, secret)
        verified = verification.verify_access_token(token.reveal())
    except passport.TokenRefused as error:
        word = f" ({error.error})" if error.error else ""
        reason = f"Passport refused a token for '{identity.name}': HTTP {error.status}{word}"
        raise Stop("mint_refused", reason, status=error.status, detail={"error": error.error}) from None
    except passport.PassportDown as error:
        raise Pause(f"Passport does not answer: {error.reason}", at + _pause(step, at, error.retry_after)) from None
    except verification.BadToken as error:
        if error.reason == "revoked":
            # Stopped between the minting and the reading: whether it may go on is asked anew.
            raise Pause("The identity was stopped a moment ago", at + timedelta(seconds=1)) from None
        if error.reason in OF_A_CLOCK:
            # Minted this very moment: Passport's host or this one has the wrong time, which says nothing of the run.
            raise Pause(f"A fresh token is {error.reason}: a host's clock is wrong", at + _pause(step, at, 0)) from None
        reason = f"The token for '{identity.name}' does not hold: {error.reason}"
        raise Stop("mint_refused", reason, detail={"error": error.reason}) from None
    except Unavailable as error:
        raise Pause(error.message, at + _pause(step, at, 0)) from None
    if (verified.identity_id, verified.tenant_id) != (identity.id, identity.tenant_id):
        raise Stop("mint_refused", f"The token for '{identity.name}' speaks of another identity")
    return Badge(identity=identity, actor=_actor(identity, verified), issued_at=verified.issued_at, token=token)


def _pause(step: RunStep, at: datetime, retry_after: int) -> timedelta:
    """Twice as long each time: as long as the step has been tried so far, from a second up."""
    tried = at - step.started_at if step.started_at else timedelta()
    return max(timedelta(seconds=retry_after), min(max(tried, timedelta(seconds=1)), limits.LONGEST_OUTAGE_PAUSE))


def _actor(identity: ManagedIdentity, verified: verification.VerifiedToken) -> ActorContext:
    """Who acts, from the verified claims; what policies ask of the register beside it comes from the row."""
    return ActorContext(
        user_id=str(verified.claims["sub"]),
        is_service_account=bool(verified.claims["is_service_account"]),
        tenant_id=str(verified.tenant_id),
        roles=verified.roles,
        managed_identity_id=str(verified.identity_id),
        client_id=verified.client_id,
        token_expires_at=verified.expires_at,
        token_issuer=verified.issuer,
        token_jti=str(verified.jti),
        name=identity.name,
        environment=identity.environment,
        kind=identity.kind,
        risk_tier=identity.risk_tier,
        certified_until=identity.certified_until,
    )
