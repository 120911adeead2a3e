"""The agent of the docs, as it stands there, against a server over HTTP, with tokens that live for seconds."""

import json
import runpy
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import requests
from django.conf import LazySettings
from django.core.wsgi import get_wsgi_application

from audit.models import AuditEvent
from identities.people import services as people
from identities.people.models import User
from tests.factories import passport, people as cast

pytestmark = pytest.mark.django_db(transaction=True)
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "agent.py"
ROTATED = "Another-Horse-2"


def load() -> Any:
    return runpy.run_path(str(EXAMPLE))["Agent"]


@pytest.fixture(autouse=True)
def seconds(settings: LazySettings) -> Iterator[None]:
    settings.AUTH_ACCESS_TOKEN_TTL, settings.AUTH_REFRESH_TOKEN_TTL = 2, 60
    with passport.fresh():
        yield


@pytest.fixture
def account(db: None) -> User:
    return cast.agent()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(cast.PASSWORD + "\n")
    return file


@pytest.fixture
def agent(live_server: Any, settings: LazySettings, account: User, secret: Path, tmp_path: Path) -> Any:
    settings.PASSPORT_ISSUER = live_server.url
    return load()(live_server.url, account.email, secret, tmp_path / "tokens.json")


def happened(account: User, event: str) -> int:
    return AuditEvent.objects.filter(type=event, subject_id=str(account.pk)).count()


def works(agent: Any) -> bool:
    return bool(agent.call("GET", "/api/auth/me").status_code == 200)


def test_it_is_forty_lines() -> None:
    assert len([line for line in EXAMPLE.read_text().splitlines() if line.strip()]) <= 40


def test_a_wrong_secret_is_an_error_that_tells_nothing(agent: Any, secret: Path, caplog: Any, capfd: Any) -> None:
    secret.write_text("Wrong-Horse-9")
    with pytest.raises(requests.HTTPError, match="401") as refused:
        agent.call("GET", "/api/auth/me")
    assert "Wrong-Horse-9" not in f"{refused.value!r}{caplog.text}{capfd.readouterr()}"


def test_the_tokens_lie_where_nobody_else_reads_and_the_next_process_goes_on_with_them(
    agent: Any, account: User, secret: Path, tmp_path: Path
) -> None:
    assert works(agent)
    assert stat.S_IMODE(agent.cache.stat().st_mode) == 0o600
    assert works(load()(agent.url, account.email, secret, agent.cache))
    assert happened(account, "user.signed_in") == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["password", "tokens.json"]


def test_it_refreshes_before_the_end_and_never_after(agent: Any, account: User) -> None:
    ends = time.monotonic() + 30
    while happened(account, "user.session_continued") < 2:
        assert works(agent)
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert happened(account, "user.signed_in") == 1
    assert happened(account, "user.refresh_failed") == 0


def test_after_a_rotation_it_signs_in_with_the_new_secret_and_tries_no_dead_token(
    agent: Any, account: User, secret: Path
) -> None:
    assert works(agent)
    people.set_password(account, password=ROTATED, actor=cast.SYSTEM)
    secret.write_text(ROTATED)
    assert works(agent)
    assert happened(account, "user.signed_in") == 2
    assert happened(account, "user.refresh_failed") == 0


def test_a_token_that_somebody_else_used_up_leads_to_a_new_sign_in(agent: Any, account: User) -> None:
    assert works(agent)
    used = requests.post(f"{agent.url}/api/auth/refresh", json={"refreshToken": _kept(agent)}, timeout=5)
    assert used.ok
    time.sleep(1.1)
    assert works(agent)
    assert happened(account, "user.signed_in") == 2


def test_an_account_that_is_disabled_is_told_so_once(agent: Any, account: User) -> None:
    assert works(agent)
    people.disable_user(account, actor=cast.SYSTEM, reason="It did what it should not")
    time.sleep(1.1)
    for _ in range(3):
        with pytest.raises(requests.HTTPError, match="401"):
            agent.call("GET", "/api/auth/me")
    assert happened(account, "user.refresh_failed") == 1


def test_it_waits_for_a_server_that_restarts(account: User, secret: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    agent = load()(f"http://127.0.0.1:{port}", account.email, secret, tmp_path / "tokens.json")
    began: list[Any] = []

    def begin() -> None:
        time.sleep(0.5)
        began.append(make_server("127.0.0.1", port, get_wsgi_application(), handler_class=Quiet))
        began[0].serve_forever(poll_interval=0.05)

    server = threading.Thread(target=begin)
    server.start()
    try:
        assert works(agent)
    finally:
        began[0].shutdown()
        server.join()
        began[0].server_close()


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def _kept(agent: Any) -> str:
    kept: str = json.loads(agent.cache.read_text())["refreshToken"]
    return kept
