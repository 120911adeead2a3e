"""How the pages say things: times, durations, states and tones. Pure: no ORM, no clock."""

import json
import re
from datetime import UTC, datetime, timedelta

GOOD, WARN, BAD, INFO, ACCENT, QUIET = "good", "warn", "bad", "info", "accent", "quiet"

TONES = {
    "active": GOOD,
    "succeeded": GOOD,
    "success": GOOD,
    "allow": GOOD,
    "approved": INFO,
    "requested": INFO,
    "running": INFO,
    "claimed": INFO,
    "due": INFO,
    "waiting": INFO,
    "paused": WARN,
    "skipped": QUIET,
    "expired": WARN,
    "cancelled": QUIET,
    "quarantined": BAD,
    "refused": WARN,
    "denied": WARN,
    "deny": WARN,
    "failed": BAD,
    "failure": BAD,
    "broken off": QUIET,
    "disabled": QUIET,
    "retired": QUIET,
    "production": ACCENT,
    "high": BAD,
    "medium": WARN,
    "low": QUIET,
}

ICONS = {
    "succeeded": "check_circle",
    "failed": "error",
    "refused": "block",
    "denied": "block",
    "failure": "error",
    "success": "check_circle",
    "skipped": "skip_next",
    "cancelled": "cancel",
    "broken off": "hourglass_disabled",
    "expired": "hourglass_disabled",
    "running": "progress_activity",
    "claimed": "pending",
    "due": "schedule",
    "waiting": "hourglass_top",
}

PROPER = {
    "api": "API",
    "ssh": "SSH",
    "ai": "AI",
    "rpa": "RPA",
    "saas": "SaaS",
    "oauth": "OAuth",
    "iam": "IAM",
    "mtls": "mTLS",
    "aws": "AWS",
    "gcp": "GCP",
    "ci": "CI",
}
HYPHENS = (("Long lived ", "Long-lived "), ("Human shared ", "Human-shared "))
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
CODE_WORDS = re.compile(r"[a-z]+(_[a-z]+)+")
_UNITS = ((86400 * 365, "year"), (86400 * 30, "month"), (86400, "day"), (3600, "hour"), (60, "minute"))


def tone_of(word: str) -> str:
    """The tone that goes with a state, an outcome or an environment; unknown words are quiet."""
    return TONES.get(word, QUIET)


def icon_of(word: str) -> str:
    """The symbol that goes with a state or an outcome."""
    return ICONS.get(word, "circle")


def words(value: str) -> str:
    """An enumerated value as a person writes it: `run_once` becomes "Run once"."""
    said = value.replace("_", " ").capitalize()
    said = " ".join(PROPER.get(word.lower(), word) for word in said.split())
    for plain, written in HYPHENS:
        said = said.replace(plain, written)
    return said


def label_of(choice: object) -> str:
    """A choice of the vocabulary as a person writes it: its own label, or its value where that label is Django's."""
    value, label = str(getattr(choice, "value", choice)), str(getattr(choice, "label", choice))
    return words(value) if label == value.replace("_", " ").title() else label


def span(delta: timedelta) -> str:
    """A length of time in its largest whole unit: "3 days", "1 hour"; below a minute in seconds."""
    seconds = int(abs(delta.total_seconds()))
    for size, unit in _UNITS:
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}" + ("s" if count > 1 else "")
    return f"{seconds} s"


def since(at: datetime, now: datetime) -> str:
    """`at` as seen from `now`: "5 minutes ago", "in 2 hours", "just now"."""
    delta = at - now
    if abs(delta) < timedelta(seconds=2):
        return "just now"
    return f"in {span(delta)}" if delta > timedelta(0) else f"{span(delta)} ago"


def took(started: datetime | None, finished: datetime | None) -> str:
    """How long something took, exact enough for machines: "120 ms", "3.4 s", "2 min 5 s"; empty while it is going."""
    if started is None or finished is None:
        return ""
    seconds = max((finished - started).total_seconds(), 0)
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def plain(text: str) -> str:
    """A value of a record as a person reads it: an instant without its fractions, a code as words."""
    if INSTANT.fullmatch(text):
        at = datetime.fromisoformat(text).astimezone(UTC)
        return f"{at:%Y-%m-%d %H:%M:%S} UTC"
    return words(text).lower() if CODE_WORDS.fullmatch(text) else text


def pretty(value: object) -> str:
    """JSON as a person reads it."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False, default=str)
