"""`check --deploy`: what may not be so once others depend on this installation; the embedded portal never asks.

An error cannot be accepted. A warning can, by its id in STEWARD_ACCEPT_WARNINGS: docs/operate/deploy-checks.md.
"""

from collections.abc import Callable

from django.core.checks import CheckMessage, Tags, register as register_check

from config.deploy_checks import addresses, behaviour, keys, people, servers

CHECKS: tuple[Callable[..., list[CheckMessage]], ...] = (
    *keys.CHECKS,
    *addresses.CHECKS,
    *servers.CHECKS,
    *people.CHECKS,
    *behaviour.CHECKS,
)


def register() -> None:
    """Hang every check on Django's `check --deploy`."""
    for check in CHECKS:
        register_check(check, Tags.security, deploy=True)
