"""`manage.py preview_schedule "0 6 25 * *" --timezone Europe/Berlin`: when would it run?"""

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from audit.moments import zulu
from scheduling import calendar

MOST = 200


class Command(BaseCommand):
    help = "Say in words and in times when a cron expression falls; saves nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("expression", help='five fields, quoted: "0 6 25 * *"')
        parser.add_argument("--timezone", default="UTC", help="an IANA name (default UTC)")
        parser.add_argument("--start", help="look strictly after this RFC 3339 time (default now)")
        parser.add_argument("--count", type=int, default=5, help=f"how many, 1 to {MOST} (default 5)")
        parser.add_argument("--json", action="store_true", help="print data instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["count"] <= MOST:
            raise CommandError(f"--count is a number from 1 to {MOST}", returncode=2)
        try:
            when = calendar.parse(options["expression"], options["timezone"])
        except (calendar.BadExpression, calendar.BadTimezone) as error:
            raise CommandError(str(error)) from error
        runs = calendar.upcoming(when, _start(options["start"]), options["count"])
        description = calendar.in_words(options["expression"])
        if options["json"]:
            rows = [{"utc": zulu(run.utc), "local": run.local.isoformat()} for run in runs]
            self.stdout.write(json.dumps({"description": description, "runs": rows}, indent=2))
            return
        self.stdout.write(f"{description} ({options['timezone']})")
        for run in runs:
            self.stdout.write(f"  {run.local:%a %d %b %Y %H:%M %Z}   {zulu(run.utc)}")


def _start(text: str | None) -> datetime:
    if text is None:
        return timezone.now()
    try:
        start = parse_datetime(text)
    except ValueError:
        start = None
    if start is None or start.tzinfo is None:
        raise CommandError("--start is a time with its offset, such as 2027-03-01T00:00:00Z", returncode=2)
    return start
