"""The three endpoints a client calls with its credentials: token, introspection, revocation."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from identities.credentials.authentication import Authenticated
from identities.errors import Unavailable
from identities.inventory import subjects
from identities.oauth import refusals
from identities.oauth.answers import OAuthError, private, refused
from identities.oauth.callers import calling_introspector
from identities.oauth.forms import Form, read_credentials, read_form
from identities.oauth.server import GRANT, grant_again, server
from identities.oauth.validator import SCOPES, Attempt, prove
from identities.tokens import selectors, services as tokens, verification
from identities.tokens.verification import BadToken, VerifiedToken

View = Callable[[HttpRequest], HttpResponse]
INACTIVE = {"active": False}
REFUSED = {
    "invalid_request": "The parameter grant_type is missing.",
    "invalid_scope": f"The scopes are: {' '.join(SCOPES)}.",
    "unsupported_grant_type": f"The grant is {GRANT}.",
}


def endpoint(view: View) -> View:
    """No CSRF (no cookie is read), and each refusal, outage included, as an OAuth answer."""

    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        try:
            return _on_a_live_connection(view, request)
        except OAuthError as error:
            return refused(error)
        except (OperationalError, InterfaceError, Unavailable):
            return refused(
                OAuthError("temporarily_unavailable", "Try again in a moment.", headers={"Retry-After": "5"})
            )

    return answered


def _on_a_live_connection(view: View, request: HttpRequest) -> HttpResponse:
    """A connection that the database has dropped shows at the first query and is replaced, once.

    Asking it beforehand whether it lives, as Django would, costs each request a trip. To do the work again is harmless:
    a token that was stored and not answered is known to nobody.
    """
    live = connections[DEFAULT_DB_ALIAS]
    if live.in_atomic_block:
        return view(request)
    live.health_check_done = True  # type: ignore[attr-defined]  # the stubs do not know it
    try:
        return view(request)
    except (OperationalError, InterfaceError):
        live.close()
        return view(request)


class NotRemembered(Exception):
    """It is for the full way to say what becomes of this request."""


def token_again(request: HttpRequest) -> HttpResponse:
    """The answer to the plain request of a client that is remembered; any other raises, and nothing was done for it.

    What is raised, be it NotRemembered, a refusal or an outage, says no more than that: `token` decides anew.
    """
    form = read_form(request)
    connections[DEFAULT_DB_ALIAS].health_check_done = True  # type: ignore[attr-defined]  # as in _on_a_live_connection
    again = grant_again(form, read_credentials(request, form))
    if again is None:
        raise NotRemembered
    return private(again)


@endpoint
def token(request: HttpRequest) -> HttpResponse:
    """POST /passport/token (RFC 6749 §4.4): a token for an identity that proves itself."""
    form = read_form(request)
    claimed = read_credentials(request, form)
    again = grant_again(form, claimed)
    if again is not None:
        return private(again)
    attempt = Attempt(claimed)
    with _whole(attempt):
        _, body, status = server().grant(form, attempt)
    if attempt.error == "invalid_client":
        raise refusals.unproved(attempt.claimed)
    if attempt.error:
        if attempt.proved:
            refusals.record(attempt.proved.identity, attempt.error)
        raise OAuthError(attempt.error, REFUSED.get(attempt.error, "The request cannot be served."), status=status)
    return private(json.loads(body))


@contextmanager
def _whole(attempt: Attempt) -> Iterator[None]:
    """An assertion is used up with the token that it gave; an outage in between leaves neither, a refusal stays.

    A token got with a secret is one statement anyway.
    """
    if attempt.claimed is None or attempt.claimed.assertion is None:
        yield
        return
    refusal: OAuthError | None = None
    with transaction.atomic():
        try:
            yield
        except OAuthError as error:
            refusal = error
    if refusal is not None:
        raise refusal


@endpoint
def introspect(request: HttpRequest) -> HttpResponse:
    """POST /passport/introspect (RFC 7662): is a token of the caller's own tenant alive? Asks the database."""
    form = read_form(request)
    tenant_id = calling_introspector(request, form).tenant_id
    found = _readable(_wanted(form))
    if found is None or found.tenant_id != tenant_id:
        return private(INACTIVE)
    row = selectors.live_token(found.jti, tenant_id, int(found.claims["iat"]), timezone.now())
    return private(INACTIVE if row is None else _described(found.claims))


@endpoint
def revoke(request: HttpRequest) -> HttpResponse:
    """POST /passport/revoke (RFC 7009): a client ends a token of its own. What is no token is answered 200 too."""
    form = read_form(request)
    identity = _proved(request, form).identity
    found = _readable(_wanted(form))
    if found is None:
        return private({})
    if found.identity_id != identity.id:
        raise OAuthError("invalid_grant", "The token was issued to another client.")
    tokens.revoke(found.jti, actor=subjects.actor_of(identity), reason="revoked by its own client")
    return private({})


def _proved(request: HttpRequest, form: Form) -> Authenticated:
    claimed = read_credentials(request, form)
    proved = prove(claimed)
    if proved is None:
        raise refusals.unproved(claimed)
    return proved


def _wanted(form: Form) -> str:
    if "token" not in form:
        raise OAuthError("invalid_request", "The parameter token is missing.")
    return form["token"]


def _readable(text: str) -> VerifiedToken | None:
    try:
        return verification.read_access_token(text)
    except BadToken:
        return None


def _described(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {"active": True, "token_type": "Bearer", **claims}
