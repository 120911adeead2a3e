"""Columns of lists: what a cell shows, and by what the list may be ordered."""

from collections.abc import Callable
from typing import Any, TypeVar

from unfold.decorators import display

Method = TypeVar("Method", bound=Callable[..., Any])


def column(label: str, order: str | None = None) -> Callable[[Method], Method]:
    """A method of an admin that draws one cell; without `order` the list cannot be ordered by it."""
    return display(description=label, ordering=order, empty_value="–")  # type: ignore[no-any-return]
