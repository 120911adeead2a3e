"""Columns of password managers' CSV exports: which hold what, and which are never read. Pure.

Known are the headers of 1Password, Bitwarden, KeePass, KeePassXC, LastPass, Dashlane, Keeper and of browsers.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from identities.discovery.reading.secrets import is_secret_name, is_secret_text
from identities.discovery.reading.text import clean

#: What a column may be mapped to; `secret` is asked only whether it holds anything, `ignored` not even that.
TARGETS = ("title", "username", "url", "folder", "owner", "created", "modified", "last_used", "expires", "tags",
           "type", "secret", "ignored")  # fmt: skip
#: The register's own words for the same, as a mapping for other tables has them.
SYNONYMS = {"": "ignored", "name": "title", "technical_owner": "owner", "last_used_at": "last_used",
            "expires_at": "expires", "last_rotated_at": "modified", "created_at": "created"}  # fmt: skip
#: By target: headers in small letters without separators.
HEADERS: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "name", "account", "entry", "itemname", "accountname"),
    "username": ("username", "login", "loginname", "loginusername", "user", "email", "userid"),
    "url": ("url", "loginuri", "website", "urls", "websiteaddress", "uri", "hostname"),
    "folder": ("folder", "group", "grouping", "vault", "category", "collections", "path"),
    "owner": ("owner", "technicalowner", "responsible", "contact"),
    "created": ("created", "createdat", "creationdate", "timecreated", "datecreated", "creationtime"),
    "modified": ("modified", "lastmodified", "updated", "updatedat", "timepasswordchanged", "passwordmodified",
                 "revisiondate", "lastmodificationtime", "modifiedat"),
    "last_used": ("lastused", "timelastused", "lastaccessed", "lastusedat", "lastaccesstime"),
    "expires": ("expires", "expiry", "expiresat", "expirationdate", "expirytime"),
    "tags": ("tags", "labels"),
    "type": ("type", "itemtype"),
    "secret": ("password", "loginpassword", "pass", "otpauth", "totp", "logintotp", "otpsecret", "otpurl", "passwords",
               "pin", "secret", "privatekey", "httprealm"),
}  # fmt: skip
#: Free text, in which people write down whatever they must not lose.
FREE_TEXT = frozenset({"notes", "note", "extra", "comments", "fields", "customfields", "attachments", "history"})


def targets(headers: Iterable[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """`{column: target}` for every column: what `mapping` says of it, else what its header does.

    A column that looks like a secret's stays one, whatever a mapping says. Of two columns whose headers say the same,
    the first has the target; one that was mapped comes before both.
    """
    meant = {column: SYNONYMS.get(target, target) for column, target in mapping.items()}
    found: dict[str, str] = {}
    for header in headers:
        guessed = guess(header)
        taken = {*found.values(), *meant.values()} - {"secret", "ignored"}
        found[header] = (
            guessed if guessed == "secret" else meant.get(header, "ignored" if guessed in taken else guessed)
        )
    return found


def unknown_target(mapping: Mapping[str, str]) -> str:
    """The first target in `mapping` that there is not; "" where all are known."""
    return next((target for target in mapping.values() if SYNONYMS.get(target, target) not in TARGETS), "")


def guess(header: str) -> str:
    """What a header alone says. One that speaks of a password is a secret, but for the date of its last change."""
    plain = re.sub(r"[^a-z0-9]", "", header.lower())
    if plain in FREE_TEXT:
        return "ignored"
    known = next((target for target, names in HEADERS.items() if plain in names), "ignored")
    speaks = is_secret_name(header) or "password" in plain or "secret" in plain
    return "secret" if speaks and known != "modified" else known


def host_of(address: str) -> str:
    """The host of an address, without user, password, path and query: all of those have held secrets."""
    try:
        host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""
    return clean(host, 254)


def shown(value: str, limit: int = 254) -> str:
    """A cell that may be kept; "" where it is spelt like a secret after all."""
    return "" if is_secret_text(value) else clean(value, limit)
