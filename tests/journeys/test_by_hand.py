"""Started by hand as deploy/ says: the lines of the units, the example's settings, secrets in files, nginx in front."""

import json
import os
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http.client import HTTPSConnection
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, build_opener

import pytest

from benchmarks.servers import free_port
from config import keyring
from tests.deploy.files import ROOT, SYSTEMD
from tests.factories.proxies import Nginx
from tests.lanes import BROKERS, POSTGRES, unless_listening

ABSENT = [
    *([] if shutil.which("nginx") else ["nginx is not installed"]),
    *filter(None, map(unless_listening, (POSTGRES, BROKERS["Redis"]))),
]
pytestmark = [pytest.mark.long, pytest.mark.skipif(bool(ABSENT), reason="; ".join(ABSENT))]
PATIENCE = 60
REDIS = BROKERS["Redis"].rpartition("/")[0] + "/14"


class Installation:
    """What /etc/steward, /opt/steward and systemd are to the units, in one folder."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.nginx = Nginx.laid_out(folder, upstream=f"127.0.0.1:{self.port}", http=free_port(), https=free_port())
        self.credentials = folder / "credentials"
        self.credentials.mkdir(mode=0o700)
        for name, value in {
            "secret_key": keyring.new_secret_key(),
            "encryption_key": keyring.new_encryption_key(),
            "database_url": database,
            "broker_url": REDIS,
            "cache_url": REDIS,
            "metrics_token": secrets.token_urlsafe(32),
        }.items():
            (self.credentials / name).write_text(value + "\n")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, unit: str) -> dict[str, str]:
        """The example's lines that are set, the unit's own, and what somebody fills in."""
        example = (SYSTEMD / "steward.env.example").read_text()
        found = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE))
        for line in re.findall(r"^Environment=(.*)$", (SYSTEMD / unit).read_text(), re.MULTILINE):
            found |= dict(pair.split("=", 1) for pair in line.split())
        found |= {
            "PASSPORT_ISSUER": f"https://localhost:{self.nginx.https}",
            "ALLOWED_HOSTS": "localhost",
            "PASSPORT_URL": f"http://127.0.0.1:{self.port}",
            # The example asks for one; whoever signs in here has no phone.
            "STEWARD_SECOND_FACTOR": "optional",
            "WEB_BIND": f"127.0.0.1:{self.port}",
            "PATH": os.environ["PATH"],
        }
        places = {
            "%d": str(self.credentials),
            "/run/steward-web": str(self.folder / "run"),
            "/var/lib/steward": str(self.folder / "state"),
            "/opt/steward/static": str(self.folder / "static"),
        }
        for ours, here in places.items():
            found = {name: value.replace(ours, here) for name, value in found.items()}
        return found

    def line(self, unit: str, name: str = "ExecStart") -> list[str]:
        (text,) = re.findall(rf"^{name}=(.*)$", (SYSTEMD / unit).read_text(), re.MULTILINE)
        here = {"/opt/steward/venv/bin/": f"{Path(sys.executable).parent}/", "%i": "1", "%%": "%"}
        for ours, place in here.items():
            text = text.replace(ours, place)
        return text.split()

    def run(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment("steward-migrate.service"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def manage(self, *arguments: str) -> str:
        return self.run([sys.executable, "manage.py", *arguments])

    def start(self, unit: str) -> None:
        with (self.folder / f"{unit}.log").open("wb") as log:
            self.processes[unit] = subprocess.Popen(
                self.line(unit), cwd=ROOT, env=self.environment(unit), stdout=log, stderr=log, start_new_session=True
            )

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        context = ssl.create_default_context(cafile=str(self.folder / "tls/client-ca.pem"))
        connection = HTTPSConnection("localhost", self.nginx.https, context=context, timeout=30)
        try:
            connection.request(method, path, body=body or None, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def answers(self, path: str) -> bool:
        try:
            return self.ask("GET", path)[0] == 200
        except OSError:  # a busy machine
            return False

    def story(self) -> str:
        return "\n".join(f"== {log.name}\n{log.read_text()[-2000:]}" for log in self.folder.glob("*.log"))


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    import psycopg

    name = f"steward_by_hand_{os.getpid()}"
    server = POSTGRES.rstrip("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'")
        admin.execute(f"CREATE DATABASE {name} OWNER {name}")
        yield re.sub(r"://[^@/]*@", f"://{name}:{name}@", server) + f"/{name}"
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"DROP ROLE {name}")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, database: str) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("by-hand"), database)
    with made.nginx:
        yield made
        for process in made.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=10)


def wait_until(what: Callable[[], bool], installation: Installation) -> None:
    ends = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < ends, installation.story()
        time.sleep(0.2)


class Stay(HTTPRedirectHandler):
    """Shows where one is sent instead of going."""

    def redirect_request(self, *_: object) -> None:
        """Nowhere."""


def test_it_starts_serves_refuses_and_stops_as_documented(installation: Installation) -> None:
    it = installation
    it.run(it.line("steward-migrate.service", "ExecStartPre"))
    it.run(it.line("steward-migrate.service"))
    it.manage("collectstatic", "--no-input", "--verbosity", "0")
    password = re.search(r"Password\s+(\S+)", it.manage("first_admin"))
    assert password
    for unit in ("steward-web.service", "steward-worker@.service", "steward-beat@.service"):
        it.start(unit)
    wait_until(lambda: it.answers("/healthz"), it)

    slow = threading.Thread(target=send_slowly, args=[it], daemon=True)
    slow.start()
    with pytest.raises(HTTPError) as sent:
        build_opener(Stay).open(f"http://127.0.0.1:{it.nginx.http}/admin/?next=1", timeout=10)
    assert (sent.value.code, sent.value.headers["Location"]) == (308, "https://127.0.0.1/admin/?next=1")

    status, headers, _ = it.ask("GET", "/admin/login/", headers={"X-Forwarded-Proto": "http"})
    assert status == 200
    assert headers["strict-transport-security"].count("max-age") == 1
    assert "; secure" in headers["set-cookie"].lower()
    assert it.ask("GET", "/static/unfold/css/styles.css")[0] == 200
    assert it.ask("POST", "/api/identities", b"x" * 11_000_000)[0] == 413
    # Let through by the proxy; whoever is not signed in is answered before the body is read, which may show as a 502.
    assert it.ask("POST", "/api/imports", b"x" * 11_000_000)[0] in {401, 502}

    signed_in = {"email": "admin@steward.localhost", "password": password[1]}
    forged = {"X-Forwarded-For": "10.9.8.7", "X-Client-Cert": "forged", "Content-Type": "application/json"}
    status, _, answer = it.ask("POST", "/api/auth/login", json.dumps(signed_in).encode(), forged)
    assert status == 200, answer
    bearer = {"Authorization": f"Bearer {json.loads(answer)['accessToken']}"}
    assert it.ask("GET", "/api/identities", headers=bearer)[0] == 200
    wait_until(lambda: it.answers("/readyz"), it)
    token = (it.credentials / "metrics_token").read_text().strip()
    page = it.ask("GET", "/metrics", headers={"Authorization": f"Bearer {token}"})
    assert b"steward_http_request_seconds_count" in page[2]
    told = it.manage("verify_audit")
    assert "intact" in told.lower()

    wait_until(lambda: bool(cut_off(it)), it)
    assert max(cut_off(it)) < 15
    slow.join(PATIENCE)
    for unit, process in it.processes.items():
        process.send_signal(signal.SIGTERM)
        (longest,) = re.findall(r"^TimeoutStopSec=(\d+)$", (SYSTEMD / unit).read_text(), re.MULTILINE)
        assert process.wait(timeout=int(longest)) == 0, it.story()
    log = "".join(path.read_text() for path in it.folder.glob("*.log"))
    assert password[1] not in log
    assert "Traceback" not in log
    assert not (it.folder / "state/secret_key").exists()
    assert not [line for line in addresses(it) if "10.9.8.7" in line]


def addresses(it: Installation) -> list[str]:
    """Every address that the audit holds."""
    ask = "from audit.models import AuditEvent; print(*AuditEvent.objects.values_list('address', flat=True))"
    return it.manage("shell", "--no-imports", "-c", ask).split()


def send_slowly(it: Installation) -> None:
    """A byte of a header each second, for as long as nginx takes it."""
    context = ssl.create_default_context(cafile=str(it.folder / "tls/client-ca.pem"))
    with (
        suppress(OSError),
        socket.create_connection(("127.0.0.1", it.nginx.https), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        for _ in range(PATIENCE):
            connection.sendall(b"a")
            time.sleep(1)


def cut_off(it: Installation) -> list[float]:
    """After how many seconds nginx had enough of whom, by its own log."""
    rows = [json.loads(line) for line in (it.folder / "access.log").read_text().splitlines()]
    return [row["seconds"] for row in rows if row["status"] == 408]
