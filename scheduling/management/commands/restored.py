"""`manage.py restored`: a backup was put back; make it safe before anything works on it."""

import json as formats
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime

from audit import checkpoints, clock, gaps, sealing
from audit.actors import Actor
from audit.moments import zulu
from scheduling.services import restoring
from scheduling.services.restoring import Backup, Restored

BAD_USAGE = 2


class Command(BaseCommand):
    help = (
        "Say that this database was restored from a backup. Every session and every signing key ends, reviews that are "
        "soon due get a week, runs that were open end, and occurrences since the backup are skipped, each with a row. "
        "Call it before workers start."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", default="", help="what happened; kept in the audit")
        parser.add_argument(
            "--skip-until",
            metavar="TIME",
            help="when the lost database stopped (RFC 3339): what came after goes by the misfire policies; default now",
        )
        parser.add_argument("--look", action="store_true", help="only say what lies in the database; change nothing")
        parser.add_argument("--json", action="store_true", help="print as JSON")

    def handle(self, *, reason: str, skip_until: str | None, look: bool, json: bool, **_: Any) -> None:
        found = restoring.backup()
        if look:
            self.stdout.write(_as_json(found, None) if json else _before(found))
            return
        if not reason.strip():
            raise CommandError("Say why, with --reason.", returncode=BAD_USAGE)
        at = clock.now()
        until = _moment(skip_until) if skip_until else at
        if until > at:
            raise CommandError("--skip-until lies ahead.", returncode=BAD_USAGE)
        done = restoring.restored(until=until, reason=reason.strip(), actor=Actor.system("restored"), at=at)
        sealing.seal_all()
        if gaps.settle():
            checkpoints.take(clock.now())
        self.stdout.write(_as_json(found, done) if json else f"{_before(found)}\n{_after(done, until)}")


def _moment(text: str) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise CommandError("--skip-until is a time with its offset: 2027-03-01T00:00:00Z.", returncode=BAD_USAGE)
    return found


def _before(found: Backup) -> str:
    ends = zulu(found.ends_at, "seconds") if found.ends_at else "an unknown time"
    lines = [f"The backup ends at {ends}."]
    if gap := found.gap:
        lines.append(
            f"Records {gap.kept + 1} to {gap.seen} of the audit trail are lost, and what came in the seconds after; "
            f"a checkpoint of {zulu(gap.seen_at, 'seconds')} is the last that was heard of them."
        )
    else:
        lines.append(f"No checkpoint of a later time lies at {checkpoints.file_path()}: what is lost cannot be told.")
    return "\n".join(lines)


def _after(done: Restored, until: datetime) -> str:
    lines = [
        f"{done.sessions} sessions and {done.signing_keys} signing keys ended, and with them every token.",
        f"{done.campaigns} reviews are due a week from now, so that nobody's lost answer counts as silence.",
        f"{done.runs} runs that were open ended; how they went is not known.",
        f"{done.occurrences} occurrences up to {zulu(until, 'seconds')} were skipped.",
    ]
    if done.unreadable:
        lines.append(f"{done.unreadable} schedules cannot be read (see the log) and were left as they are.")
    lines.append("Secrets and people are as they were in the backup: see docs/operate/backup-and-restore.md.")
    return "\n".join(lines)


def _as_json(found: Backup, done: Restored | None) -> str:
    gap = asdict(found.gap) | {"seen_at": zulu(found.gap.seen_at)} if found.gap else None
    ends = zulu(found.ends_at) if found.ends_at else None
    return formats.dumps({"backupEndsAt": ends, "gap": gap, "done": asdict(done) if done else None}, indent=2)
