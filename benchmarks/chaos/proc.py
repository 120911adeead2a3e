"""Who is whose child, from /proc."""

from collections import defaultdict
from pathlib import Path


def children(pid: int) -> list[int]:
    """The processes that `pid` forked and that are still its own."""
    return _by_parent().get(pid, [])


def descendants(pid: int) -> list[int]:
    """Those, and theirs."""
    tree, found = _by_parent(), list[int]()
    left = [pid]
    while left:
        below = tree.get(left.pop(), [])
        found += below
        left += below
    return found


def of_group(group: int) -> list[int]:
    """The processes of a group: also those whose parent is gone."""
    return [pid for pid, (_, theirs) in _all().items() if theirs == group]


def _by_parent() -> dict[int, list[int]]:
    found = defaultdict(list)
    for pid, (parent, _) in _all().items():
        found[parent].append(pid)
    return dict(found)


def _all() -> dict[int, tuple[int, int]]:
    """Parent and group of every process that is no zombie."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            found[int(entry.name)] = (int(fields[1]), int(fields[2]))
    return found
