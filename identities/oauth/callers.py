"""Who may introspect: an identity with the permission `token.introspect`, by its secret or by its own token."""

from django.http import HttpRequest
from django.utils import timezone

from identities.access import selectors as access
from identities.access.principal import Principal
from identities.inventory.models import ManagedIdentity
from identities.oauth import refusals
from identities.oauth.answers import OAuthError
from identities.oauth.forms import Form, read_credentials
from identities.oauth.validator import prove
from identities.policies import decisions
from identities.tokens import authorise, verification
from identities.tokens.verification import BadToken

PERMISSION = "token.introspect"
BEARER = 'Bearer realm="passport"'


def calling_introspector(request: HttpRequest, form: Form) -> ManagedIdentity:
    """The identity that asks; raises OAuthError 401 when it is nobody and 403 when it lacks the permission."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    is_bearer = header.partition(" ")[0].lower() == "bearer"
    identity = _by_token(header.partition(" ")[2].strip(), form) if is_bearer else _by_secret(request, form)
    if not _may_introspect(identity):
        raise OAuthError(
            "insufficient_scope",
            f"The permission {PERMISSION} is missing.",
            headers={"WWW-Authenticate": f'{BEARER}, error="insufficient_scope"'},
        )
    return identity


def _may_introspect(identity: ManagedIdentity) -> bool:
    """Asks the roles as of now and keeps the decision, allowed or not."""
    held = access.standing(identity.id, timezone.now())
    principal = Principal.machine(identity, permissions=held.permissions, role_names=held.role_names)
    allowed = PERMISSION in held.permissions
    decisions.record_api_decision(
        principal=principal,
        permission=PERMISSION,
        resource_kind="token",
        resource_id="",
        allowed=allowed,
        reason="" if allowed else f"Missing {PERMISSION} permission",
        environment=identity.environment,
    )
    return allowed


def _by_secret(request: HttpRequest, form: Form) -> ManagedIdentity:
    claimed = read_credentials(request, form)
    proved = prove(claimed)
    if proved is None:
        raise refusals.unproved(claimed)
    return proved.identity


def _by_token(text: str, form: Form) -> ManagedIdentity:
    if "client_secret" in form or "client_assertion" in form:
        raise OAuthError("invalid_request", "Use one way of client authentication, not two.")
    try:
        found = verification.verify_access_token(text)
    except BadToken:
        raise _bad_bearer() from None
    identity = ManagedIdentity.objects.filter(id=found.identity_id).first()
    if identity is None or authorise.refusal(identity, timezone.now()):
        raise _bad_bearer()
    return identity


def _bad_bearer() -> OAuthError:
    challenge = f'{BEARER}, error="invalid_token"'
    return OAuthError(
        "invalid_token", "The bearer token does not hold.", status=401, headers={"WWW-Authenticate": challenge}
    )
