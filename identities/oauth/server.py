"""The OAuth server: oauthlib's token endpoint with the one grant we give."""

import json
from functools import cache
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.endpoints.token import TokenEndpoint
from oauthlib.oauth2.rfc6749.grant_types import ClientCredentialsGrant

from identities.errors import Refused
from identities.oauth.forms import ClientCredentials, Form
from identities.oauth.validator import Attempt, PassportValidator
from identities.tokens import remembered, services as tokens
from identities.tokens.services import Minted

GRANT = "client_credentials"
PASSED_ON = ("grant_type", "scope")
#: What most clients ask for, word for word, and what they are given; anything else is for oauthlib to read.
PLAIN_SCOPES = {"": "roles", "roles": "roles", "openid": "openid", "openid roles": "openid roles"}
Answer = tuple[dict[str, str], str, int]


def granted(minted: Minted) -> dict[str, Any]:
    """The members of the answer (RFC 6749 §5.1)."""
    return {
        "access_token": minted.access_token,
        "token_type": "Bearer",
        "expires_in": minted.expires_in,
        "scope": minted.scope,
    }


def grant_again(form: Form, claimed: ClientCredentials | None) -> dict[str, Any] | None:
    """The answer to a plain request of a client that had its last one answered just like this; else None.

    None says nothing of the request: `PassportServer.grant` takes it as if nobody had looked at it.
    """
    scope = PLAIN_SCOPES.get(form.get("scope", ""))
    if claimed is None or not claimed.secret or scope is None or form.get("grant_type") != GRANT:
        return None
    minted = remembered.mint(claimed.client_id, claimed.secret, scope=scope, source=claimed.source)
    return None if minted is None else granted(minted)


class ManagedIdentityGrant(ClientCredentialsGrant):
    """Client credentials, answered by `tokens.mint`. Stock would log the finished token at DEBUG; this does not."""

    def create_token_response(self, request: Request, token_handler: object) -> Answer:
        try:
            self.validate_token_request(request)
            return {}, json.dumps(self._mint(request)), 200
        except errors.OAuth2Error as error:
            request.extra_credentials.error = error.error
            return {}, error.json, error.status_code

    def _mint(self, request: Request) -> dict[str, Any]:
        proved = request.extra_credentials.proved
        try:
            roles = tokens.roles_beside(proved)
            minted = tokens.mint(proved.identity, scope=" ".join(request.scopes), at=proved.at, roles=roles)
        except Refused:
            # One answer for an unknown client, a wrong secret and an identity that may not have a token.
            raise errors.InvalidClientError(request=request) from None
        remembered.keep(proved, roles)
        return granted(minted)


class PassportServer(TokenEndpoint):
    """What OAUTH2_SERVER_CLASS names. Not even oauthlib's code for another grant can be reached through it."""

    def __init__(self, request_validator: PassportValidator, *args: object, **kwargs: object) -> None:
        self.request_validator = request_validator
        grant = ManagedIdentityGrant(request_validator)
        super().__init__(default_grant_type=GRANT, default_token_type=None, grant_types={GRANT: grant})

    def grant(self, form: Form, attempt: Attempt) -> Answer:
        """Headers, body and status for a token request; `attempt` says afterwards who asked and what was wrong.

        Only the parameters the grant knows are passed on: oauthlib takes others (`client`, `user`) for its own fields.
        """
        body = [(name, form[name]) for name in PASSED_ON if name in form]
        answer: Answer = self.create_token_response("", http_method="POST", body=body, credentials=attempt)
        return answer


@cache
def server() -> PassportServer:
    """The one server of this process; it keeps nothing between requests."""
    return PassportServer(PassportValidator())
