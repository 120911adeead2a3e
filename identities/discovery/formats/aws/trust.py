"""A role's trust policy: who may become the role, in the words of `upstream_trust_source`."""

import json
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from identities.discovery.formats.aws.arns import resource_of
from identities.discovery.reading.text import clean

Statement = Mapping[str, object]
PROVIDERS = ("oidc-provider/", "saml-provider/")
#: Conditions that narrow a principal down, by the end of their key, the most telling first.
NARROWING = (":sub", "sts:externalid", "aws:sourcearn", "aws:sourceaccount", "aws:principalarn", "aws:principalorgid")


def policy(document: object) -> Mapping[str, object]:
    """A policy document as an object: AWS prints objects, its API and infrastructure state texts, some URL-encoded."""
    if isinstance(document, Mapping):
        return document
    if not isinstance(document, str) or len(document) > 200_000:
        return {}
    try:
        loaded = json.loads(unquote(document) if document.startswith("%7B") else document)
    except (ValueError, RecursionError):
        return {}
    return loaded if isinstance(loaded, Mapping) else {}


def statements(document: object) -> Iterator[Statement]:
    """The statements that allow something."""
    found = policy(document).get("Statement")
    for statement in found if isinstance(found, list) else [found]:
        if isinstance(statement, Mapping) and statement.get("Effect", "Allow") == "Allow":
            yield statement


def sources(document: object) -> list[tuple[str, str]]:
    """Each principal that may assume the role: its sort (AWS, Service, Federated) and "<issuer> subject=<pattern>"."""
    found: list[tuple[str, str]] = []
    for statement in statements(document):
        for sort, principal in _principals(statement):
            found += [(sort, _said(sort, principal, subject)) for subject in _subjects(statement) or [""]]
    return list(dict.fromkeys(found))


def _principals(statement: Statement) -> Iterator[tuple[str, str]]:
    principal = statement.get("Principal")
    if isinstance(principal, str):
        yield "AWS", principal
    elif isinstance(principal, Mapping):
        for sort, names in principal.items():
            yield from ((str(sort), name) for name in texts(names))


def _said(sort: str, principal: str, subject: str) -> str:
    issuer = clean(principal, 200)
    if sort == "Federated":
        for provider in PROVIDERS:
            issuer = issuer.partition(provider)[2] or issuer
    own = resource_of(principal)
    if sort == "AWS" and not subject:
        subject = own if own and own != "root" else "*"
    if sort == "Federated" and not subject:
        subject = "*"
    return f"{issuer} subject={clean(subject, 200)}" if subject else issuer


def _subjects(statement: Statement) -> list[str]:
    conditions = statement.get("Condition")
    pairs: list[tuple[str, object]] = []
    for operator, tests in conditions.items() if isinstance(conditions, Mapping) else ():
        if isinstance(tests, Mapping) and "not" not in str(operator).lower():
            pairs += [(str(key).lower(), value) for key, value in tests.items()]
    for end in NARROWING:
        found = [text for key, value in pairs if key.endswith(end) for text in texts(value)]
        if found:
            # An external id is shared like a password: that there is one is said, not which.
            return ["external id"] if end == "sts:externalid" else found
    return []


def texts(value: object) -> list[str]:
    """One text or a list of them, as a list; what is neither is left out."""
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
