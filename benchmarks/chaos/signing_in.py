"""The provider that people sign in through is away: first dead, then silent, then there without its keys."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener, urlopen

from benchmarks.chaos import provider
from benchmarks.chaos.ground import Ground
from benchmarks.chaos.outage import LONGEST_WORK, Outage
from benchmarks.chaos.stores import Store
from benchmarks.chaos.verdict import Verdict
from benchmarks.servers import ROOT

PERSON = "ada@chaos.localhost"
BEGIN, INDEX = "/admin/login/provider/", "/admin/"
#: The portal lets an address begin thirty times a minute.
EVERY = 4.0
#: What does not need the provider is answered within this, also while it keeps six people waiting.
OTHERS_WITHIN, AT_ONCE = 5.0, 6


class Issuer(Store):
    """The provider as a process, which may be killed, stopped, and started again with the same key."""

    name = "issuer"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        folder.mkdir()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "benchmarks.chaos.provider", str(self.port), str(self.folder), PERSON]

    @property
    def environment(self) -> Mapping[str, str]:
        return {**super().environment, "PYTHONPATH": str(ROOT)}

    @property
    def settings(self) -> dict[str, str]:
        """What the portal is told of it."""
        return {
            "STEWARD_OIDC_ISSUER": self.url,
            "STEWARD_OIDC_CLIENT_ID": provider.CLIENT_ID,
            "STEWARD_OIDC_CLIENT_SECRET": provider.CLIENT_SECRET,
        }

    def is_up(self) -> bool:
        with suppress(OSError):
            urlopen(f"{self.url}/.well-known/openid-configuration", timeout=5).close()
            return True
        return False

    def fall_silent(self) -> None:
        """Connections are taken by the system, and nobody answers."""
        if self.process is not None:
            os.kill(self.process.pid, signal.SIGSTOP)

    def hide_keys(self) -> None:
        (self.folder / provider.NO_KEYS).touch()

    def show_keys(self) -> None:
        (self.folder / provider.NO_KEYS).unlink(missing_ok=True)


class Halfway(HTTPRedirectHandler):
    """Follows no redirect: somebody who stands at the provider's door."""

    def redirect_request(self, *_: object) -> None:
        return None


class Person:
    """A browser of somebody whom the provider knows."""

    def __init__(self, base: str) -> None:
        self.base, self.jar = base, CookieJar()

    def is_let_in(self) -> bool:
        """Through the provider, from the button to the first page."""
        return self._opens(BEGIN)

    def is_let_back_in(self, state: str) -> bool:
        """As who had been sent to the provider before, and comes back with a code."""
        back = urlencode({"code": "any", "state": state})
        return self._opens(f"{BEGIN}callback/?{back}")

    def sent(self) -> str:
        """Begin, and go no further; the state that the provider would give back."""
        opener = build_opener(HTTPCookieProcessor(self.jar), Halfway())
        try:
            opener.open(self.base + BEGIN, timeout=30).close()
        except HTTPError as told:
            told.close()
            query = dict(part.partition("=")[::2] for part in urlsplit(told.headers["Location"]).query.split("&"))
            return query.get("state", "")
        return ""

    def _opens(self, path: str) -> bool:
        opener = build_opener(HTTPCookieProcessor(self.jar))
        with suppress(HTTPError, URLError, OSError):
            opener.open(self.base + path, timeout=60).close()
        with suppress(HTTPError, URLError, OSError), opener.open(self.base + INDEX, timeout=30) as shown:
            return bool(urlsplit(shown.url).path == INDEX)
        return False


@dataclass
class ProviderOutage(Outage):
    """Nobody comes in by it, everything else is served, and it works again as soon as it is there."""

    issuer: Issuer | None = None
    not_served: list[str] = field(default_factory=list)
    tried: int = 0

    def go(self, on: Ground) -> Verdict:
        on.installation.manage("manage.py", "collectstatic", "--noinput", "--verbosity", "0")  # for the pages
        return super().go(on)

    def _take_away(self, on: Ground) -> Callable[[], object]:
        issuer, base = self._issuer(), on.installation.base
        assert Person(base).is_let_in(), "Nobody comes in while the provider is there."
        stranded = [(person, person.sent()) for person in (Person(base) for _ in range(3))]
        assert all(state for _, state in stranded)
        issuer.kill()
        third = self.minutes * 60 / 3
        threads = [
            threading.Thread(target=self._phases, args=(issuer, third), daemon=True),
            threading.Thread(target=self._try, args=(base, stranded, third), daemon=True),
            threading.Thread(target=self._others, args=(base, on.probe()), daemon=True),
        ]
        for thread in threads:
            thread.start()

        def back() -> None:
            threads[0].join()
            issuer.show_keys()
            issuer.start()

        return back

    def _phases(self, issuer: Issuer, third: float) -> None:
        time.sleep(third)
        issuer.start()
        issuer.fall_silent()
        time.sleep(third)
        issuer.kill()
        issuer.hide_keys()
        issuer.start()

    def _try(self, base: str, stranded: list[tuple[Person, str]], third: float) -> None:
        """Somebody new every few seconds; in each third six at once, of whom one had been sent before it went away."""
        began, returned = time.monotonic(), 0
        time.sleep(0.5)
        while self.is_away:
            turns = [Person(base).is_let_in]
            if returned < len(stranded) and time.monotonic() - began > third * (returned + 0.5):
                person, state = stranded[returned]
                turns = [lambda: person.is_let_back_in(state), *(Person(base).is_let_in for _ in range(AT_ONCE - 1))]  # noqa: B023 - called before the next round
                returned += 1
            threads = [threading.Thread(target=self._one, args=(turn,), daemon=True) for turn in turns]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=60)
            time.sleep(EVERY)

    def _one(self, turn: Callable[[], bool]) -> None:
        self.tried += 1
        if turn() and self.is_away:
            self.permits.append(f"signed in at {datetime.now(UTC):%H:%M:%S}")

    def _others(self, base: str, client: dict[str, str]) -> None:
        form = {"grant_type": "client_credentials", "client_id": client["id"], "client_secret": client["secret"]}
        while not self.is_away:
            time.sleep(0.1)
        while self.is_away:
            asked = {
                "token": Request(f"{base}/passport/token", data=urlencode(form).encode()),
                "API": Request(f"{base}/api/identities", headers={"Authorization": f"Bearer {client['token']}"}),
                "page": Request(f"{base}/admin/login/"),
            }
            for name, request in asked.items():
                began = time.monotonic()
                try:
                    urlopen(request, timeout=20).close()
                except OSError as error:
                    self.not_served.append(f"{name} at {datetime.now(UTC):%H:%M:%S}: {error}")
                if (took := time.monotonic() - began) > OTHERS_WITHIN:
                    self.not_served.append(f"{name} at {datetime.now(UTC):%H:%M:%S}: after {took:.1f} s")
            if len(self.not_served) > 100:
                return
            time.sleep(0.5)

    def _back_at_work(self, on: Ground, since: datetime) -> float:
        until = time.monotonic() + LONGEST_WORK
        while time.monotonic() < until:
            if Person(on.installation.base).is_let_in():
                return (datetime.now(UTC) - since).total_seconds()
            time.sleep(EVERY)
        return LONGEST_WORK

    def _permits_of_runs(self, on: Ground, begin: datetime, end: datetime) -> list[str]:
        return []  # no run needs it

    def _judge(self, on: Ground, *moments: object) -> Verdict:
        found = super()._judge(on, *moments)  # type: ignore[arg-type]  # as they come
        found.none_of("others who were not served", self.not_served)
        return found

    def _issuer(self) -> Issuer:
        assert self.issuer is not None
        return self.issuer
