"""Many threads at one gate."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


def race(count: int, work: Callable[[int], Result]) -> list[Result]:
    """What `count` threads answer that begin `work(number)` at the same instant; the first fault is raised."""
    gate = threading.Barrier(count)

    def begin(number: int) -> Result:
        try:
            gate.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=count) as pool:
        return list(pool.map(begin, range(count)))
