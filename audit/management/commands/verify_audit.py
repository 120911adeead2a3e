"""`verify_audit`: walk the audit trail and say whether it is whole."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import verification


class Command(BaseCommand):
    help = "Walk the audit trail and name the first break. Exits 0 when it is intact, 1 when not, 2 on bad usage."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--checkpoint",
            type=Path,
            metavar="FILE",
            help="a copy of checkpoints.jsonl that was kept elsewhere (default: the one in the data directory)",
        )
        parser.add_argument("--json", action="store_true", help="print the verdict as JSON")

    def handle(self, *, checkpoint: Path | None = None, json: bool = False, **_: Any) -> None:
        verdict = _verdict(checkpoint)
        verification.note(verdict)
        if json:
            self.stdout.write(_as_json(verdict))
        elif verdict.is_intact:
            self.stdout.write(verdict.line())
        if not verdict.is_intact:
            self.stderr.write(verdict.line())
            sys.exit(1)


def _verdict(checkpoint: Path | None) -> verification.Verdict:
    try:
        return verification.verify(checkpoint)
    except OSError as error:
        msg = f"The checkpoint file cannot be read: {error.strerror or error}."
        raise CommandError(msg, returncode=2) from error


def _as_json(verdict: verification.Verdict) -> str:
    return json.dumps(verdict.as_json(), indent=2)
