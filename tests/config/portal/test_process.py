"""The portal as its user meets it: a process of its own on an empty folder."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PORTAL = (sys.executable, str(ROOT / "manage.py"), "portal")


def environment(data: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "STEWARD_DATA_DIR": str(data), "LANG": "C.UTF-8"}


@dataclass
class Running:
    process: subprocess.Popen[str]
    url: str
    said: str

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def until_ready(self) -> dict[str, object]:
        for _ in range(200):
            status, body = self.get("/readyz")
            if status == 200:
                return json.loads(body)
            time.sleep(0.1)
        raise AssertionError(f"not ready: {body!r}")

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


def start(data: Path, bind: str = "127.0.0.1:0") -> Running:
    """Start a portal and read what it says up to its last line of greeting."""
    process = subprocess.Popen(
        [*PORTAL, "--bind", bind], cwd=data.parent, env=environment(data), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    said = ""
    while "Sign in" not in said:
        line = process.stdout.readline()
        assert line, f"the portal ended: {process.wait()}"
        said += line
    return Running(process, re.search(r"http://\S+", said)[0], said)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("portal") / "data"


@pytest.fixture(scope="module")
def running(data):
    portal = start(data)
    portal.said += portal.process.stdout.readline()
    yield portal
    if portal.process.poll() is None:
        portal.process.kill()
    portal.process.stdout.close()
    portal.process.wait()


def refused(data: Path, bind: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PORTAL, "--bind", bind],
        cwd=data.parent,
        env=environment(data),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_says_address_admin_and_a_password_the_first_time(running):
    assert f"Steward runs at {running.url}" in running.said
    assert "admin@steward.localhost" in running.said
    assert re.search(r"Password +\S{23} ", running.said)


def test_it_becomes_ready_by_itself(running):
    parts = ("database", "broker", "ledger", "clock", "audit")
    assert running.until_ready()["checks"] == dict.fromkeys(parts, "ok")
    assert running.get("/metrics")[0] == 200
    assert running.get("/healthz")[0] == 200


def test_the_admins_pages_and_their_style_are_served(running):
    status, page = running.get("/admin/login/")
    assert status == 200
    sheet = re.search(rb'href="(/static/\S+?\.css)"', page)[1].decode()
    assert running.get(sheet)[0] == 200


def test_tokens_name_the_bound_address_as_their_issuer(running):
    status, body = running.get("/.well-known/oauth-authorization-server")
    assert (status, json.loads(body)["issuer"]) == (200, running.url)


def test_what_it_wrote_is_its_owners_alone(running, data):
    assert data.stat().st_mode & 0o777 == 0o700
    for name in ("secret_key", "encryption_key"):
        assert (data / name).stat().st_mode & 0o777 == 0o600


def test_nothing_is_written_to_the_folder_it_was_started_from(running, data):
    running.until_ready()
    assert list(data.parent.iterdir()) == [data]


def test_a_second_portal_on_the_same_folder_is_refused(running, data):
    done = refused(data, "127.0.0.1:0")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "already runs" in done.stderr


def test_a_taken_port_is_refused_before_anything_is_made(running, tmp_path):
    done = refused(tmp_path, running.url.removeprefix("http://"))
    assert done.returncode == 1
    assert done.stderr.startswith("Cannot listen on 127.0.0.1:")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "steward.db").exists()


def test_a_bind_that_is_none_is_bad_usage(tmp_path):
    done = refused(tmp_path, "nonsense")
    assert done.returncode == 2
    assert "HOST:PORT" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_cleanly_and_the_next_start_says_no_password(running, data, number):
    """Uses up the shared portal, so it stands last; each case leaves the folder free for the next."""
    if running.process.poll() is None:
        running.until_ready()
        assert running.stop(signal.SIGTERM) == 0
    again = start(data)
    again.until_ready()
    assert again.stop(number) == 0
    rest = again.process.stdout.read()
    again.process.stdout.close()
    assert "Password" not in again.said + rest
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(again.url.rpartition(":")[2])), timeout=2)


def test_a_second_signal_ends_it_at_once(data):
    portal = start(data)
    portal.process.send_signal(signal.SIGSTOP)
    portal.process.send_signal(signal.SIGINT)
    portal.process.send_signal(signal.SIGTERM)
    portal.process.send_signal(signal.SIGCONT)
    assert portal.process.wait(timeout=30) == 130
    portal.process.stdout.close()
