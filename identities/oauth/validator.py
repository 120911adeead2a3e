"""django-oauth-toolkit's validator with our rooms behind it: no client table, no token table, one grant."""

from dataclasses import dataclass
from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request

from identities.credentials import assertions, authentication
from identities.credentials.authentication import Authenticated
from identities.jose.assertions import Assertion
from identities.jose.verify import BadToken
from identities.oauth import refusals
from identities.oauth.forms import ClientCredentials
from identities.tokens import services as tokens
from identities.tokens.models import OAuthClient

SCOPES = ("openid", "roles")
DEFAULT_SCOPE = "roles"


@dataclass
class Attempt:
    """One try for a token: what was claimed, and who it turned out to be. Travels beside the form, never in it, so that
    neither oauthlib nor a log line sees the secret."""

    claimed: ClientCredentials | None
    proved: Authenticated | None = None
    error: str = ""


def prove(claimed: ClientCredentials | None) -> Authenticated | None:
    """The identity behind the claim, or None: one cost for an unknown client, a wrong secret, a stopped identity.

    Its roles are read with it, for `tokens.roles_beside`. Raises OAuthError 429 for a right proof that is past its
    cutover and has had its use of the minute.
    """
    if claimed is None or claimed.problem:
        return None
    if claimed.assertion is not None:
        proved = _by_assertion(claimed, claimed.assertion)
    else:
        proved = authentication.authenticate(
            claimed.client_id, claimed.secret, tokens.WITH_ROLES, source=claimed.source
        )
    if proved is not None and proved.is_throttled:
        raise refusals.too_often(proved)
    return proved


def _by_assertion(claimed: ClientCredentials, assertion: Assertion) -> Authenticated | None:
    try:
        return assertions.authenticate(assertion, tokens.KEYS_WITH_ROLES, source=claimed.source)
    except BadToken as error:
        claimed.problem = error.reason
        return None


class PassportValidator(OAuth2Validator):
    """Every question that stock would answer from its own tables is answered from ours, or with no."""

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Confidential clients only, by `credentials.authentication`; `is_usable` of the client has the last word."""
        attempt = request.extra_credentials
        request.client = None
        if not isinstance(attempt, Attempt):
            return False
        attempt.proved = prove(attempt.claimed)
        if attempt.proved is None:
            return False
        client = OAuthClient.of(attempt.proved.identity)
        if not client.is_usable(request):
            attempt.proved = None
            return False
        request.client, request.client_id = client, client.client_id
        return True

    def client_authentication_required(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Always: we have no public client."""
        return True

    def authenticate_client_id(self, client_id: str, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Never by the id alone."""
        return False

    def get_default_scopes(self, client_id: str, request: Request, *args: Any, **kwargs: Any) -> list[str]:
        """None asked means `roles`."""
        return [DEFAULT_SCOPE]

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: OAuthClient, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """A subset of `openid roles`; the answer names each once, in that order."""
        if not set(scopes) <= set(SCOPES):
            return False
        request.scopes = [scope for scope in SCOPES if scope in scopes]
        return True

    def validate_bearer_token(self, token: str, scopes: list[str], request: Request) -> bool:
        """Never here: tokens are verified by `tokens.verification`."""
        return False

    def save_token(self, token: Any, request: Request, *args: Any, **kwargs: Any) -> None:
        """Nothing: minting writes the row, and no token text rests anywhere."""

    def revoke_token(self, token: str, token_type_hint: str, request: Request, *args: Any, **kwargs: Any) -> None:
        """Nothing: the toolkit's tables hold none of our tokens."""

    def _load_application(self, client_id: str, request: Request) -> OAuthClient | None:
        """Never from the toolkit's table, which stays empty."""
        client: OAuthClient | None = request.client
        return client
