"""What must not be kept: members that hold a secret are taken out of a record before it is looked at. Pure."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

WITHHELD = "[withheld]"
#: No secret of those below is spelt in fewer characters: "://a:b@" is the shortest.
SHORTEST = 7

#: Names under which exports write secret values, in lower case and without separators; see `is_secret_name`.
SECRET_MEMBERS = frozenset(
    {
        "accesstoken", "apikey", "apitoken", "authtoken", "bearertoken", "clientsecret", "clienttoken",
        "connectionstring", "encryptedsecret", "keydata", "passphrase", "passwd", "password", "plaintextvalue",
        "privatekey", "privatekeydata", "privatekeypem", "pwd", "refreshtoken", "secret", "secretaccesskey",
        "secretdata", "secretkey", "secretstring", "secrettext", "secretvalue", "sessiontoken", "sessmtppassword",
        "sessmtppasswordv4", "sharedsecret", "signingkey", "token", "tokenvalue", "webhooksecret", "keyvalue",
        "valuebase64", "plaintext", "encryptedvalue", "encryptedpassword", "encryptedprivatekey",
        "registrationaccesstoken",
    }
)  # fmt: skip

_SECRET_TEXT = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}"  # JWT
    r"|\bnhi_[a-z]+_[A-Za-z0-9]{20,}"  # our own
    r"|\b(?:hvs|hvb|s)\.[A-Za-z0-9_-]{20,}"  # Vault and OpenBao
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{22,}|\bglpat-[A-Za-z0-9_-]{20,}"
    r"|\bxox[abeprs]-[A-Za-z0-9-]{10,}|\bnpm_[A-Za-z0-9]{36}|\bAIza[A-Za-z0-9_-]{35}|\bsk-[A-Za-z0-9_-]{20,}"
    r"|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|\bdop_v1_[a-f0-9]{64}|\bpypi-[A-Za-z0-9_-]{50,}"
    r"|(?i:\b(?:bearer|basic)\s+[A-Za-z0-9+/=._~-]{16,})"
    r"|://[^/\s:@]+:[^/\s@]+@"  # user:password in an address
    r"|(?i:(?:password|pwd|accountkey|sharedaccesskey|secret)=[^;\s]{6,})"  # connection strings
)
_SECRET_WORD = re.compile(r"secret|passw|passphrase|token|privatekey|apikey|accesskey|credentialvalue")
#: With these at its end a name tells of a secret and does not hold it: its id, its age, where it rests.
_TELLS_OF = re.compile(
    r"(id|ids|name|type|kind|method|count|hint|age|days|at|on|by|date|used|owner|status|state|location|path|reference"
    r"|ref|vault|store|storedin|expiry|expires|rotation|rotated|interval|procedure|scopes?|url|endpoint|issuer)$"
)
#: One of these stands in whatever the pattern finds: looking for them first is several times as fast.
_SIGNS = (
    "-----BEGIN", "eyJ", "nhi_", "hvs.", "hvb.", "s.", "gh", "glpat-", "xox", "npm_", "AIza", "sk-", "SG.", "dop_v1_",
    "pypi-", "://",
)  # fmt: skip
_SIGNS_IN_ANY_CASE = ("bearer", "basic", "password=", "pwd=", "key=", "secret=")
# The secret half of an AWS access key: 40 characters of Base64, of both cases and with digits; a digest is no such.
_FORTY = re.compile(
    r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])(?=(?:[A-Za-z/+]*[0-9]){3})[A-Za-z0-9/+]{40}"
    r"(?![A-Za-z0-9/+=])"
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record without secrets; `held` are the members, as paths, in which it did hold one ("spec.0.password")."""

    record: dict[str, object]
    held: tuple[str, ...]


def sealed(record: Mapping[str, object], members: Collection[str] = ()) -> Sealed:
    """A copy of `record` without the members that hold secrets, at any depth: `SECRET_MEMBERS` and those named here.

    Names are compared without case and separators ("client_secret" is "clientSecret"). A member that is empty, null
    or false is taken out too but not `held`.
    """
    names = SECRET_MEMBERS | {_plain(name) for name in members}
    held: list[str] = []
    return Sealed(_members(record, names, "", held), tuple(held))


def is_secret_name(name: str) -> bool:
    """Whether a member or column of that name holds a secret value, by what programs and people call them."""
    return _plain(name) in SECRET_MEMBERS


@lru_cache(maxsize=4096)
def may_hold_secret(name: str) -> bool:
    """Whether people who name a column or tag so keep a secret value in it: "DB password", but not "secret rotation".

    Wider than `is_secret_name`, for names that people choose; a vendor's own members are known one by one.
    """
    plain = _plain(name)
    return plain in SECRET_MEMBERS or bool(_SECRET_WORD.search(plain) and not _TELLS_OF.search(plain))


def is_secret_text(value: object) -> bool:
    """Whether a text holds what is spelt like a secret: a private key, a known maker's token, a password in a URL."""
    if not isinstance(value, str) or len(value) < SHORTEST:
        return False
    lower = value.lower()
    if not any(sign in value for sign in _SIGNS) and not any(sign in lower for sign in _SIGNS_IN_ANY_CASE):
        return False
    return _SECRET_TEXT.search(value) is not None


def is_secret_cell(value: object) -> bool:
    """As `is_secret_text`, and the secret half of an AWS access key too: for tags and tables, where no path stands."""
    return is_secret_text(value) or (isinstance(value, str) and len(value) >= 40 and _FORTY.search(value) is not None)


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _members(record: Mapping[str, object], names: Collection[str], path: str, held: list[str]) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name, value in record.items():
        inner = f"{path}.{name}" if path else name
        if _plain(name) not in names:
            kept[name] = _value(value, names, inner, held)
        elif value not in (None, "", False, {}, []):
            held.append(inner)
    return kept


def _value(value: object, names: Collection[str], path: str, held: list[str]) -> object:
    if isinstance(value, Mapping):
        return _members(value, names, path, held)
    if isinstance(value, list):
        return [_value(inner, names, f"{path}.{number}", held) for number, inner in enumerate(value)]
    if is_secret_text(value):
        held.append(path)
        return WITHHELD
    return value
