"""What a soak works on, made over HTTP: identities, a workflow, schedules, and a session of the admin."""

import http.cookiejar
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from benchmarks.edges.targets import EMAIL, PASSWORD

STEPS = [
    {"id": "hello", "kind": "log", "params": {"message": "hello"}},
    {"id": "bye", "kind": "log", "params": {"message": "bye"}},
]


@dataclass
class Client:
    """One person: a bearer token for the API, a session for the admin."""

    base: str
    bearer: str = field(default="", repr=False)
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar, repr=False)
    opener: OpenerDirector = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.opener = build_opener(HTTPCookieProcessor(self.jar))

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Raises RuntimeError for whatever is no success."""
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}
        )
        data = None if body is None else json.dumps(body).encode()
        try:
            with build_opener().open(Request(self.base + path, data, headers, method=method), timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read()[:300]!r}") from None

    def sign_in(self) -> None:
        """Both ways; the token lasts fifteen minutes, so this is done again now and then."""
        self.bearer = ""
        self.bearer = self.api("POST", "/api/auth/login", {"email": EMAIL, "password": PASSWORD})["tokens"][
            "accessToken"
        ]
        page = self.page("/admin/login/")
        token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if token is None:
            return  # signed in already
        form = {"csrfmiddlewaretoken": token[1].decode(), "username": EMAIL, "password": PASSWORD}
        request = Request(f"{self.base}/admin/login/?next=/admin/", urlencode(form).encode(), {"Referer": self.base})
        with self.opener.open(request, timeout=30) as answer:
            if "/login" in answer.url:
                raise RuntimeError("The admin let nobody in.")

    def page(self, path: str) -> bytes:
        with self.opener.open(self.base + path, timeout=60) as answer:
            return bytes(answer.read())

    def token(self, bot: dict[str, str]) -> str:
        form = {"grant_type": "client_credentials", "client_id": bot["clientId"], "client_secret": bot["clientSecret"]}
        with build_opener().open(
            Request(f"{self.base}/passport/token", urlencode(form).encode()), timeout=30
        ) as answer:
            return str(json.load(answer)["access_token"])


@dataclass(frozen=True)
class Estate:
    """Ids of what was made."""

    schedules: list[str]
    bots: list[dict[str, str]]
    pages: list[str]


def made(client: Client, schedules: int) -> Estate:
    """Every schedule fires each quarter of an hour by itself; the soak asks for the rest of its runs."""
    client.sign_in()
    client.api("POST", "/api/roles", {"name": "runner", "permissions": ["workflow.execute", "identity.read"]})
    client.api("POST", "/flowstudio/api/workflows", {"id": "wf-soak", "name": "Soak", "nodes": STEPS})
    bots = [_bot(client, number) for number in range(4)]
    made_schedules = [_schedule(client, number, bots[number % len(bots)]["id"]) for number in range(schedules)]
    index = client.page("/admin/").decode()
    found = sorted(set(re.findall(r'href="(/admin/[a-z]+/[a-z]+/)"', index)))
    return Estate(made_schedules, bots, ["/admin/", *found])


def _bot(client: Client, number: int) -> dict[str, str]:
    facts = {"environment": "production", "purpose": "benchmark"}
    runner = client.api(
        "POST", "/api/identities", {**facts, "name": f"soak-runner-{number}", "storeSecretAt": _place(number)}
    )
    until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    binding = {"identityId": runner["id"], "role": "runner", "validUntil": until, "reason": "benchmark"}
    client.api("POST", "/api/roleBindings", binding)
    asker = client.api("POST", "/api/identities", {**facts, "name": f"soak-asker-{number}", "issueSecret": True})
    client.api("POST", "/api/roleBindings", {**binding, "identityId": asker["id"]})
    return {"id": runner["id"], "clientId": asker["clientId"], "clientSecret": asker["clientSecret"]}


def _place(number: int) -> dict[str, str]:
    return {"provider": "local", "vaultUri": "local://default", "secretName": f"soak-{number}"}


def _schedule(client: Client, number: int, identity: str) -> str:
    facts = {
        "workflowId": "wf-soak",
        "name": f"soak-{number:02}",
        "cronExpression": f"{number % 15},{number % 15 + 15},{number % 15 + 30},{number % 15 + 45} * * * *",
        "timezone": "UTC",
        "managedIdentityId": identity,
        "secretReference": _place(number % 4),
        "overlapPolicy": "allow",
        "overlapLimit": 10,
    }
    return str(client.api("POST", "/flowstudio/api/schedules", facts)["id"])
