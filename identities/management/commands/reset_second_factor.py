"""`reset_second_factor`: for the administrator who has lost theirs and has nobody above them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.actors import Actor
from identities.errors import DomainError
from identities.people import second_factor, selectors


class Command(BaseCommand):
    help = "Take away every second factor of a person. Others ask an ADMIN of their tenant, who does it in the admin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="E-MAIL", help="the address they sign in with")
        parser.add_argument("--reason", required=True, help="why, for the record and for them")

    def handle(self, *, email: str, reason: str, **options: Any) -> None:
        user = selectors.by_email(email)
        if user is None:
            raise CommandError("Nobody signs in with this address.")
        try:
            second_factor.reset(user, actor=Actor.system("command line", user.tenant_id), reason=reason)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{user.email} has no second factor any more.")
