"""What a record says has changed: `{field: {"previous": …, "current": …}}`. Pure."""

from collections.abc import Mapping

Changes = dict[str, dict[str, object]]


def between(before: Mapping[str, object], after: Mapping[str, object]) -> Changes:
    """The fields whose values differ; one that a side does not name counts as None there."""
    names = dict.fromkeys([*before, *after])
    return {
        name: {"previous": before.get(name), "current": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    }


def made(facts: Mapping[str, object]) -> Changes:
    """The changes of something new: every fact it begins with."""
    return {name: {"previous": None, "current": value} for name, value in facts.items()}
