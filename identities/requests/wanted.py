"""What is asked for, as it is written, read onto the row: every member checked for its form, all complaints at once."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from identities.access.bundles import BUNDLES
from identities.errors import Invalid
from identities.inventory import owners
from identities.inventory.members import MEMBERS, Unfit
from identities.inventory.models import ManagedIdentity
from identities.requests.models import IdentityRequest
from identities.vaults.references import SecretReference

ALWAYS = ("bundle", "name", "environment", "purpose", "expires_at")
#: What an identity that is there already says itself.
OF_THE_IDENTITY = ("name", "kind", "environment", "purpose", "data_classification", "customer_facing")
PLAIN = ("name", "kind", "environment", "purpose", "data_classification", "customer_facing", "expires_at", "ticket")
LENGTHS = {"workflow": 200, "change_note": 4000, "rollback_plan": 4000}
MAX_EVIDENCE = 1000
OTHERS = ("bundle", "technical_owner", "owner_team", "permissions", "store_secret_at", "evidence")
WRITABLE = frozenset({*PLAIN, *LENGTHS, *OTHERS})
NOTHING: tuple[object, ...] = (None, "", [], {}, ())
_ITS_OWN = ("store_secret_at", "technical_owner", "owner_team")

Given = Mapping[str, Any]


def apply(row: IdentityRequest, given: Given) -> None:
    """Set what is `given` on the row in hand, not saved; what is silent stays, or is the bundle's. Raises Invalid."""
    errors = {name: ["This member is not known."] for name in sorted(set(given) - WRITABLE)}
    values: dict[str, Any] = {}
    for name in sorted(set(given) & WRITABLE):
        try:
            values[name] = _READERS[name](row, given[name])
        except Unfit as error:
            errors[name] = [str(error)]
        except Invalid as error:
            errors |= error.errors
    bundle = values.get("bundle", row.bundle)
    if not bundle and "bundle" not in errors:
        errors["bundle"] = ["This member is required."]
    for name in ALWAYS:
        if name not in errors and values.get(name, getattr(row, name)) in NOTHING:
            errors[name] = ["This member is required."]
    if errors:
        raise Invalid(errors)
    _lay(row, values)


def of_identity(row: IdentityRequest, identity: ManagedIdentity, given: Given) -> dict[str, Any]:
    """Take from `identity` what it says itself; answers the rest of `given`. Raises Invalid where they differ."""
    said = [name for name in OF_THE_IDENTITY if given.get(name) not in (*NOTHING, getattr(identity, name))]
    errors = {name: ["It is the identity's own: change it there, or leave it out."] for name in said}
    for name in _ITS_OWN:
        if given.get(name) not in NOTHING:
            errors[name] = ["The identity has its own: leave it out."]
    if errors:
        raise Invalid(errors)
    row.identity, row.is_for_existing = identity, True
    for name in (*OF_THE_IDENTITY, "technical_owner", "owner_team"):
        setattr(row, name, getattr(identity, name))
    return {name: value for name, value in given.items() if name not in (*OF_THE_IDENTITY, *_ITS_OWN)}


def reference_of(row: IdentityRequest) -> SecretReference | None:
    """Where its secret shall go; None is to whoever asked."""
    return SecretReference.from_json(row.store_secret_at) if row.store_secret_at else None


def _lay(row: IdentityRequest, values: dict[str, Any]) -> None:
    was = row.bundle
    if values.get("permissions") is None:
        values.pop("permissions", None)
    for name, value in values.items():
        setattr(row, name, value)
    bundle = BUNDLES[row.bundle]
    if "permissions" not in values and (row.bundle != was or not row.permissions):
        row.permissions = sorted(bundle.permissions)
    if not was and "kind" not in values and not row.is_for_existing:
        row.kind = bundle.kind.value
    if row.bundle != was and "evidence" not in values:
        row.evidence = {}


def _bundle(row: IdentityRequest, value: object) -> str:
    if value not in BUNDLES:
        raise Unfit(f"Not one of {', '.join(BUNDLES)}.")
    return str(value)


def _kind(row: IdentityRequest, value: object) -> object:
    return MEMBERS["kind"].read(value) if value not in NOTHING else row.kind


def _text(name: str) -> Callable[[IdentityRequest, object], str]:
    def read(row: IdentityRequest, value: object) -> str:
        return _line(value, LENGTHS[name])

    return read


def _line(value: object, limit: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unfit("A text.")
    text = value.strip()
    if len(text) > limit:
        raise Unfit(f"At most {limit} characters.")
    if not "".join(text.split()).isprintable():
        raise Unfit("Control characters are not allowed.")
    return text


def _owner(row: IdentityRequest, value: object) -> object:
    found = owners.resolve(value, tenant_id=row.tenant_id, member="technical_owner")
    if found.label and found.user is None:
        raise Unfit("There is no such person.")
    return found.user


def _team(row: IdentityRequest, value: object) -> object:
    return owners.resolve_team(value, tenant_id=row.tenant_id)


def _permissions(row: IdentityRequest, value: object) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise Unfit("A list of permissions.")
    return sorted(set(value))


def _place(row: IdentityRequest, value: Any) -> dict[str, str] | None:
    if value in NOTHING:
        return None
    if isinstance(value, SecretReference):
        return value.as_json()
    try:
        found = SecretReference.from_json(value)
    except Invalid as error:
        raise Invalid({f"store_secret_at.{name}": said for name, said in error.errors.items()}) from error
    return found.as_json()


def _evidence(row: IdentityRequest, value: Any) -> dict[str, str]:
    if value in NOTHING:
        return {}
    if not isinstance(value, Mapping):
        raise Unfit("An object of texts.")
    found: dict[str, str] = {}
    errors: dict[str, list[str]] = {}
    for key, said in value.items():
        try:
            found[str(key)] = _line(said, MAX_EVIDENCE)
        except Unfit as error:
            errors[f"evidence.{key}"] = [str(error)]
    if errors:
        raise Invalid(errors)
    return {key: said for key, said in found.items() if said}


def _plain(name: str) -> Callable[[IdentityRequest, object], object]:
    return lambda row, value: MEMBERS[name].read(_in_utc(value))


def _in_utc(value: object) -> object:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


_READERS: Mapping[str, Callable[[IdentityRequest, Any], Any]] = {
    **{name: _plain(name) for name in PLAIN},
    **{name: _text(name) for name in LENGTHS},
    "kind": _kind,
    "bundle": _bundle,
    "technical_owner": _owner,
    "owner_team": _team,
    "permissions": _permissions,
    "store_secret_at": _place,
    "evidence": _evidence,
}
