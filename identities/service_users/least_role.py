"""The least role that covers what was done, by counting decisions. Pure: uses and doors in, permissions out.

What a use needs is read, never guessed: from the decision itself, where it names a permission; else from what the
routes say today about its duty and kind of thing (`doors`). Where they say nothing, or not one thing, it is not
covered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from identities.access.matrix import Duty
from identities.access.permissions import PERMISSIONS

#: By duty and kind of thing, what its routes ask of a managed identity; "" stands for a route that lets none in.
Doors = Mapping[tuple[str, str], frozenset[str]]
CLOSED = ""


@dataclass(frozen=True, slots=True)
class Use:
    """Allowed decisions that read alike: how many there were, and when the last."""

    permission: str
    machine_permission: str
    resource_kind: str
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Needed:
    """A permission, with the use that asks for it."""

    permission: str
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Something that was done and that no managed identity may do. `matters`: whether it is missed without it."""

    duty: str
    resource_kind: str
    times: int
    last_at: datetime
    is_ambiguous: bool = False

    @property
    def matters(self) -> bool:
        """An account of its own is what a managed identity neither has nor needs."""
        return self.duty != Duty.OWN_PROFILE


@dataclass(frozen=True, slots=True)
class Least:
    """What covers the uses, and what of them nothing covers."""

    needed: tuple[Needed, ...]
    uncovered: tuple[Uncovered, ...]

    @property
    def permissions(self) -> tuple[str, ...]:
        """The permissions of the role, in order."""
        return tuple(one.permission for one in self.needed)


def permission_of(use: Use, doors: Doors) -> str | None:
    """The one permission with which a managed identity could have done it; None where there is none."""
    for named in (use.machine_permission, use.permission):
        if named in PERMISSIONS:
            return named
    asked = doors.get((use.permission, use.resource_kind), frozenset())
    only = next(iter(asked)) if len(asked) == 1 else CLOSED
    return only if only in PERMISSIONS else None


def least(uses: Iterable[Use], doors: Doors) -> Least:
    """Each use is covered by exactly one permission or listed once; no permission stands there without a use."""
    needed: dict[str, Needed] = {}
    uncovered: dict[tuple[str, str], Uncovered] = {}
    for use in uses:
        permission = permission_of(use, doors)
        if permission is not None:
            so_far = needed.get(permission)
            times, last_at = _with(use, so_far)
            needed[permission] = Needed(permission, times, last_at)
            continue
        key = (use.permission, use.resource_kind)
        times, last_at = _with(use, uncovered.get(key))
        is_ambiguous = any(asked in PERMISSIONS for asked in doors.get(key, ()))
        uncovered[key] = Uncovered(*key, times=times, last_at=last_at, is_ambiguous=is_ambiguous)
    return Least(
        tuple(needed[name] for name in sorted(needed)),
        tuple(uncovered[key] for key in sorted(uncovered)),
    )


def _with(use: Use, so_far: Needed | Uncovered | None) -> tuple[int, datetime]:
    if so_far is None:
        return use.times, use.last_at
    return so_far.times + use.times, max(so_far.last_at, use.last_at)
