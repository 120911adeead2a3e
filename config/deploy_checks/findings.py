"""How a check says what it found: an id that stays, the fact, and how to make it safe."""

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004


def error(number: int, fact: str, hint: str) -> list[CheckMessage]:
    """What must not go live."""
    return [Error(fact, hint=hint, id=f"steward.E{number:03}")]


def warning(number: int, fact: str, hint: str) -> list[CheckMessage]:
    """What may, once somebody who knows this installation has accepted it by its id."""
    return [Warning(fact, hint=hint, id=f"steward.W{number:03}")]
