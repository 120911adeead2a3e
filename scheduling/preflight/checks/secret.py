"""Check `secret`: the vault gives it, Passport would take it, it lives long enough. The value is dropped at once."""

from django.views.decorators.debug import sensitive_variables

from identities.credentials import authentication, checking
from identities.credentials.models import ClientSecret
from identities.errors import DomainError
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import actor_of
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText
from scheduling.preflight.checks import grants
from scheduling.preflight.checks.base import Bearer, Check, Trial
from scheduling.preflight.problems import Mend, Problem


class SecretCheck(Check):
    """The read is real; of the mint everything is but the token: it is never made."""

    kind = "secret"
    position = 30

    @sensitive_variables("secret")
    def of_bearer(self, trial: Trial, bearer: Bearer) -> list[Problem]:
        identity = bearer.identity
        first = trial.occurrences[0]
        if identity is None or not bearer.reads_secret or grants.refusal(trial, bearer, first):
            return []  # what may not be read is not read
        try:
            secret = _resolved(identity, bearer)
        except DomainError as error:
            why = error.message.rstrip(".")
            text = f"The secret of {identity.name} does not resolve ({why}): the run of {trial.when(first)} would fail"
            return [bearer.problem("secret_unresolved", text, Mend.EDIT_SCHEDULE, first)]
        row = checking.secret_with(secret.reveal(), identity)
        problem = _refused(trial, bearer, row) or _ends(trial, bearer, row) or _retires(trial, bearer, row)
        if problem is None and not _is_taken(identity, secret):
            text = f"Passport would refuse a token for {identity.name}: the run of {trial.when(first)} would fail"
            problem = bearer.problem("mint_refused", text, Mend.ISSUE_SECRET, first)
        return [problem] if problem is not None else []


def _resolved(identity: ManagedIdentity, bearer: Bearer) -> SecretText:
    place = SecretReference.from_json(bearer.reference)
    return vaults.read_secret(place, identity.tenant_id, identity.environment, actor=actor_of(identity))


@sensitive_variables("secret")
def _is_taken(identity: ManagedIdentity, secret: SecretText) -> bool:
    """Would the token endpoint know the client? Who may not work now cannot be asked: its state is another check."""
    if not identity.is_enabled:
        return True
    return authentication.authenticate(identity.client_id, secret.reveal(), is_check=True) is not None


def _refused(trial: Trial, bearer: Bearer, row: ClientSecret | None) -> Problem | None:
    """It is no secret of this identity, or one that has ended."""
    if row is not None and row.revoked_at is None:
        return None
    first = trial.occurrences[0]
    why = f"was revoked on {trial.when(row.revoked_at)}" if row and row.revoked_at else "is no secret of it"
    text = f"What the vault holds for {bearer.name} {why}: the run of {trial.when(first)} would get no token"
    return bearer.problem("secret_not_accepted", text, Mend.ISSUE_SECRET, first)


def _ends(trial: Trial, bearer: Bearer, row: ClientSecret | None) -> Problem | None:
    ends = row.expires_at if row else None
    moment = trial.first(lambda at: ends is not None and ends <= at, turns=[ends])
    if ends is None or moment is None:
        return None
    text = f"The secret of {bearer.name} ends on {trial.when(ends)}: the run of {trial.when(moment)} would get no token"
    return bearer.problem("secret_ends", text, Mend.ISSUE_SECRET, moment)


def _retires(trial: Trial, bearer: Bearer, row: ClientSecret | None) -> Problem | None:
    """The vault still holds the old secret of a rotation that retires it at its deadline."""
    ends = checking.retires_at(row) if row else None
    moment = trial.first(lambda at: ends is not None and ends <= at, turns=[ends])
    if ends is None or moment is None:
        return None
    text = (
        f"The vault still holds the old secret of {bearer.name}, which retires on {trial.when(ends)}: "
        f"the run of {trial.when(moment)} would get no token"
    )
    return bearer.problem("secret_retires", text, Mend.FINISH_ROTATION, moment)
