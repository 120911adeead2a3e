"""What the demo company is described in: people, identities, roles, exports, edits. Values without a clock.

A `timedelta` stands for a moment: so long after the loader's own `at`, before it where it is negative.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

TENANT = "DEMO Harbour Foods"
SLUG = "demo"
DOMAIN = "demo.steward.localhost"
VAULT = {"provider": "local", "vaultUri": "local://default"}
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Person:
    """`login` is the part of the address before the @. Nobody knows their passwords: they are scenery."""

    login: str
    first_name: str
    last_name: str
    role: str
    team: str
    has_left: str = ""


@dataclass(frozen=True)
class Grant:
    """A role, why it was given, how many days it still lasts, and how many days ago it was last used (None: never)."""

    role: str
    reason: str = ""
    left: int = 300
    used: float | None = 1


@dataclass(frozen=True)
class Identity:
    """`facts` go to the register as they are, `grants` are bound, a secret goes into the vault under `vault_name`.

    In days before now: `age`, when it was entered; `used`, its last use (None: none known); `rotated`, when its secret
    was made.
    """

    name: str
    purpose: str
    kind: str
    environment: str
    facts: Mapping[str, object] = field(default_factory=dict)
    grants: tuple[Grant, ...] = ()
    vault_name: str = ""
    disabled_because: str = ""
    retired_because: str = ""
    age: int = 200
    used: float | None = None
    rotated: int = 12


@dataclass(frozen=True)
class Export:
    """One import: its files are written by `files`, given the moment at which it is told to have been made."""

    kind: str
    days_ago: int
    files: Mapping[str, Callable[[datetime], str]]
    source: str = ""
    is_applied: bool = True


@dataclass(frozen=True)
class Edit:
    """What somebody set by hand on a row that an import had made."""

    name: str
    days_ago: int
    reason: str
    facts: Mapping[str, object]


def address(login: str) -> str:
    """How a person of the demo signs in, could they."""
    return f"{login}@{DOMAIN}"


def owned(login: str, team: str, **facts: object) -> dict[str, object]:
    """Facts with one person as both owners."""
    return {"business_owner": address(login), "technical_owner": address(login), "owner_team": team, **facts}


def documented(login: str, team: str, unit: str, application: str, ticket: str, **facts: object) -> dict[str, object]:
    """Facts of an identity of which everything is known that must be: the rest is said in `facts`."""
    return owned(
        login,
        team,
        **{
            "business_unit": unit,
            "application": application,
            "ticket": ticket,
            "risk_tier": "medium",
            "privilege_level": "low",
            "blast_radius": "write_limited",
            "data_classification": "internal",
            "business_criticality": "medium",
            "upstream_trust_source": "Passport",
            "deprovisioning_trigger": f"When {application} is taken out of use",
            "disable_strategy": "immediate",
            "expires_at": 320 * DAY,
            **facts,
        },
    )


def resolved(facts: Mapping[str, object], at: datetime) -> dict[str, object]:
    """`facts` with every span turned into the moment, or the day, that it stands for."""
    return {name: _resolved(name, value, at) for name, value in facts.items()}


def _resolved(name: str, value: object, at: datetime) -> object:
    if not isinstance(value, timedelta):
        return value
    moment = (at + value).replace(microsecond=0)
    return moment.date() if name in ("review_by", "vendor_renewal_on") else moment
