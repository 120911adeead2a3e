"""A Google service account's key: what is kept of the file, and the token it is exchanged for (RFC 7523)."""

import json
from time import time
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.views.decorators.debug import sensitive_variables

from identities.errors import Invalid
from identities.jose.sign import Signer, sign
from identities.vaults import failures, rest
from identities.vaults.http import BoundedSession
from identities.vaults.secret_text import SecretText

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LASTS = 300
MEMBERS = ("client_email", "private_key_id", "private_key", "token_uri")


@sensitive_variables("text", "found")
def kept(text: str, member: str) -> str:
    """The members that are needed of the JSON file Google gives out; raises `Invalid` (member `settings`)."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    fits = isinstance(found, dict) and found.get("type") == "service_account"
    if not fits or not all(isinstance(found.get(name), str) for name in MEMBERS):
        raise Invalid({"settings": [f"{member}: must be the JSON file of a service account's key"]})
    if urlsplit(found["token_uri"]).scheme != "https" or _private(found["private_key"]) is None:
        raise Invalid({"settings": [f"{member}: its token_uri or private_key is not as Google writes it"]})
    return json.dumps({name: found[name] for name in MEMBERS})


@sensitive_variables("key", "found", "private", "assertion", "answer")
def token(session: BoundedSession, key: SecretText) -> SecretText:
    """An access token for the account; raises a `VaultError` that says why there is none."""
    try:
        found = json.loads(key.reveal())
        private = _private(found["private_key"])
    except (ValueError, KeyError, TypeError):
        private = None
    if private is None:
        raise failures.CredentialAbsent("The connection's serviceAccountKey is not the key of a service account")
    now = int(time())
    claims = {"iss": found["client_email"], "scope": SCOPE, "aud": found["token_uri"], "iat": now, "exp": now + LASTS}
    assertion = sign(claims, Signer(found["private_key_id"], private), typ="JWT")
    answer = rest.ask(session, "POST", found["token_uri"], form={"grant_type": GRANT, "assertion": assertion})
    if answer.is_good:
        return SecretText(rest.text_of(answer.body, "access_token"))
    if "iat and exp" in str(answer.body.get("error_description", "")):
        raise failures.VaultClockSkew("Google says that this machine's clock is wrong")
    if answer.status in (400, 401, 403):
        raise failures.VaultUnauthenticated("Google does not accept the service account's key")
    raise rest.refusal(answer.status, "Google's sign-in")


def _private(pem: str) -> RSAPrivateKey | None:
    try:
        found = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        return None
    return found if isinstance(found, RSAPrivateKey) else None
