"""`manage.py remove_demo`: take the demo company away."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.actors import Actor
from identities.errors import DomainError
from scheduling.demo import removal


class Command(BaseCommand):
    help = "Remove the demo company: nothing of it fires or signs in any more, no row of it is left; its audit stays."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            was_there = removal.remove(actor=Actor.system("remove_demo"))
        except DomainError as error:
            raise CommandError(error.message) from error
        if not was_there:
            raise CommandError("There is no demo to remove.")
        self.stdout.write("The demo was removed. Its audit stays; it does not come back at the next start.")
