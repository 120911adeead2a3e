"""The portal under test: SQLite and broker in a folder, everything it says at DEBUG in a file, every answer kept."""

import base64
import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from tests import migrated

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 120
EMAIL, PASSWORD = "admin@steward.localhost", "Only-4-this-test!"


@dataclass(frozen=True)
class Answer:
    """What came back; `body` as it was sent."""

    status: int
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Portal:
    """A process, an administrator in two doors (API and admin), and everything that was answered to anybody."""

    folder: Path
    broker: str
    answers: list[tuple[str, bytes]] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    bearer: str = ""
    address: str = ""
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.browser: OpenerDirector = build_opener(HTTPCookieProcessor(http.cookiejar.CookieJar()))

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        return kept | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "STEWARD_DATA_DIR": str(self.folder / "data"),
            "STEWARD_ADMIN_PASSWORD": PASSWORD,
            "STEWARD_OUTBOUND_PRIVATE_ALLOW": "127.0.0.0/8",
            "CELERY_BROKER_URL": self.broker,
            "EMAIL_URL": f"filemail:///{self.folder / 'mail'}",
            "LOG_LEVEL": "DEBUG",
        }

    def start(self) -> None:
        (self.folder / "mail").mkdir(exist_ok=True)
        migrated.begin(self.folder / "data")
        command = [sys.executable, "manage.py", "portal", "--bind", self.address]
        with (self.folder / "said.log").open("ab") as said:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=said, stderr=said)
        self.until(lambda: self.ask("GET", "/readyz").status == 200)
        signed_in = self.ask("POST", "/api/auth/login", {"email": EMAIL, "password": PASSWORD})
        self.bearer = signed_in.json["accessToken"]

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=PATIENCE)

    def until(self, what: Any) -> None:
        ends = time.monotonic() + PATIENCE
        while not what():
            assert time.monotonic() < ends, (self.folder / "said.log").read_text()[-3000:]
            time.sleep(0.1)

    def command(self, *words: str, said: str = "") -> subprocess.CompletedProcess[bytes]:
        """A management command; what it prints counts as an answer."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT, env=self.environment, input=said.encode(), capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        self.answers.append((f"manage.py {words[0]}", done.stdout + done.stderr))
        return done

    def ask(self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None) -> Answer:
        """The API, as the administrator once signed in; `headers` take the place of that."""
        given = {"Authorization": f"Bearer {self.bearer}"} if headers is None and self.bearer else dict(headers or {})
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        given.setdefault("Content-Type", "application/json")
        return self._send(build_opener(), Request(f"http://{self.address}{path}", data, given, method=method))

    def done(self, method: str, path: str, body: Any = None, *, shows: str = "") -> Any:
        """An answer that must be good; `shows` names the member in which it may show a secret, this once."""
        answer = self.ask(method, path, body)
        assert answer.status < 300, (path, answer.status, answer.body[:500])
        found = answer.json if answer.body else None
        if shows:
            self.answers.pop()
            self.secrets.append(found[shows])
            rest = {name: value for name, value in found.items() if name != shows}
            self.answers.append((f"{method} {path}", json.dumps(rest).encode()))
        return found

    def token(self, client_id: str, secret: str, *, way: str = "basic") -> Answer:
        """A token request; of a good one only the status is kept, since the token is what it is for."""
        form, headers = {"grant_type": "client_credentials"}, {"Content-Type": "application/x-www-form-urlencoded"}
        if way == "basic":
            headers["Authorization"] = "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        else:
            form |= {"client_id": client_id, "client_secret": secret}
        answer = self.ask("POST", "/passport/token", urlencode(form).encode(), headers=headers)
        if answer.status == 200:
            self.answers.pop()
            self.secrets.append(answer.json["access_token"].rpartition(".")[2])
        return answer

    def page(self, path: str, form: dict[str, str] | None = None, *, shows: str = "") -> str:
        """A page of the admin; with `form` it is sent. `shows`: a pattern of the secret it may show, this once."""
        address = f"http://{self.address}{path}"
        held = self._send(self.browser, Request(address)).body.decode()
        if form is None:
            return held
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', held)
        assert token, path
        sent = urlencode({**form, "csrfmiddlewaretoken": token[1]}).encode()
        text = self._send(self.browser, Request(address, sent, {"Referer": address})).body.decode()
        if shows:
            found = re.search(shows, text)
            assert found, text[:2000]
            self.answers.pop()
            self.secrets.append(found[0])
        return text

    def sign_in_to_the_admin(self) -> None:
        self.page("/admin/login/", {"username": EMAIL, "password": PASSWORD})

    def places(self) -> Iterator[tuple[str, bytes]]:
        """Every file the portal wrote, and every answer it gave."""
        for file in sorted(self.folder.rglob("*")):
            if file.is_file():
                yield str(file.relative_to(self.folder)), file.read_bytes()
        yield from self.answers

    def _send(self, opener: OpenerDirector, request: Request) -> Answer:
        try:
            with opener.open(request, timeout=30) as got:
                answer = Answer(got.status, got.read())
        except HTTPError as error:
            answer = Answer(error.code, error.read())
        except OSError:
            return Answer(0, b"")
        self.answers.append((f"{request.get_method()} {request.selector}", answer.body))
        return answer
