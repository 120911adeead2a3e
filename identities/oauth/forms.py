"""What a client sent: one small form, each parameter once, and one way of saying who it is."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus

from django.http import HttpRequest
from django.utils import timezone

from audit import context
from identities.credentials.usage import Source
from identities.jose.assertions import Assertion, read as read_assertion
from identities.jose.verify import BadToken
from identities.oauth.answers import OAuthError
from identities.tokens import settings

MAXIMUM_BODY = 8 * 1024
MAXIMUM_FIELDS = 50
MAXIMUM_CLIENT_ID = 256
MAXIMUM_SECRET = 256
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM = "application/x-www-form-urlencoded"

Form = Mapping[str, str]


@dataclass
class ClientCredentials:
    """A claim to be `client_id`, with its proof: a secret, or an assertion. An unreadable claim has an empty secret,
    which nobody has. `problem` is what was wrong with an assertion: for the audit, never for the answer. `source` is
    where it came from."""

    client_id: str
    secret: str = field(repr=False)
    assertion: Assertion | None = field(default=None, repr=False)
    problem: str = ""
    source: Source | None = None


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
    """Who the client says it is: by HTTP Basic (any case), body or assertion, one of them; None when it says nothing.

    Raises OAuthError `invalid_request` for two ways at once, or a `client_id` in the body that differs from Basic's
    (RFC 6749 §2.3: one method in each request).
    """
    claimed = _claimed(request, form)
    if claimed is not None:
        address = context.current().address or request.META.get("REMOTE_ADDR", "")
        claimed.source = Source.of(address, request.META.get("HTTP_USER_AGENT", ""))
    return claimed


def _claimed(request: HttpRequest, form: Form) -> ClientCredentials | None:
    header = request.META.get("HTTP_AUTHORIZATION", "")
    is_asserted = "client_assertion" in form or "client_assertion_type" in form
    in_body = "client_secret" in form
    if (header and in_body) or (is_asserted and (header or in_body)):
        raise OAuthError("invalid_request", "Use one way of client authentication, not two.")
    if is_asserted:
        return _from_assertion(form)
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


def _from_assertion(form: Form) -> ClientCredentials:
    """RFC 7521 §4.2: `client_id` may be left out; where it is given, it is the one that the assertion names."""
    claimed = _capped(form.get("client_id", ""), "")
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        claimed.problem = "unsupported_type"
        return claimed
    try:
        found = read_assertion(form.get("client_assertion", ""), audiences=own_audiences(), at=timezone.now())
    except BadToken as error:
        claimed.problem = error.reason
        return claimed
    if form.get("client_id", found.client_id) != found.client_id:
        claimed.problem = "another_client_id"
        return claimed
    return ClientCredentials(found.client_id, "", found)


def own_audiences() -> tuple[str, str]:
    """Whom an assertion for us is addressed to: the issuer, or its token endpoint (RFC 7523 §3)."""
    issuer = settings.issuer()
    return issuer, f"{issuer.rstrip('/')}/passport/token"


def _capped(client_id: str, secret: str) -> ClientCredentials:
    is_readable = client_id.isascii() and client_id.isprintable() and len(client_id) <= MAXIMUM_CLIENT_ID
    is_short = len(secret.encode(errors="replace")) <= MAXIMUM_SECRET
    return ClientCredentials(client_id if is_readable else "", secret if is_readable and is_short else "")
