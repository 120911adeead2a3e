"""What will come due and what will be done to it: all of it from one seed, so that a run can be repeated."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from benchmarks.chaos.installation import BEATS, JUMPERS, WEBS, WORKERS

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu")
TENANTS = ("north", "south", "east", "west")
STEPS = ("pay", "tell")
#: Of a hundred kills so many hit each kind.
SHARES = {"child of worker": 40, "worker": 20, "beat": 20, "child of web": 10, "web": 10}
#: How often the rest happens in a run at full size.
CRASHES = {"database crash": 4, "broker crash": 4, "broker emptied": 4, "clock jump": 8}
HOUR, JUMP_LASTS = 3600, 25.0
#: Nothing happens in the first and the last part of the time, so that all of it falls into the work.
QUIET = 0.03


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule: its occurrences are those of the window and no others for the next hour."""

    name: str
    tenant: str
    cron: str
    zone: str


@dataclass(frozen=True, slots=True)
class Blow:
    """Something that happens so many seconds after the first occurrence. `target` names a unit, `place` in 0 … 1
    which of its children."""

    after: float
    kind: str
    target: str = ""
    place: float = 0.0
    seconds: int = 0


def schedules(seed: int, first: datetime, minutes: int, total: int) -> list[Due]:
    """Schedules of several tenants, zones and forms with `total` occurrences in the `minutes` from `first` on."""
    chance, made, left = random.Random(f"{seed} schedules"), list[Due](), total
    while left:
        step = min(chance.choice((1, 1, 1, 2, 3)), minutes)
        begin = chance.randrange(step)
        moments = [first + timedelta(minutes=minute) for minute in range(begin, minutes, step)][:left]
        zone = chance.choice(ZONES)
        number = len(made)
        cron = _expression([moment.astimezone(ZoneInfo(zone)) for moment in moments], chance)
        made.append(Due(f"due-{number:04}", TENANTS[number % len(TENANTS)], cron, zone))
        left -= len(moments)
    return made


def _expression(moments: list[datetime], chance: random.Random) -> str:
    minutes = sorted({moment.minute for moment in moments})
    hours = sorted({moment.hour for moment in moments})
    form = ",".join(map(str, minutes))
    if minutes == list(range(minutes[0], minutes[-1] + 1)) and len(minutes) > 1 and chance.random() < 0.5:
        form = f"{minutes[0]}-{minutes[-1]}"
    # With the hours named nothing comes an hour later; without them a clock an hour ahead would find something due.
    return f"{form} {','.join(map(str, hours)) if chance.random() < 0.3 else '*'} * * *"


def blows(seed: int, kills: int, seconds: float, *, crashes: Mapping[str, int] = CRASHES) -> list[Blow]:
    """`kills` SIGKILLs and the disasters of a run of so many seconds, in their order."""
    chance = random.Random(f"{seed} blows")
    planned = [_kill(kind, chance) for kind in _spread(kills)]
    for kind, number in crashes.items():
        planned += [_crash(kind, chance, turn) for turn in range(number)]
    at = sorted(chance.uniform(QUIET, 1 - QUIET) * seconds for _ in planned)
    chance.shuffle(planned)
    return [
        Blow(round(moment, 2), kind, target, place, shift)
        for moment, (kind, target, place, shift) in zip(at, planned, strict=True)
    ]


def _spread(kills: int) -> list[str]:
    made = [kind for kind, share in SHARES.items() for _ in range(kills * share // 100)]
    return made + ["child of worker"] * (kills - len(made))


def _kill(kind: str, chance: random.Random) -> tuple[str, str, float, int]:
    name = kind.rpartition(" ")[2]
    number = {"worker": WORKERS, "beat": BEATS, "web": WEBS}[name]
    return kind, f"{name}{chance.randrange(number)}", chance.random(), 0


def _crash(kind: str, chance: random.Random, turn: int) -> tuple[str, str, float, int]:
    if kind != "clock jump":
        return kind, "", 0.0, 0
    return kind, JUMPERS[turn % len(JUMPERS)], 0.0, HOUR if turn % 2 else -HOUR


def this_minute(at: datetime) -> datetime:
    """The whole minute at or before `at`."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def next_minute(at: datetime, ahead: float) -> datetime:
    """The first whole minute at least `ahead` seconds after `at`."""
    return this_minute(at + timedelta(seconds=ahead)) + timedelta(minutes=1)
