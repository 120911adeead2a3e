"""The ways in which an outgoing call does not happen or does not end well. No message holds a token or a query."""


class OutboundFailure(Exception):
    """A call that brought no answer; `retryable` says whether trying again later can help."""

    retryable = False


class BadUrl(OutboundFailure):
    """The URL, host, method or a header cannot be sent as it is."""


class HostNotAllowed(OutboundFailure):
    """The host is not among the workflow's allowed hosts."""


class AddressRefused(OutboundFailure):
    """The host's address is private, loopback, link-local or otherwise not to be called from here."""


class Unreachable(OutboundFailure):
    """No connection, or it broke."""

    retryable = True


class TimedOut(Unreachable):
    """The call took longer than it may."""


class AnswerTooLarge(OutboundFailure):
    """The answer is larger than is taken in."""
