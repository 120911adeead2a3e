"""`manage.py route_table > docs/routes.md`: who may call which route, as the code has it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.route_table import page


class Command(BaseCommand):
    help = "Print the table of routes, roles and permissions that stands in docs/routes.md."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(page.text(), ending="")
        except LookupError as error:
            raise CommandError(f"Not in words yet: {error}") from error
