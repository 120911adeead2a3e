"""Tags, labels and annotations: what they say of an identity, for every importer in the same way. Pure."""

import re
from collections.abc import Mapping
from functools import lru_cache

from identities.discovery.reading.secrets import WITHHELD, is_secret_cell, may_hold_secret
from identities.discovery.reading.text import clean

MAX_TAGS, MAX_TAG = 50, 254

ENVIRONMENTS = {
    "production": "production", "prod": "production", "prd": "production", "live": "production",
    "staging": "staging", "stage": "staging", "stg": "staging", "preprod": "staging", "uat": "staging",
    "development": "development", "dev": "development", "develop": "development",
    "test": "development", "testing": "development", "qa": "development",
    "sandbox": "sandbox", "sbx": "sandbox",
}  # fmt: skip

#: By member: the keys that speak of it, best first; compared without case, separators and prefix ("x.io/Owner-Mail").
KEYS: Mapping[str, tuple[str, ...]] = {
    "technical_owner": (
        "technicalowner", "techowner", "owner", "ownedby", "owneremail", "ownermail", "maintainer", "maintainedby",
        "contact", "technicalcontact", "responsible", "createdby", "creator",
    ),
    "business_owner": ("businessowner", "productowner", "sponsor", "accountable"),
    "owner_team": ("ownerteam", "team", "squad", "owningteam", "group"),
    "environment": ("environment", "env", "stage", "deploymentenvironment"),
    "business_unit": ("businessunit", "bu", "costcenter", "costcentre", "department", "division"),
    "application": (
        "application", "app", "applicationname", "appname", "service", "product", "project",
        "partof", "name",
    ),
    "ticket": ("ticket", "jira", "issue", "changeticket", "request", "requestid"),
    "repository": ("repository", "repo", "gitrepo", "source", "sourcerepository", "giturl", "vcs"),
    "data_classification": ("dataclassification", "classification", "confidentiality"),
}  # fmt: skip
#: Keys whose name is too general to trust unless it comes with a prefix that says whose it is.
ONLY_PREFIXED = frozenset({"name", "source", "group", "project", "issue", "request"})
OWNERS = frozenset({"technical_owner", "business_owner", "owner_team"})
#: What `app.kubernetes.io/managed-by` says is mostly a tool, and a tool owns nothing.
TOOLS = frozenset(
    {"helm", "kustomize", "argocd", "argo-cd", "flux", "terraform", "pulumi", "ansible", "crossplane", "kubectl"}
)
LIMITS = {"ticket": 120, "business_unit": 120, "application": 120, "data_classification": 64}


def pairs(tags: object) -> dict[str, str]:
    """`{name: text}` of tags as sources write them: an object, a list of Key and Value pairs, a list of words.

    At most 50, each at most 254 characters; what is spelt like a secret, or is called one, is "[withheld]".
    """
    found: dict[str, str] = {}
    for name, value in _raw(tags):
        key = clean(name, MAX_TAG)
        if key and len(found) < MAX_TAGS:
            found[key] = WITHHELD if _is_secret(key) or is_secret_cell(value) else clean(_word(value), MAX_TAG)
    return found


def owner_from_tags(tags: object) -> str:
    """The person, or else the team or manager, that the tags name as owner; "" if none."""
    return _owner(_by_key(pairs(tags)))


def facts_from_tags(tags: object) -> dict[str, object]:
    """Members of the register that the tags speak of, and `tags` themselves; owners and team as texts.

    An environment only where the word is one that everybody reads the same way: "prod" is production, "blue" nothing.
    """
    named = pairs(tags)
    facts: dict[str, object] = {"tags": named} if named else {}
    by_key = _by_key(named)
    for member in KEYS if by_key else ():
        said = _owner(by_key) if member == "technical_owner" else _said(by_key, member)
        if member == "environment":
            said = environment_from_word(said)
        if said:
            facts[member] = clean(said, LIMITS.get(member, 254))
    return facts


def environment_from_word(word: object) -> str:
    """The environment that exactly this word means, or ""."""
    return ENVIRONMENTS.get(str(word).strip().lower(), "") if isinstance(word, str) else ""


def _owner(by_key: Mapping[str, str]) -> str:
    manager = by_key.get("managedby", "")
    manager = "" if manager.lower() in TOOLS else manager
    return _said(by_key, "technical_owner") or _said(by_key, "owner_team") or manager


def _said(by_key: Mapping[str, str], member: str) -> str:
    found = (by_key[key] for key in KEYS[member] if key in by_key)
    return next((said for said in found if member not in OWNERS or said.lower() not in TOOLS), "")


def _by_key(named: Mapping[str, str]) -> dict[str, str]:
    """What the tags say by the last part of their names, bare; the first of two of one name counts."""
    by_key: dict[str, str] = {}
    for name, value in named.items():
        key, has_prefix = _bare(name)
        if value and value != WITHHELD and (has_prefix or key not in ONLY_PREFIXED):
            by_key.setdefault(key, value)
    return by_key


@lru_cache(maxsize=4096)
def _bare(name: str) -> tuple[str, bool]:
    prefix, _, last = name.rpartition("/")
    return re.sub(r"[^a-z0-9]", "", (last if prefix else name.rpartition(":")[2]).lower()), bool(prefix)


def _raw(tags: object) -> list[tuple[object, object]]:
    if isinstance(tags, Mapping):
        return list(tags.items())
    if not isinstance(tags, list | tuple):
        return []
    return [_pair(tag) for tag in tags]


def _pair(tag: object) -> tuple[object, object]:
    if isinstance(tag, Mapping):
        lower = {str(name).lower(): value for name, value in tag.items()}
        return lower.get("key", lower.get("name", "")), lower.get("value", "")
    name, _, value = str(tag).partition("=") if "=" in str(tag) else str(tag).partition(":")
    return name, value


@lru_cache(maxsize=4096)
def _is_secret(name: str) -> bool:
    """By what follows its prefix ("example.com/db-password"): "aws:secretsmanager:owningService" tells of a service."""
    return may_hold_secret(re.split(r"[/:]", name)[-1])


def _word(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
