"""`apply`: make the register say what a YAML document says, or only tell what that would change."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.actors import Actor
from identities.errors import DomainError, Missing
from identities.people.home import home
from identities.people.models import Tenant
from identities.provisioning import evidence, rendering, services as provisioning
from identities.provisioning.document import MOST_BYTES
from identities.provisioning.reading import Misfit

BAD_USAGE = 2


class Command(BaseCommand):
    help = (
        "Compare a YAML document with the register and carry out the difference: all of it or nothing. What the "
        "document does not name is left alone. With --plan, only say what would change; with --drift, also what it "
        "does not name."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="the document, as `export` writes it")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--plan", action="store_true", help="change nothing, print the plan")
        what.add_argument("--drift", action="store_true", help="change nothing, exit 1 if register and document differ")
        parser.add_argument("--tenant", default="", metavar="SLUG", help="default: the first ADMIN's own")
        parser.add_argument("--allow-privilege", action="store_true", help="also carry out what widens privilege")
        parser.add_argument("--reason", default="", help="why, for the record")
        parser.add_argument("--commit", default="", help="default: as the build or the work tree says")
        parser.add_argument("--json", action="store_true", help="print as JSON")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            text, tenant = _text(file), home(options["tenant"])
        except Missing as error:
            raise CommandError(error.message, returncode=BAD_USAGE) from error
        try:
            self._do(text, file, tenant, options)
        except Misfit as error:
            for complaint in error.complaints:
                self.stdout.write(complaint)
            raise CommandError(error.message) from error
        except DomainError as error:
            raise CommandError(error.message) from error

    def _do(self, text: str, file: Path, tenant: Tenant, options: dict[str, Any]) -> None:
        actor = Actor.system("apply", tenant.pk)
        if options["drift"]:
            self._drift(provisioning.drift(text, tenant=tenant), as_json=options["json"])
        elif options["plan"]:
            found = provisioning.plan(text, tenant=tenant)
            self._tell(found, as_json=options["json"])
            provisioning.rehearse(found, tenant=tenant, actor=actor)
        else:
            commit = options["commit"] or evidence.commit_of(file)
            allowed = options["allow_privilege"]
            done = provisioning.apply(
                text, tenant=tenant, actor=actor, reason=options["reason"], allow_privilege=allowed, commit=commit
            )
            self._tell(done, as_json=options["json"])

    def _tell(self, plan: Any, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(rendering.as_json(plan), indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(rendering.lines(plan)))

    def _drift(self, found: provisioning.Drift, *, as_json: bool) -> None:
        if as_json:
            unlisted = [{"section": section, "key": key} for section, key in found.unlisted]
            told = rendering.as_json(found.plan) | {"unlisted": unlisted}
            self.stdout.write(json.dumps(told, indent=2, ensure_ascii=False))
        else:
            self._tell(found.plan, as_json=False)
            for section, key in found.unlisted:
                self.stdout.write(f"? {section}: {key}   in the register, not in the document")
        if not found.is_none:
            differing = len(found.plan.actions)
            raise CommandError(f"Drift: {differing} differ, {len(found.unlisted)} are not in the document.")


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise CommandError(f"{file} is larger than {MOST_BYTES // 1024 // 1024} MB.")
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}.", returncode=BAD_USAGE) from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not UTF-8 (byte {error.start}).") from error
