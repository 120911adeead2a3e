"""How many wrong passwords may come from one address, whichever accounts they are for."""

from ipaddress import IPv6Address, ip_address, ip_network

import structlog

from audit import context
from identities import throttle
from identities.errors import Refused

FAILURES_A_MINUTE = 100
KIND = "sign-in-failures"

log = structlog.get_logger(__name__)


class TooManyTries(Refused):
    """No password from this address is looked at for `seconds`, neither a wrong one nor a right one."""

    code = "too_many_failures"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many failed sign-ins from here. Try again in {seconds} seconds.")
        self.seconds = seconds


def check() -> None:
    """Raise TooManyTries once the caller's address has failed a hundred times in a minute; counts nothing itself."""
    if place := _place():
        count = throttle.look(KIND, place)
        if count.number >= FAILURES_A_MINUTE:
            raise TooManyTries(count.seconds_left)


def note_failure() -> None:
    """One more wrong password from the caller's address; the one that shuts the door leaves a warning."""
    if (place := _place()) and throttle.hit(KIND, place).number == FAILURES_A_MINUTE:
        log.warning("sign_in.address_shut", address=place)


def _place() -> str:
    """The address as it is counted; of IPv6 the /64, all of which one household or machine has to itself.

    Empty outside of a request, where nobody is counted.
    """
    text = context.current().address
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if not isinstance(address, IPv6Address):
        return text
    return str(address.ipv4_mapped or ip_network((address.packed, 64), strict=False))
