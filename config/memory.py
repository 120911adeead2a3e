"""What the processes do not keep of memory: nothing here is needed, and where the C library is another nothing happens.

Threads that allocate at once each get an arena of glibc's, up to eight a core, and what is freed in one is not used by
another. One arena serves as well, since Python holds one lock anyway. And whoever frees 19 MB once, as each check of a
password does, is taken by glibc for one who will want as much again: it keeps up to twice that for ever after.
"""

import contextlib
import ctypes
import gc
import os
import sys

#: mallopt(3), and the variable of the environment that says the same and goes before.
SETTINGS = {
    "MALLOC_TRIM_THRESHOLD_": (-1, 256 * 1024),
    "MALLOC_MMAP_THRESHOLD_": (-3, 128 * 1024),
    "MALLOC_ARENA_MAX": (-8, 1),
}


def keep_little() -> None:
    """Before the first thread begins."""
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for name, (number, value) in SETTINGS.items():
            if name not in os.environ:
                mallopt(number, value)


def without_postgres() -> None:
    """On SQLite, before the apps: libraries load what Django has for PostgreSQL wherever its driver is installed.

    Unfold and the REST framework do, to know its fields if they meet one, and the driver brings libpq and a TLS library
    of its own. A name that is None in `sys.modules` is answered with an ImportError, which both expect.
    """
    sys.modules.setdefault("django.contrib.postgres", None)  # type: ignore[arg-type]  # None is meant for this


def settle() -> None:
    """Once all is loaded: modules and routes stay to the end, so the collector need not walk over them again."""
    gc.collect()
    gc.freeze()
    give_back()


def give_back() -> None:
    """Hand freed pages back to the system, after work that took much for a moment."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
