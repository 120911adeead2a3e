"""`manage.py portal`: everything in one process, on an empty data folder too."""

import ipaddress
import logging
import os
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections
from django.utils import timezone

from config import keyring, logs, memory
from config.portal import aside
from config.portal.listening import EVERYWHERE, Address, CannotStart, hold, listen, parse

LOG_FILE = "steward.log"


class Command(BaseCommand):
    help = "Set up what is missing and run the portal, its worker and its clock in one process."
    requires_system_checks = []
    requires_migrations_checks = False
    log_file: Path | None = None

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--bind", default=settings.BIND, type=parse, metavar="HOST:PORT", help="where to listen (%(default)s)"
        )

    def handle(self, *args: Any, bind: Address, **options: Any) -> None:
        try:
            self.run_portal(bind)
        except CannotStart as error:
            self.stderr.write(str(error))
            raise SystemExit(1) from None
        except KeyboardInterrupt:
            # Pressed while the first start was still making things; each of them is made whole or not at all.
            raise SystemExit(130) from None

    def run_portal(self, bind: Address) -> None:
        """Take folder and port first, so that a second portal changes nothing; then set up, run, stop."""
        keyring.make_data_dir(settings.DATA_DIR)
        with hold(settings.DATA_DIR):
            listener, address = listen(bind)
            answer_at(address)
            self.quieten()
            admin = aside.done_aside(prepared)
            self.serve(listener, address, admin)

    def quieten(self) -> None:
        """On a terminal, keep the screen for what a person wants to read; a service manager gets every line."""
        if sys.stderr.isatty():
            self.log_file = settings.DATA_DIR / LOG_FILE
            logs.into_file(self.log_file)
        if self.stdout.isatty() and not (settings.DATA_DIR / "steward.db").exists():
            self.stdout.write("Setting up for the first time ...")
            self.stdout.flush()

    def serve(self, listener: Any, address: Address, admin: Any) -> None:
        """Run until a signal comes. Does not return: threads in the middle of a run are not waited for."""
        from config.celery import app
        from config.portal.process import PortalProcess
        from identities.policies import decision_log
        from scheduling.services import recovery

        recovery.take_over_dead(timezone.now())
        decision_log.begin()
        connections.close_all()
        portal = PortalProcess(listener, app)
        memory.settle()
        portal.start()
        self.greet(address, admin)
        was_asked = portal.wait()
        is_quiet = portal.stop()
        write_down()
        if is_quiet and was_asked:
            return
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0 if was_asked else 1)

    def greet(self, address: Address, admin: Any) -> None:
        """Say where to go and as whom. A generated password is printed here, once, and nowhere else."""
        say = self.stdout.write
        say(f"Steward runs at {address.url}  (Ctrl-C stops it)")
        say(f"  Admin     {address.url}/admin/")
        say(f"  API       {address.url}/api/docs")
        say(f"  Sign in   {admin.email if admin else settings.ADMIN_EMAIL}")
        if admin and admin.password:
            say(f"  Password  {admin.password}  (shown this once)")
        if self.log_file:
            say(f"  Log       {self.log_file}")
        self.stdout.flush()


#: Where config.urls puts the demo's payroll system.
RECEIVER_PATH = "/demo/payroll/"


def answer_at(address: Address) -> None:
    """Let issuer, Passport's address and accepted hosts follow the bound address where the environment is silent."""
    settings.BIND = f"{address.host}:{address.port}"
    if not settings.PASSPORT_ISSUER_IS_SET:
        settings.PASSPORT_ISSUER = address.url
    if not settings.PASSPORT_URL_IS_SET:
        settings.PASSPORT_URL = address.url
    if address.host not in EVERYWHERE:
        settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, address.host]
    if settings.DEMO:
        # The demo's payroll system is this very portal, of which nodes may call nothing else, nor other ports here.
        settings.OUTBOUND_RECEIVER = (own_network(address), address.port, RECEIVER_PATH)


def own_network(address: Address) -> str:
    """The bound address alone, as a network."""
    host = urlsplit(address.url).hostname or ""
    return str(ipaddress.ip_network(socket.gethostbyname(host) if ":" not in host else host))


def prepared() -> Any:
    """What a first start makes, done by a child: models of every migration and a demo's rows are not for keeping."""
    from config.portal import first_start

    admin = first_start.prepare()
    write_down()
    return admin


def write_down() -> None:
    """Write what was held back for a moment: the last uses of secrets and the last decisions."""
    from identities.inventory import usage
    from identities.policies import decision_log

    usage.flush()
    decision_log.end()
