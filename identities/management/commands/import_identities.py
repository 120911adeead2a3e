"""`import_identities`: read exports of other systems, show what they would change, and apply it."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.actors import Actor
from identities.discovery import services as discovery
from identities.discovery.importers.base import kinds
from identities.discovery.models import ImportRun, ImportState
from identities.errors import DomainError, Invalid, Missing
from identities.management import import_words as words
from identities.people.home import home

BAD_USAGE = 2


class Command(BaseCommand):
    help = (
        "Import identities from an export of another system. Every file is read whole before anything is changed; the "
        "same file twice changes nothing; nothing is ever deleted. With --dry-run, only say what would happen."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", metavar="KIND", help=f"what was exported: {', '.join(sorted(kinds))}")
        parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="the exported files of one source")
        parser.add_argument("--source", default="", help="account, cluster or organisation, where the file names none")
        parser.add_argument("--tenant", default="", metavar="SLUG", help="default: the first ADMIN's own")
        parser.add_argument(
            "--mapping", nargs="+", action="extend", default=[], metavar="COLUMN=MEMBER", help="for CSV and XLSX"
        )
        parser.add_argument("--dry-run", action="store_true", help="change nothing, print the plan")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    def handle(self, *, kind: str, files: list[Path], **options: Any) -> None:
        bar = words.Bar()
        try:
            run = self._read(kind, files, bar, options)
            done = self._settle(run, bar, is_dry=options["dry_run"])
        except (Invalid, Missing) as error:
            raise CommandError(error.message, returncode=BAD_USAGE) from error
        except DomainError as error:
            raise CommandError(error.message) from error
        finally:
            bar.end()
        self._tell(done, is_dry=options["dry_run"], as_json=options["json"])

    def _read(self, kind: str, files: list[Path], bar: words.Bar, options: dict[str, Any]) -> ImportRun:
        for file in files:
            if not file.is_file():
                raise CommandError(f"{file} is no file.", returncode=BAD_USAGE)
        try:
            mapping = words.mapping_of(options["mapping"])
        except ValueError as error:
            raise CommandError(str(error), returncode=BAD_USAGE) from error
        tenant = home(options["tenant"])
        run = discovery.read(
            tenant_id=tenant.pk,
            kind=kind,
            files=[(file.name, file) for file in files],
            source=options["source"],
            mapping=mapping,
            actor=Actor.system("import_identities", tenant.pk),
            progress=bar.read,
        )
        if run.state == ImportState.FAILED:
            raise CommandError(run.error)
        return run

    def _settle(self, run: ImportRun, bar: words.Bar, *, is_dry: bool) -> ImportRun:
        if is_dry:
            return run
        actor = Actor.system("import_identities", run.tenant_id)
        done = discovery.apply(discovery.begin(run, actor=actor), progress=bar.applied)
        if done.state != ImportState.APPLIED:
            raise CommandError(done.error or f"The import is {done.state}.")
        return done

    def _tell(self, run: ImportRun, *, is_dry: bool, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(words.as_json(run), indent=2, ensure_ascii=False))
        else:
            self.stdout.write("This would happen:" if is_dry else "Imported:")
            lines = [*words.table(run), *(words.plan(run) if is_dry else ())]
            self.stdout.write("\n".join(lines))
        if is_dry:
            discovery.discard(run, actor=Actor.system("import_identities", run.tenant_id))
