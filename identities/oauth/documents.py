"""What anybody may read: the key set, the metadata, and the list of what was stopped before its time."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from audit.moments import zulu
from identities.jose.assertions import ALGORITHMS
from identities.oauth.answers import OAuthError, public, refused
from identities.oauth.server import GRANT
from identities.oauth.validator import SCOPES
from identities.tokens import selectors, services as tokens, settings

METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
# Shorter than a new key is announced before it signs, so nobody's cache is older than the first signature.
KEYS_SECONDS = 3
FEED_SECONDS = 5
METADATA_SECONDS = 300


@csrf_exempt
@require_safe
def jwks(request: HttpRequest) -> HttpResponse:
    """GET /passport/jwks.json (RFC 7517): every key a token that lives may be signed with, and the next one."""
    keys = selectors.key_set(timezone.now())
    if not keys:
        tokens.ensure_signing_key()
        keys = selectors.key_set(timezone.now())
    return public({"keys": keys}, seconds=KEYS_SECONDS)


@csrf_exempt
@require_safe
def metadata(request: HttpRequest, path: str = "") -> HttpResponse:
    """GET /.well-known/oauth-authorization-server (RFC 8414), with the issuer's path behind it where it has one."""
    issuer = settings.issuer()
    if path.strip("/") != urlsplit(issuer).path.strip("/"):
        raise Http404
    base = issuer.rstrip("/")
    return public(
        {
            "issuer": issuer,
            "token_endpoint": f"{base}/passport/token",
            "introspection_endpoint": f"{base}/passport/introspect",
            "revocation_endpoint": f"{base}/passport/revoke",
            "jwks_uri": f"{base}/passport/jwks.json",
            "grant_types_supported": [GRANT],
            "response_types_supported": [],
            "scopes_supported": list(SCOPES),
            "token_endpoint_auth_methods_supported": METHODS,
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "introspection_endpoint_auth_methods_supported": METHODS,
            "introspection_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "revocation_endpoint_auth_methods_supported": METHODS,
            "revocation_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        },
        seconds=METADATA_SECONDS,
    )


@csrf_exempt
@require_safe
def revocations(request: HttpRequest) -> HttpResponse:
    """GET /passport/revocations[?since=]: for verifiers that do not introspect.

    `tokens`: revoked jtis that have not ended. `identities`: a token of `managed_identity_id` with `iat` at or before
    `not_after` (seconds) is dead; without `not_after` every token of it is. `since` (RFC 3339) leaves out what is
    older.
    Public: it holds random identifiers, no name and no tenant.
    """
    try:
        since = _since(request.GET.get("since", ""))
    except (ValueError, OverflowError):
        return refused(OAuthError("invalid_request", "since is not a time as RFC 3339 writes it."))
    at = timezone.now()
    stops = selectors.stops(at, since)
    members = {
        "issuer": settings.issuer(),
        "as_of": zulu(at),
        "tokens": [str(jti) for jti in stops.tokens],
        "identities": [
            {"managed_identity_id": str(identity), "not_after": int(epoch)} for identity, epoch in stops.epochs.items()
        ]
        + [{"managed_identity_id": str(identity)} for identity in stops.stopped],
    }
    return public(members, seconds=FEED_SECONDS)


def _since(text: str) -> datetime | None:
    if not text:
        return None
    # A plus sign in a query string arrives as a space.
    moment = parse_datetime(text.replace(" ", "+"))
    if moment is None:
        raise ValueError(text)
    # Some instants have a name in their own zone and none in any other.
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
