"""`recognise`: find Steward's own secrets in files, folders and pipes; for logs, repositories, hooks and pipelines."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit.scrubbing import clean_text
from identities.credentials.known import AT_ONCE, known
from identities.credentials.models import ClientSecret
from identities.credentials.recognition import masked
from identities.credentials.selectors import is_live
from identities.management.import_words import Bar
from identities.management.leak_search import STANDARD_INPUT, Place, Search

BAD_USAGE = 2
LONGEST_NAME = 1000


class Command(BaseCommand):
    help = (
        "Find secrets of Steward in files, folders (without .git) and, for `-`, in standard input. One masked line for "
        "each: file, line, and whose it is where the register can be asked and knows it. The secret itself is never "
        "printed. Exit 1 if there is one or something could not be read, 0 if there is none, 2 on bad usage."
    )
    # It works where there is no database: nothing is checked that only the portal needs.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", metavar="FILE", nargs="+", help="files and folders; `-` is standard input")
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")
        parser.add_argument("--offline", action="store_true", help="do not ask the register whose they are")

    def handle(self, *, paths: list[str], **options: Any) -> None:
        if paths.count(STANDARD_INPUT) > 1:
            raise CommandError("Standard input can be read once.", returncode=BAD_USAGE)
        bar = Bar()
        search = Search(paths, sys.stdin.buffer, look=bar.searched)
        if missing := search.missing():
            raise CommandError(f"There is no {_shown(missing[0])}.", returncode=BAD_USAGE)
        self.asks = not options["offline"] and _has_register()
        found = list[dict[str, Any]]()
        try:
            for line in self._lines(search):
                bar.end()
                found.append(line)
                if not options["json"]:
                    self.stdout.write(_line(line))
        finally:
            bar.end()
        if options["json"]:
            self.stdout.write(json.dumps({"findings": found, "filesSearched": search.files}, indent=2))
        self._say(search)
        if found or search.unreadable:
            sys.exit(1)

    @sensitive_variables("some", "place", "secrets")
    def _lines(self, search: Search) -> Iterator[dict[str, Any]]:
        places = search.places()
        while some := list(islice(places, AT_ONCE)):
            secrets = self._known([place.found.text for place in some])
            for place in some:
                yield _finding(place, secrets.get(place.found.text))

    @sensitive_variables("texts")
    def _known(self, texts: list[str]) -> dict[str, ClientSecret]:
        if not self.asks:
            return {}
        try:
            return dict(known(set(texts)))
        except DatabaseError as error:
            self.asks = False
            self.stderr.write(f"The register cannot be asked whose they are ({type(error).__name__}).")
            return {}

    def _say(self, search: Search) -> None:
        for name, why in search.unreadable:
            self.stderr.write(f"{_shown(name)} cannot be read: {why}.")
        if search.binary:
            number = f"Binary files: {search.binary},"
            self.stderr.write(f"{number} searched as they are: what is packed inside is not seen.")


def _has_register() -> bool:
    """Asking a database file that is not there would make an empty one."""
    name = str(connection.settings_dict["NAME"])
    return connection.vendor != "sqlite" or "memory" in name or Path(name).exists()


def _finding(place: Place, secret: ClientSecret | None) -> dict[str, Any]:
    found = place.found
    line = {
        "file": _shown(place.file),
        "line": found.line,
        "column": found.column,
        "written": found.written,
        "secret": masked(found.text),
        "identity": None,
    }
    if secret is not None:
        identity = secret.identity
        line["identity"] = {"id": str(identity.pk), "name": identity.name, "clientId": identity.client_id}
        line["credentialId"] = str(secret.pk)
        line["state"] = "active" if is_live(secret, timezone.now()) else "ended"
    return line


def _line(line: dict[str, Any]) -> str:
    identity = line["identity"]
    whose = "unknown here"
    if identity:
        whose = f"identity '{_shown(identity['name'])}' ({identity['clientId']}) {line['state']}"
    how = "" if line["written"] == "plain" else f"  [{line['written']}]"
    return f"{line['file']}:{line['line']}: {line['secret']}  {whose}{how}"


def _shown(name: str) -> str:
    """A name fit for a terminal, and without a secret that stands in it."""
    return clean_text(name, LONGEST_NAME)
