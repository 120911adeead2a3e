"""Changes to the identity policy as they are written, checked member by member. Pure."""

from collections.abc import Callable, Mapping

from identities.errors import Invalid
from identities.inventory.name_patterns import fault_of
from identities.inventory.standards import MEMBERS, NEVER_ALLOWED
from identities.inventory.vocabulary import AuthMethod, Kind, RiskTier

MAX_TEXT, MAX_DAYS = 4000, 3650
MAX_HOURS = 24 * 90
AFTER_DEADLINE = ("alert", "throttle", "retire")
MAX_CLASSES, MAX_CLASS = 50, 64
DAYS = f"A whole number of days between 1 and {MAX_DAYS}."
_METHODS = [method.value for method in AuthMethod if method not in {*NEVER_ALLOWED, AuthMethod.UNKNOWN.value}]

Errors = dict[str, list[str]]


class _Wrong(ValueError):
    """A value that cannot be a rule; the message is for people."""


def read(rules: Mapping[str, object]) -> dict[str, object]:
    """`rules` checked, as the row keeps them. None for a member, or for a kind in it, stands for the default.

    Raises Invalid with all complaints at once, each by its member ("naming.bot").
    """
    errors: Errors = {name: ["This member is not known."] for name in sorted(set(rules) - set(MEMBERS))}
    read: dict[str, object] = {}
    for name, reader in _READERS.items():
        if name in rules:
            read[name] = None if rules[name] is None else reader(name, rules[name], errors)
    if errors:
        raise Invalid(errors)
    return read


def _each(keys: list[str], one: Callable[[object], object]) -> Callable[[str, object, Errors], object]:
    """A mapping from some of `keys` to what `one` reads; an empty value takes the key's rule away."""

    def reader(name: str, given: object, errors: Errors) -> object:
        if not isinstance(given, Mapping):
            errors[name] = ["An object."]
            return None
        found: dict[str, object] = {}
        for key, value in given.items():
            if key not in keys:
                errors[f"{name}.{key}"] = [f"Not one of {', '.join(keys)}."]
                continue
            try:
                found[str(key)] = None if value is None else one(value)
            except _Wrong as error:
                errors[f"{name}.{key}"] = [str(error)]
        return found

    return reader


def _one(one: Callable[[object], object]) -> Callable[[str, object, Errors], object]:
    def reader(name: str, given: object, errors: Errors) -> object:
        try:
            return one(given)
        except _Wrong as error:
            errors[name] = [str(error)]
            return None

    return reader


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
        raise _Wrong(f"A text of at most {MAX_TEXT} characters.")
    if not value.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
        raise _Wrong("Control characters are not allowed.")
    return value.strip()


def _days(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_DAYS:
        raise _Wrong(DAYS)
    return value


def _hours(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_HOURS:
        raise _Wrong(f"A whole number of hours between 1 and {MAX_HOURS}.")
    return value


def _ending(value: object) -> str:
    if value not in AFTER_DEADLINE:
        raise _Wrong(f"Not one of {', '.join(AFTER_DEADLINE)}.")
    return str(value)


def _methods(value: object) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(method, str) for method in value):
        raise _Wrong("A list of ways to authenticate.")
    if never := NEVER_ALLOWED.intersection(value):
        raise _Wrong(f"No policy allows {', '.join(never)}.")
    if AuthMethod.UNKNOWN.value in value:
        raise _Wrong("What is not known is always accepted, and always asked for: it stands in no list.")
    if set(value) - set(_METHODS):
        raise _Wrong(f"Not one of {', '.join(_METHODS)}.")
    return list(dict.fromkeys(value))


def _some_methods(value: object) -> list[str]:
    if not (methods := _methods(value)):
        raise _Wrong("At least one way.")
    return methods


def _pattern(value: object) -> str:
    if not isinstance(value, str):
        raise _Wrong("A regular expression.")
    if fault := fault_of(value):
        raise _Wrong(fault)
    return value


def _classes(value: object) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise _Wrong("A list of texts.")
    items = list(dict.fromkeys(text for item in value if (text := item.strip())))
    if not items or len(items) > MAX_CLASSES or any(len(item) > MAX_CLASS or not item.isprintable() for item in items):
        raise _Wrong(f"Between 1 and {MAX_CLASSES} texts of at most {MAX_CLASS} characters.")
    return items


_READERS: Mapping[str, Callable[[str, object, Errors], object]] = {
    "what_counts": _one(_text),
    "how_to_request": _one(_text),
    "rotation_days": _each(RiskTier.values, _days),
    "review_days": _each(RiskTier.values, _days),
    "dormant_after_days": _one(_days),
    "overlap_hours": _each(RiskTier.values, _hours),
    "silent_hours": _each(RiskTier.values, _hours),
    "after_deadline": _each(RiskTier.values, _ending),
    "auth_methods": _each(RiskTier.values, _some_methods),
    "auth_methods_by_kind": _each(Kind.values, _methods),
    "naming": _each(Kind.values, _pattern),
    "data_classifications": _one(_classes),
}
