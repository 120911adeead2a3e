"""What can be said no to, in words a person can act on; every face translates these and nothing else.

`code` is stable and part of the outside; the message is for people. Status by family: `Invalid` 400,
`Refused` 403, `Missing` 404, `Conflict` 409, `Unavailable` 503.
"""

from collections.abc import Mapping, Sequence


class DomainError(Exception):
    """A command was not carried out, for a reason the caller can read."""

    code = "refused"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class Invalid(DomainError):
    """The input does not fit. `errors` maps a member (snake_case) to its messages."""

    code = "invalid"

    def __init__(self, errors: Mapping[str, Sequence[str]] | str, *, code: str | None = None) -> None:
        self.errors: dict[str, list[str]] = (
            {} if isinstance(errors, str) else {member: list(messages) for member, messages in errors.items()}
        )
        message = errors if isinstance(errors, str) else "; ".join(f"{m}: {' '.join(t)}" for m, t in errors.items())
        super().__init__(message, code=code)


class Refused(DomainError):
    """The actor may not do this."""

    code = "forbidden"


class Missing(DomainError):
    """There is no such thing, or it belongs to somebody else: the two look alike."""

    code = "not_found"


class Conflict(DomainError):
    """The thing is in a state in which this cannot be done."""

    code = "conflict"


class Unavailable(DomainError):
    """Something Steward depends on did not answer; nothing was changed."""

    code = "unavailable"
