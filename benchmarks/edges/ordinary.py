"""The client beside it: a token, a call and a page each second, which nobody else's requests may disturb."""

import json
import threading
import time
from dataclasses import dataclass, field
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, build_opener

from benchmarks.soak.estate import Client


@dataclass
class Felt:
    """Seconds that each answer took, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def p95(self) -> float:
        ordered = sorted(self.seconds)
        return ordered[int(len(ordered) * 0.95)] * 1000 if ordered else float("inf")


class Beside:
    """Asks in a thread of its own for as long as the block lasts."""

    def __init__(self, client: Client, bot: dict[str, str]) -> None:
        self.client, self.bot, self.felt = client, bot, Felt()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Felt:
        self._thread.start()
        return self.felt

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join(timeout=60)

    def _ask(self) -> None:
        while not self._over.is_set():
            for step in (self._token, self._call, self._page):
                began = time.monotonic()
                try:
                    step()
                except (RuntimeError, URLError, OSError, ValueError) as error:
                    self.felt.errors.append(f"{step.__name__} after {time.monotonic() - began:.1f} s: {error}"[:160])
                else:
                    self.felt.seconds.append(time.monotonic() - began)
            self._over.wait(0.5)

    def _token(self) -> None:
        form = {"grant_type": "client_credentials"}
        form |= {"client_id": self.bot["clientId"], "client_secret": self.bot["clientSecret"]}
        request = Request(f"{self.client.base}/passport/token", urlencode(form).encode())
        with build_opener().open(request, timeout=10) as answer:
            json.load(answer)

    def _call(self) -> None:
        self.client.api("GET", "/api/identities?pageSize=20")

    def _page(self) -> None:
        with self.client.opener.open(f"{self.client.base}/admin/identities/managedidentity/", timeout=10) as answer:
            answer.read()
