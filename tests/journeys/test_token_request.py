"""A token, from the secret to its end, over real HTTP: stops, rotations and crowds included."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from django.db import connection

from identities.credentials import services as credentials
from identities.lifecycle import services as lifecycle
from identities.tokens import services as tokens
from tests.factories import passport, tokens as made
from tests.identities.oauth.wire import ASK, Answer, Sent, basic, form

pytestmark = pytest.mark.django_db(transaction=True)
PROMISED_SECONDS = 5.0


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    with passport.fresh():
        yield


def ask(base: str, bot: made.Bot, secret: str = "") -> Answer:
    return form(headers=basic(bot.client_id, secret or bot.secret), **ASK).to(base)


def call_api(base: str, token: str) -> Answer:
    return Sent("/api/identities", "GET", {"Authorization": f"Bearer {token}"}).to(base)


def is_active(base: str, inspector: made.Bot, token: str) -> bool:
    headers = basic(inspector.client_id, inspector.secret)
    answer = form(path="/passport/introspect", headers=headers, token=token).to(base)
    assert answer.status == 200
    return bool(answer.members["active"])


def seconds_until(work: object, wanted: object) -> float:
    """How long until `work()` answers `wanted`; gives up after twice what is promised."""
    start = time.monotonic()
    while time.monotonic() - start < 2 * PROMISED_SECONDS:
        if work() == wanted:  # type: ignore[operator]
            break
        time.sleep(0.02)
    return time.monotonic() - start


@pytest.mark.parametrize("rounds", [12, pytest.param(100, marks=pytest.mark.long)])
def test_a_stopped_identity_is_refused_everywhere_each_time(live_server, rounds: int) -> None:
    home = made.tenant()
    bot = made.bot(of=home, permissions=("identity.read",))
    inspector = made.bot(of=home, permissions=("token.introspect",))
    base, identity = live_server.url, bot.identity
    for _ in range(rounds):
        token = ask(base, bot).members["access_token"]
        assert call_api(base, token).status == 200
        identity = lifecycle.disable(identity, reason="a test", actor=made.SYSTEM)
        assert seconds_until(lambda: ask(base, bot).status in {401, 429}, True) < PROMISED_SECONDS
        assert seconds_until(lambda token=token: is_active(base, inspector, token), False) < PROMISED_SECONDS
        assert seconds_until(lambda token=token: call_api(base, token).status, 401) < PROMISED_SECONDS
        identity = lifecycle.enable(identity, reason="a test", actor=made.SYSTEM)
        assert not is_active(base, inspector, token)
        assert call_api(base, token).status == 401


def test_a_verifier_that_keeps_the_key_set_never_fails_over_a_rotation(live_server) -> None:
    bot, base = made.bot(), live_server.url
    kept: dict[str, jwt.PyJWK] = {}

    def verify(token: str) -> str:
        kid = jwt.get_unverified_header(token)["kid"]
        if kid not in kept:
            found = Sent("/passport/jwks.json", "GET").to(base).members
            kept.update({key["kid"]: jwt.PyJWK(key) for key in found["keys"]})
        jwt.decode(token, kept[kid].key, algorithms=["RS256"], audience="steward")
        return kid

    first = {verify(ask(base, bot).members["access_token"]) for _ in range(5)}
    new = tokens.rotate_signing_key(actor=made.SYSTEM)
    seen, until = set(), time.monotonic() + 2 * PROMISED_SECONDS
    while new.kid not in seen and time.monotonic() < until:
        seen.add(verify(ask(base, bot).members["access_token"]))
        time.sleep(0.05)
    assert seen == first | {new.kid}


def test_a_new_secret_takes_over_without_a_failed_request(live_server) -> None:
    bot, base = made.bot(), live_server.url
    stop, failures = threading.Event(), []

    def keep_asking(secret: list[str]) -> None:
        while not stop.is_set():
            answer = ask(base, bot, secret[0])
            if answer.status != 200:
                failures.append(answer.status)

    secret = [bot.secret]
    crowd = [threading.Thread(target=keep_asking, args=(secret,)) for _ in range(3)]
    for thread in crowd:
        thread.start()
    issued = credentials.issue(bot.identity, actor=made.SYSTEM)
    time.sleep(0.2)
    secret[0] = issued.text
    time.sleep(0.3)
    stop.set()
    for thread in crowd:
        thread.join()
    assert not failures
    old = bot.identity.secrets.exclude(pk=issued.secret.pk).get()
    credentials.revoke(old, reason="rotated", actor=made.SYSTEM)
    assert ask(base, bot).status == 401
    assert ask(base, bot, issued.text).status == 200


def test_a_crowd_gets_a_token_each_with_a_row_and_a_record(live_server) -> None:
    from audit.models import AuditEvent
    from identities.tokens.models import IssuedToken

    bot, base = made.bot(), live_server.url
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(base, bot), range(60)))
    assert {answer.status for answer in answers} == {200}
    told = {jwt.decode(a.members["access_token"], options={"verify_signature": False})["jti"] for a in answers}
    assert {str(jti) for jti in IssuedToken.objects.values_list("jti", flat=True)} == told
    recorded = AuditEvent.objects.filter(type="token.issued").values_list("details", flat=True)
    assert {details["jti"] for details in recorded} == told
    assert len(told) == 60


def test_a_good_client_is_served_while_a_stranger_guesses(live_server) -> None:
    bot, base, stop = made.bot(), live_server.url, threading.Event()

    def guess() -> None:
        while not stop.is_set():
            ask(base, bot, "guess")

    stranger = threading.Thread(target=guess)
    stranger.start()
    try:
        assert {ask(base, bot).status for _ in range(30)} == {200}
        assert seconds_until(lambda: ask(base, bot, "guess").status, 429) < PROMISED_SECONDS
    finally:
        stop.set()
        stranger.join()
    assert not connection.in_atomic_block
