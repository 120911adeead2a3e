"""What may be written about an identity, and how it is checked before it lands on the row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from identities.errors import Invalid
from identities.inventory import owners
from identities.inventory.members import MEMBERS, Unfit
from identities.inventory.models import ManagedIdentity

PLAIN = tuple(MEMBERS)
WRITABLE = frozenset({*PLAIN, *owners.ROLES, "owner_team"})
REQUIRED = ("name", "environment", "purpose")
NOTHING: tuple[object, ...] = (None, "", [], {}, ())

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Plain facts that fit the register, and what did not: `{member: why}`."""

    values: dict[str, object]
    dropped: dict[str, str]


def apply(identity: ManagedIdentity, facts: Facts) -> None:
    """Set `facts` on the row in hand (not saved) and check them, all complaints at once. Raises Invalid."""
    errors = {name: ["This member is not known."] for name in sorted(set(facts) - WRITABLE)}
    values: dict[str, object] = {}
    for name, member in MEMBERS.items():
        if name in facts:
            try:
                values[name] = member.read(facts[name])
            except Unfit as error:
                errors[name] = [str(error)]
    errors |= {name: ["This member is required."] for name in REQUIRED if values.get(name, "said") == ""}
    answering = _answering(identity, facts, errors)
    if errors:
        raise Invalid(errors)
    for name, value in (values | answering).items():
        setattr(identity, name, value)


def fit(facts: Facts) -> Fitted:
    """The plain members of `facts` as an import may write them: too long a text is cut, what does not fit is left out.

    Owners and team are not plain: they are looked up elsewhere. Asks no database.
    """
    values: dict[str, object] = {}
    dropped = {name: "This member is not known." for name in facts if name not in WRITABLE}
    for name, member in MEMBERS.items():
        if name in facts:
            try:
                values[name] = member.read(_cut(facts[name], member.limit))
            except Unfit as error:
                dropped[name] = str(error)
    return Fitted(values, dropped)


def snapshot(identity: ManagedIdentity) -> dict[str, object]:
    """The writable facts as plain values, for the before and after of an audit record."""
    people = {role: getattr(identity, f"{role}_label") for role in owners.ROLES}
    team = str(identity.owner_team) if identity.owner_team else None
    return {**{name: plain(getattr(identity, name)) for name in PLAIN}, **people, "owner_team": team}


def plain(value: object) -> object:
    """A value as JSON keeps it."""
    return value.isoformat() if isinstance(value, date | datetime) else value


def _answering(identity: ManagedIdentity, facts: Facts, errors: dict[str, list[str]]) -> dict[str, object]:
    """The columns of the owners and the team that `facts` name; what is wrong with them goes into `errors`."""
    columns: dict[str, object] = {}
    for role in [*owners.ROLES, "owner_team"]:
        if role not in facts:
            continue
        try:
            if role == "owner_team":
                columns[role] = owners.resolve_team(facts[role], tenant_id=identity.tenant_id)
            else:
                owner = owners.resolve(facts[role], tenant_id=identity.tenant_id, member=role)
                columns |= {role: owner.user, f"{role}_label": owner.label}
        except Invalid as error:
            errors |= error.errors
    return columns


def _cut(value: object, limit: int) -> object:
    if limit and isinstance(value, str) and len(value.strip()) > limit:
        return value.strip()[: limit - 1] + "…"
    return value
