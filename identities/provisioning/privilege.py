"""What in a change of an identity widens what it may do, and what merely deserves a look. Pure."""

from collections.abc import Callable, Sequence
from typing import Any

from identities.inventory.vocabulary import BlastRadius, Environment, PrivilegeLevel, RiskTier, TrustBoundary
from identities.provisioning.planning import Change, Values, Weight

_PRIVILEGE = ["", *PrivilegeLevel.values]
_BLAST = ["", *BlastRadius.values]
_TIERS = list(RiskTier.values)
_WIDE_BOUNDARIES = frozenset({TrustBoundary.INTERNET_EXPOSED.value, TrustBoundary.REGULATED_DATA.value})
_HIGH = frozenset({PrivilegeLevel.HIGH.value, PrivilegeLevel.ADMIN.value})
_FAR = frozenset({BlastRadius.PRIVILEGED.value, BlastRadius.HUMAN_IMPERSONATING.value})


def _rises(order: Sequence[str]) -> Callable[[Any, Any], bool]:
    return lambda before, after: order.index(after or "") > order.index(before or "")


def _falls(before: Any, after: Any) -> bool:
    return _TIERS.index(after) < _TIERS.index(before)


def _later(before: Any, after: Any) -> bool:
    return before is not None and (after is None or after > before)


#: member → (is it wider?, in words). Of a thing that exists.
_WIDER: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "privilege_level": (_rises(_PRIVILEGE), "raises its privilege to {after}"),
    "blast_radius": (_rises(_BLAST), "widens its blast radius to {after}"),
    "environment": (lambda _, after: after == Environment.PRODUCTION, "moves it into production"),
    "risk_tier": (_falls, "lowers its risk tier to {after}: longer rotation, fewer reviews"),
    "issuance": (lambda before, _: before == "external", "lets it get tokens from the portal"),
    "expires_at": (_later, "lets it live longer"),
    "trust_boundary": (lambda _, after: after in _WIDE_BOUNDARIES, "moves its trust boundary to {after}"),
    "internet_exposed": (lambda _, after: bool(after), "opens it to the internet"),
    "state": (lambda _, after: after == "active", "enables it"),
    "downstream_permissions": (
        lambda before, after: bool(set(after) - set(before or ())),
        "adds downstream permissions",
    ),
}
_TOUCHY = frozenset(
    {"technical_owner", "business_owner", "owner_team", "auth_method", "rotation_interval_days", "state"}
)


def weigh_identity(before: Values | None, changes: Sequence[Change]) -> Weight:
    """The weight of making an identity, or of changing one."""
    if before is None:
        return _weigh_new({change.member: change.after for change in changes})
    widens = [
        words.format(after=change.after)
        for change in changes
        if change.member in _WIDER
        for is_wider, words in [_WIDER[change.member]]
        if is_wider(change.before, change.after)
    ]
    touches = [f"changes {change.member.replace('_', ' ')}" for change in changes if change.member in _TOUCHY]
    return Weight(tuple(widens), tuple(touches))


def _weigh_new(values: Values) -> Weight:
    widens = []
    if values.get("privilege_level") in _HIGH:
        widens.append(f"begins with {values['privilege_level']} privilege")
    if values.get("blast_radius") in _FAR:
        widens.append(f"begins with blast radius {values['blast_radius']}")
    touches = ("works in production",) if values.get("environment") == Environment.PRODUCTION else ()
    return Weight(tuple(widens), touches)
