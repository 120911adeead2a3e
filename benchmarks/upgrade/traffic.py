"""What clients do meanwhile: tokens, the API read and written, pages of the admin; each answer counted by release."""

import http.client
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

#: Between two requests of one client: enough to find a fault, little enough to leave the processors to the servers.
PAUSE = 0.1
PAGES = (
    "/admin/", "/admin/identities/managedidentity/", "/admin/scheduling/schedulerun/", "/admin/audit/auditevent/",
    "/admin/scheduling/schedule/", "/admin/identities/finding/",
)  # fmt: skip
READS = (
    "/api/identities",
    "/flowstudio/api/runs",
    "/flowstudio/api/schedules",
    "/api/users/me",
    "/api/audit/events",
)
PASSWORD = "Only-4-this-upgrade!"


@dataclass
class Answers:
    """Statuses by (release, what); 0 is an answer that never came."""

    counted: "Counter[tuple[str, str, int]]" = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, release: str, what: str, status: int, url: str) -> None:
        self.counted[release, what, status] += 1
        if (status == 0 or status >= 500) and len(self.faults) < 20:
            self.faults.append(f"{release} {what} {status} {url}")

    def of(self, release: str, wanted: Callable[[int], bool]) -> int:
        return sum(times for (name, _, status), times in self.counted.items() if name == release and wanted(status))


class Clients:
    """Four clients of one release, until `stop`; a bearer and a session of the other release do as well."""

    def __init__(self, release: str, base: str, answers: Answers, estate: dict[str, str], login: "Login") -> None:
        self.release, self.base, self.answers, self.estate, self.login = release, base, answers, estate, login
        self.over = threading.Event()
        turns = (self._token, self._read, self._write, self._page)
        self.threads = [threading.Thread(target=self._go_on, args=(turn,), daemon=True) for turn in turns]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(timeout=60)

    def _go_on(self, turn: Callable[[int], tuple[str, int, str]]) -> None:
        number = 0
        while not self.over.is_set():
            self.answers.add(self.release, *turn(number))
            number += 1
            self.over.wait(PAUSE)

    def _token(self, number: int) -> tuple[str, int, str]:
        form = {"grant_type": "client_credentials"}
        form |= {"client_id": self.estate["client_id"], "client_secret": self.estate["secret"]}
        request = Request(f"{self.base}/passport/token", urlencode(form).encode())
        return "tokens", *_ask(build_opener(), request)

    def _read(self, number: int) -> tuple[str, int, str]:
        return "API reads", *_ask(build_opener(), self._api("GET", READS[number % len(READS)]))

    def _write(self, number: int) -> tuple[str, int, str]:
        if number % 3 == 0:
            facts = {"name": f"{self.release}-{time.time_ns()}", "environment": "staging", "purpose": "benchmark"}
            return "API writes", *_ask(build_opener(), self._api("POST", "/api/identities", facts))
        path = f"/api/identities/{self.estate['identity']}"
        said = {"description": f"{self.release} {number}"}
        return "API writes", *_ask(build_opener(), self._api("PATCH", path, said))

    def _page(self, number: int) -> tuple[str, int, str]:
        return "admin pages", *_ask(self.login.opener(), Request(self.base + PAGES[number % len(PAGES)]))

    def _api(self, method: str, path: str, body: Any = None) -> Request:
        headers = {"Authorization": f"Bearer {self.login.bearer}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        return Request(self.base + path, data, headers, method=method)


class Login:
    """One administrator, signed in at one release: with a bearer at the API, with a session in the admin."""

    def __init__(self, base: str, email: str) -> None:
        body = json.dumps({"email": email, "password": PASSWORD}).encode()
        request = Request(f"{base}/api/auth/login", body, {"Content-Type": "application/json"})
        with build_opener().open(request, timeout=60) as answer:
            self.bearer = str(json.load(answer)["accessToken"])
        self.jar = CookieJar()
        page = f"{base}/admin/login/"
        with self.opener().open(page, timeout=60) as answer:
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.read().decode())
        if token is None:
            raise SystemExit("The admin shows no form to sign in with.")
        form = {"username": email, "password": PASSWORD, "next": "/admin/", "csrfmiddlewaretoken": token[1]}
        with self.opener().open(Request(page, urlencode(form).encode(), {"Referer": page}), timeout=60) as answer:
            if "/login" in answer.geturl():
                raise SystemExit("Signing in to the admin failed.")

    def opener(self) -> OpenerDirector:
        return build_opener(HTTPCookieProcessor(self.jar))


def _ask(opener: OpenerDirector, request: Request) -> tuple[int, str]:
    try:
        with opener.open(request, timeout=60) as answer:
            answer.read()
            return int(answer.status), request.full_url
    except HTTPError as error:
        error.close()
        return error.code, request.full_url
    except (URLError, OSError, http.client.HTTPException):
        return 0, request.full_url
