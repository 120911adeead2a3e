"""What processes hold, from /proc: RSS counts every page that is mapped, PSS each shared page by its share."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

KB = 1024


@dataclass(frozen=True)
class Held:
    """Bytes. USS is what would be free at once if the process ended."""

    rss: int = 0
    pss: int = 0
    uss: int = 0

    def __add__(self, other: "Held") -> "Held":
        return Held(self.rss + other.rss, self.pss + other.pss, self.uss + other.uss)


def of(pid: int) -> Held:
    """One process; nothing where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return Held()
    found = {line.split(":")[0]: int(line.split()[1]) * KB for line in lines}
    return Held(found["Rss"], found["Pss"], found["Private_Clean"] + found["Private_Dirty"])


def tree(root: int) -> list[int]:
    """The process and everything that came from it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def total(roots: Iterable[int]) -> Held:
    """All processes of these trees together."""
    held = Held()
    for pid in {pid for root in roots for pid in tree(root)}:
        held += of(pid)
    return held
