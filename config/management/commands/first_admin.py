"""`manage.py first_admin`: the first administrator of an installation that does not start as one process."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.portal import first_start
from config.portal.listening import CannotStart
from identities.tokens import services as tokens


class Command(BaseCommand):
    help = "Make the first administrator from STEWARD_ADMIN_EMAIL and STEWARD_ADMIN_PASSWORD, and the signing key."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            tokens.ensure_signing_key()
            admin = first_start.ensure_first_admin()
        except CannotStart as error:
            raise CommandError(str(error)) from error
        if admin is None:
            raise CommandError("There is an administrator already.")
        self.stdout.write(f"Sign in   {admin.email}")
        if admin.password:
            self.stdout.write(f"Password  {admin.password}  (shown this once)")
