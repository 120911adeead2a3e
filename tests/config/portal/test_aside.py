"""Work that is done by a child: what it answers, raises and leaves behind. Each in a process that has one thread."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from config.portal.aside import done_aside

ROOT = Path(__file__).resolve().parents[3]
BEGIN = """
import os
from django.conf import settings
settings.configure()
from config.portal.aside import done_aside
from config.portal.listening import CannotStart
def refuse():
    raise CannotStart("The data folder cannot be written.")
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="only on Linux is a fork safe")


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BEGIN + program], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_what_the_work_raises_is_raised_here():
    assert run("done_aside(refuse)").stderr.strip().endswith("CannotStart: The data folder cannot be written.")


@linux
def test_a_child_that_is_killed_ends_the_start():
    assert run("done_aside(lambda: os.kill(os.getpid(), 9))").returncode == 128 + 9


@linux
def test_somebody_else_does_it_and_is_gone_afterwards():
    done = run("print(os.getpid()); worker = done_aside(os.getpid); print(worker); os.kill(worker, 0)")
    assert len(set(done.stdout.split())) == 2
    assert done.stderr.strip().endswith("No such process")


def test_beside_other_threads_it_is_done_here():
    release = threading.Event()
    thread = threading.Thread(target=release.wait)
    thread.start()
    here: list[int] = []
    done_aside(lambda: here.append(1))
    release.set()
    thread.join()
    assert here
