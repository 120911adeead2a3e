"""How the web processes run: the image, the unit and the manifests start gunicorn with this file."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

from prometheus_client import multiprocess

bind = os.environ.get("WEB_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
worker_class = "gthread"
# Never True: a process that serves starts threads when it is imported, and a fork would leave them behind.
preload_app = False
# Longer than a proxy keeps an idle connection (60 s): else it sends a request into one that is being closed.
keepalive = 75
timeout = 60
graceful_timeout = 30
# The root file system may be read-only.
worker_tmp_dir = "/tmp"  # noqa: S108 - gunicorn makes a file of its own in it
control_socket_disable = True
# No header may say under which path we were asked. The scheme is read by TRUSTED_PROXIES.
forwarder_headers = ""
errorlog = "-"
#: The largest body that the proxy lets through, and how long what is left of one may take: gunicorn's own five seconds.
LARGEST_BODY, REST_WITHIN = 66 * 1024 * 1024, 5.0
METRICS = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")


def on_starting(server: object) -> None:
    """What processes of an earlier start counted is no part of this one."""
    if METRICS:
        shutil.rmtree(METRICS, ignore_errors=True)
        Path(METRICS).mkdir(parents=True, mode=0o700)


def child_exit(server: object, worker: object) -> None:
    """A process that ended leaves its counters and takes its gauges along."""
    if METRICS:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[attr-defined]


def post_request(worker: object, req: Any, environ: dict[str, Any], resp: object) -> None:
    """Read what is left of a body that was refused unread.

    gunicorn itself reads 64 KB of it and then closes a connection that it has just called a lasting one; a proxy that
    sends somebody else's request into it at that moment has to answer 502.
    """
    connection, left, until = environ.get("gunicorn.socket"), LARGEST_BODY, time.monotonic() + REST_WITHIN
    before = connection.gettimeout() if connection else None
    try:
        while left > 0 and (remaining := until - time.monotonic()) > 0:
            if connection:
                connection.settimeout(remaining)
            read = len(req.body.read(min(left, 64 * 1024)))
            if not read:
                break
            left -= read
    except OSError:
        pass  # whoever stopped sending is left to gunicorn, which closes the connection
    finally:
        if connection:
            connection.settimeout(before)
