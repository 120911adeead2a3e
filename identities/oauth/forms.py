"""What a client sent: one small form, each parameter once, and one way of saying who it is."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus

from django.http import HttpRequest

from identities.oauth.answers import OAuthError

MAXIMUM_BODY = 8 * 1024
MAXIMUM_FIELDS = 50
MAXIMUM_CLIENT_ID = 256
MAXIMUM_SECRET = 256
FORM = "application/x-www-form-urlencoded"

Form = Mapping[str, str]


@dataclass(frozen=True)
class ClientCredentials:
    """A claim to be `client_id`, with its proof. An unreadable claim has an empty secret, which nobody has."""

    client_id: str
    secret: str = field(repr=False)


def read_form(request: HttpRequest) -> Form:
    """The parameters of a POST; an empty one counts as left out (RFC 6749 §3.2). Raises OAuthError for anything else.

    A method other than POST, a query string, another content type, more than 8 KiB, text that is not UTF-8, or a
    parameter sent twice is refused before any of it is used.
    """
    if request.method != "POST":
        raise OAuthError("invalid_request", "Use POST.", status=405, headers={"Allow": "POST"})
    if request.META.get("QUERY_STRING"):
        raise OAuthError("invalid_request", "Parameters go into the body, never into the address.")
    if (request.content_type or "").lower() != FORM:
        raise OAuthError("invalid_request", f"Send the parameters as {FORM}.")
    if _length(request) > MAXIMUM_BODY:
        raise OAuthError("invalid_request", f"The body is larger than {MAXIMUM_BODY} bytes.", status=413)
    return _parse(request.body)


def read_credentials(request: HttpRequest, form: Form) -> ClientCredentials | None:
    """Who the client says it is: HTTP Basic (any case) or body, never both; None when it says nothing.

    Raises OAuthError `invalid_request` for two ways at once, or a `client_id` in the body that differs from Basic's
    (RFC 6749 §2.3: one method in each request).
    """
    header = request.META.get("HTTP_AUTHORIZATION", "")
    in_body = "client_secret" in form or "client_assertion" in form
    if header and in_body:
        raise OAuthError("invalid_request", "Use one way of client authentication, not two.")
    if header:
        claimed = _from_basic(header)
        if form.get("client_id", claimed.client_id) != claimed.client_id:
            raise OAuthError("invalid_request", "client_id differs from the authenticated client.")
        return claimed
    if "client_id" not in form and not in_body:
        return None
    return _capped(form.get("client_id", ""), form.get("client_secret", ""))


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _parse(body: bytes) -> Form:
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAXIMUM_FIELDS)
    except ValueError:
        raise OAuthError("invalid_request", "The body is not a readable form.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthError("invalid_request", "A parameter was sent more than once.")
    return {name: value for name, value in form.items() if value}


def _from_basic(header: str) -> ClientCredentials:
    """RFC 7617 with the form encoding of RFC 6749 §2.3.1; what cannot be read is a claim that fails."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return ClientCredentials("", "")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (ValueError, binascii.Error):
        return ClientCredentials("", "")
    client_id, colon, secret = decoded.partition(":")
    if not colon:
        return ClientCredentials("", "")
    return _capped(unquote_plus(client_id), unquote_plus(secret))


def _capped(client_id: str, secret: str) -> ClientCredentials:
    is_readable = client_id.isascii() and client_id.isprintable() and len(client_id) <= MAXIMUM_CLIENT_ID
    is_short = len(secret.encode(errors="replace")) <= MAXIMUM_SECRET
    return ClientCredentials(client_id if is_readable else "", secret if is_readable and is_short else "")
