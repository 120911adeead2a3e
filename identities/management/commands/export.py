"""`export`: the register as the YAML document that `apply` takes, without a secret in it."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from identities.errors import Missing
from identities.people.home import home
from identities.provisioning import services as provisioning
from identities.provisioning.reading import schema
from identities.provisioning.sections.base import sections

BAD_USAGE = 2


class Command(BaseCommand):
    help = "Write the document that would give today's state. Secrets stand in it by the name of their place alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        known = [section.kind for section in sections()]
        parser.add_argument("file", metavar="FILE", type=Path, nargs="?", help="default: standard output")
        parser.add_argument("--tenant", default="", metavar="SLUG", help="default: the first ADMIN's own")
        parser.add_argument("--only", nargs="+", choices=known, default=[], metavar="SECTION", help=", ".join(known))
        parser.add_argument("--schema", action="store_true", help="write the JSON Schema of the document instead")

    def handle(self, *, file: Path | None, **options: Any) -> None:
        try:
            text = _text(options)
        except Missing as error:
            raise CommandError(error.message, returncode=BAD_USAGE) from error
        if file is None:
            self.stdout.write(text, ending="")
            return
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.", returncode=BAD_USAGE) from error


def _text(options: dict[str, Any]) -> str:
    if options["schema"]:
        return json.dumps(schema(), indent=2) + "\n"
    return provisioning.export(home(options["tenant"]), only=options["only"])
