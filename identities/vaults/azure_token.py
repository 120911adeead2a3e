"""How Key Vault wants to be asked: it says for what a token is to be, and Entra ID gives one to the application."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.views.decorators.debug import sensitive_variables

from identities.vaults import failures, rest
from identities.vaults.http import BoundedSession
from identities.vaults.rest import Answer
from identities.vaults.secret_text import SecretText

_MEMBER = re.compile(r'([a-zA-Z_]+)="([^"]*)"')
_GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_ABOUT_TIME = ("not yet valid", "token is expired", "token has expired", "lifetime validation", "idx10222", "idx10223")
_WRONG_TIME = {700024, 50013}  # an assertion outside its validity


@dataclass(frozen=True, slots=True)
class Application:
    """Who asks: an application of a directory, and where that directory signs in."""

    authority: str
    directory: str
    client_id: str


def challenged(answer: Answer, uri: str, identity: Application) -> str:
    """The resource that the vault's first answer, 401 with `WWW-Authenticate: Bearer`, wants a token for.

    It must be a domain that the vault's own address lies in: a token for anything else would be somebody else's to use.
    Of the authority it names only the directory is compared; the secret goes to the connection's own authority.
    """
    head = answer.headers.get("WWW-Authenticate", "")
    if answer.status != 401 or not head.lower().startswith("bearer"):
        if answer.status in (403, 429, 503):
            raise rest.refusal(answer.status, "Key Vault")
        raise failures.VaultFailed("The vault does not ask for a token as Key Vault does")
    members: dict[str, str] = {name.lower(): text for name, text in _MEMBER.findall(head)}
    resource = (members.get("resource") or members.get("scope", "").removesuffix("/.default")).rstrip("/")
    parts, host = urlsplit(resource), (urlsplit(uri).hostname or "").lower()
    wanted = (parts.hostname or "").lower()
    if parts.scheme != "https" or not wanted or not (host == wanted or host.endswith(f".{wanted}")):
        raise failures.VaultFailed("The vault asks for a token that is not for itself")
    directory = urlsplit(members.get("authorization") or members.get("authorization_uri", "")).path.strip("/").lower()
    theirs = directory.partition("/")[0]
    if _GUID.fullmatch(theirs) and _GUID.fullmatch(identity.directory.lower()) and theirs != identity.directory.lower():
        raise failures.VaultUnauthenticated("The vault belongs to another directory than the connection says")
    return resource


@sensitive_variables("secret", "answer")
def fetch(session: BoundedSession, identity: Application, secret: SecretText, resource: str) -> SecretText:
    """A token for `resource` by the client credentials grant; raises a `VaultError` that says why there is none."""
    form = {
        "grant_type": "client_credentials",
        "client_id": identity.client_id,
        "client_secret": secret.reveal(),
        "scope": f"{resource}/.default",
    }
    url = f"{identity.authority.rstrip('/')}/{identity.directory}/oauth2/v2.0/token"
    answer = rest.ask(session, "POST", url, form=form)
    if answer.is_good:
        return SecretText(rest.text_of(answer.body, "access_token"))
    codes = answer.body.get("error_codes")
    if isinstance(codes, list) and _WRONG_TIME & {code for code in codes if isinstance(code, int)}:
        raise failures.VaultClockSkew("Entra ID says that this machine's clock is wrong")
    if answer.status in (400, 401, 403):
        raise failures.VaultUnauthenticated("Entra ID does not accept the directory, the client id or its secret")
    if answer.status == 404:
        raise failures.VaultFailed("The sign-in address is not Entra ID's")
    raise rest.refusal(answer.status, "Entra ID")


def is_about_time(answer: Answer) -> bool:
    """Whether a refusal of a token speaks of when it is valid."""
    said = answer.headers.get("WWW-Authenticate", "").lower()
    return any(words in said for words in _ABOUT_TIME)
