"""How many wrong passwords may come from one address, whichever accounts they are for; and from one session."""

from ipaddress import IPv6Address, ip_address, ip_network

import structlog

from audit import context
from identities import throttle
from identities.errors import Refused

FAILURES_A_MINUTE = 100
#: Of the current password, asked of somebody who is signed in: whoever stole the session is not to find it out.
FAILURES_OF_AN_ACCOUNT = 10
#: Each costs a hash, and leaves an account behind.
REGISTRATIONS_A_MINUTE = 20
#: Each says whether somebody else has it, and one with an agent's mark enters a row in the register.
ADDRESSES_A_MINUTE = 10
KIND, REGISTRATIONS, ADDRESSES = "sign-in-failures", "registrations", "own-addresses"

log = structlog.get_logger(__name__)


class TooManyTries(Refused):
    """No password from this address is looked at for `seconds`, neither a wrong one nor a right one."""

    code = "too_many_failures"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many failed sign-ins from here. Try again in {seconds} seconds.")
        self.seconds = seconds


def check(*, account: str = "") -> None:
    """Raise TooManyTries once the caller's address has failed a hundred times in a minute, or `account` ten times.

    Counts nothing itself.
    """
    for key, most in _counted(account):
        count = throttle.look(KIND, key)
        if count.number >= most:
            raise TooManyTries(count.seconds_left)


def note_failure(*, account: str = "") -> None:
    """One more wrong password from the caller's address, and for `account`; the one that shuts a door warns."""
    for key, most in _counted(account):
        if throttle.hit(KIND, key).number == most:
            log.warning("sign_in.address_shut", address=_place())


def note_registration() -> None:
    """One more account that somebody at the caller's address makes for themselves; raises TooManyTries past twenty."""
    if place := _place():
        count = throttle.hit(REGISTRATIONS, place)
        if count.number > REGISTRATIONS_A_MINUTE:
            raise TooManyTries(count.seconds_left)


def note_address(*, account: str) -> None:
    """One more address that `account` wants to have; raises TooManyTries past ten."""
    count = throttle.hit(ADDRESSES, account)
    if count.number > ADDRESSES_A_MINUTE:
        raise TooManyTries(count.seconds_left)


def _counted(account: str) -> list[tuple[str, int]]:
    found = [(_place(), FAILURES_A_MINUTE), (account, FAILURES_OF_AN_ACCOUNT)]
    return [(key, most) for key, most in found if key]


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
