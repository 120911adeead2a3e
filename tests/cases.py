"""Many cases in one test, where each would build the same estate again to ask it one more question."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def named(*case: object) -> Iterator[None]:
    """A failure within says which case it is of."""
    try:
        yield
    except BaseException as wrong:
        wrong.add_note(f"at {' '.join(map(str, case))}")
        raise
