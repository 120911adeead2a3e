"""Work that a process does once and then carries no memory of: it is done by a child, which ends."""

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from django.db import connections

Made = TypeVar("Made")


def done_aside(work: Callable[[], Made]) -> Made:
    """What `work` answers or raises, both pickled; done in place where a fork is not safe.

    That is everywhere but on Linux, and wherever a second thread runs already. The child ends with its parent, however
    that ends, so a lock or a port that both hold is free as soon as the parent is gone.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return work()
    connections.close_all()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    read, write = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(read)
        _work(work, write, parent)
    os.close(write)
    return _answer(child, read)


def _work(work: Callable[[], Made], write: int, parent: int) -> None:
    """In the child: ends the process whatever happens."""
    status = 1
    try:
        _end_with(parent)
        try:
            said = pickle.dumps((work(), None))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised again in the parent
            said = pickle.dumps((None, error))
        with os.fdopen(write, "wb") as pipe:
            pipe.write(said)
        status = 0
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)


def _end_with(parent: int) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, prctl(2)
    if os.getppid() != parent:
        os._exit(1)


def _answer(child: int, read: int) -> Made:  # type: ignore[type-var]  # what it is stands in the pickle
    try:
        with os.fdopen(read, "rb") as pipe:
            said = pipe.read()
    finally:
        _, status = os.waitpid(child, 0)
    if status or not said:
        code = os.waitstatus_to_exitcode(status)
        raise SystemExit(code if code > 0 else 128 - code)
    made, error = pickle.loads(said)  # noqa: S301 - our own child wrote it
    if error is not None:
        raise error
    return made  # type: ignore[no-any-return]
