"""What a process remembers of a client decides nothing: whatever changes, anywhere, the very next request sees.

Nobody tells the memory of a change, so one made here is like one made by another process.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from audit import context, services as audit
from audit.models import RECORD_FIELDS, AuditEvent
from audit.sealing import seal_pending
from identities.access.models import Role, RoleBinding
from identities.credentials import services as credentials
from identities.credentials.asked import IDENTITY
from identities.credentials.authentication import _SECRET, digest_of
from identities.credentials.models import ClientSecret
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.subjects import actor_of, subject_of
from identities.inventory.vocabulary import Issuance
from identities.statements.direct import Direct
from identities.statements.witnessed import FEW, Witnessed, _Wish
from identities.tokens import remembered, revoking
from identities.tokens.minting import WITH_ROLES
from identities.tokens.models import IssuedToken
from identities.tokens.remembered import memory
from tests.factories import tokens as made
from tests.factories.tokens import SYSTEM, Bot
from tests.identities.oauth.wire import FORM, basic

pytestmark = pytest.mark.django_db
NOW, DAY, SOON = timezone.now(), timedelta(days=1), timedelta(minutes=30)


@pytest.fixture(autouse=True)
def _then() -> Iterator[None]:
    """What is soon as this file is read is over when the suite has run for as long."""
    with time_machine.travel(NOW):
        yield


def ask(client: Client, bot: Bot, client_id: str = "") -> Any:
    headers = basic(client_id or bot.client_id, bot.secret)
    return client.post("/passport/token", "grant_type=client_credentials", content_type=FORM, headers=headers)


def outcome(answer: Any) -> dict[str, Any]:
    """What there is to an answer, without what no two have in common."""
    if answer.status_code != 200:
        return {"status": answer.status_code, **answer.json()}
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    return {name: value for name, value in claims.items() if name not in ("jti", "iat", "nbf", "exp")}


def known(client: Client) -> Bot:
    """A client that has a role and had its token, so that its next one may take the short way."""
    bot = made.bot(permissions=("run.read",))
    assert ask(client, bot).status_code == 200
    return bot


def of_identity(**facts: Any) -> Callable[[Bot], object]:
    return lambda bot: ManagedIdentity.objects.filter(pk=bot.identity.pk).update(**facts)


def of_secret(**facts: Any) -> Callable[[Bot], object]:
    return lambda bot: ClientSecret.objects.filter(identity=bot.identity).update(**facts)


def of_binding(**facts: Any) -> Callable[[Bot], object]:
    return lambda bot: RoleBinding.objects.filter(identity=bot.identity).update(**facts)


REFUSED = {
    **{f"it is {state}": of_identity(state=state) for state in State if state is not State.ACTIVE},
    "it has ended": of_identity(expires_at=NOW - DAY),
    "others issue it": of_identity(issuance=Issuance.EXTERNAL),
    "it has another client id": of_identity(client_id="mi_another"),
    "its secret is revoked": of_secret(revoked_at=NOW),
    "its secret has ended": of_secret(expires_at=NOW - DAY),
    "its secret is another": of_secret(digest="0" * 64),
    "its secret is gone": lambda bot: ClientSecret.objects.filter(identity=bot.identity).delete(),
}
OTHER_ROLES = {
    "a role was granted": lambda bot: made.grant(bot.identity, "run.read"),
    "the role was ended": of_binding(ended_at=NOW),
    "the role waits for approval": of_binding(awaits_approval=True),
    "the role is over": of_binding(valid_until=NOW),
    "the role is yet to come": of_binding(valid_from=NOW + DAY),
    "the role has another name": lambda bot: Role.objects.filter(tenant=bot.identity.tenant).update(name="other"),
    "the binding is gone": lambda bot: RoleBinding.objects.filter(identity=bot.identity).delete(),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED)
def test_a_client_that_may_have_none_any_more_gets_none(client: Client, change: Callable[[Bot], object]) -> None:
    bot = known(client)
    change(bot)
    answer = ask(client, bot)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert (IssuedToken.objects.count(), AuditEvent.objects.filter(type="token.issued").count()) == (1, 1)


@pytest.mark.parametrize("change", OTHER_ROLES.values(), ids=OTHER_ROLES)
def test_roles_are_as_of_now(client: Client, change: Callable[[Bot], object]) -> None:
    bot = known(client)
    before = outcome(ask(client, bot))
    change(bot)
    found = outcome(ask(client, bot))
    memory.clear()
    assert found == outcome(ask(client, bot))
    assert found["roles"] != before["roles"]


def other(model: type, name: str, value: Any) -> Any:
    """Some other value for a column."""
    if name == "tenant_id":
        return made.tenant().pk
    field = model._meta.get_field(name)
    if field.get_internal_type() == "DateTimeField":
        return (value or NOW) + SOON
    return next((choice for choice, _ in field.choices or () if choice != value), "other")


@pytest.mark.parametrize("name", sorted({*IDENTITY} - {"id"}))
def test_any_column_of_the_identity_that_was_read_is_compared(client: Client, name: str) -> None:
    bot = known(client)
    of_identity(**{name: other(ManagedIdentity, name, getattr(bot.identity, name))})(bot)
    assert remembered.mint(bot.client_id, bot.secret, scope="roles", source=None) is None
    assert IssuedToken.objects.count() == 1


@pytest.mark.parametrize("name", sorted({*_SECRET} - {"id", "identity_id"}))
def test_any_column_of_the_secret_that_was_read_is_compared(client: Client, name: str) -> None:
    bot = known(client)
    of_secret(**{name: other(ClientSecret, name, getattr(ClientSecret.objects.get(), name))})(bot)
    assert remembered.mint(bot.client_id, bot.secret, scope="roles", source=None) is None
    assert IssuedToken.objects.count() == 1


def test_a_right_secret_under_another_name_is_nobodys(client: Client) -> None:
    bot, stranger = known(client), made.bot()
    assert ask(client, bot, stranger.client_id).status_code == 401
    assert ask(client, bot).status_code == 200


@pytest.mark.parametrize(
    "change",
    [of_identity(expires_at=NOW + SOON), of_secret(expires_at=NOW + SOON), of_binding(valid_until=NOW + SOON)],
    ids=["identity", "secret", "role"],
)
def test_what_ends_by_itself_has_ended(
    client: Client, monkeypatch: pytest.MonkeyPatch, change: Callable[[Bot], object]
) -> None:
    bot = made.bot(permissions=("run.read",))
    change(bot)
    before = outcome(ask(client, bot))
    assert outcome(ask(client, bot)) == before
    monkeypatch.setattr(timezone, "now", lambda: NOW + 2 * SOON)
    after = outcome(ask(client, bot))
    memory.clear()
    assert after == outcome(ask(client, bot)) != before


def test_a_kill_is_outlived_by_the_next_token_only(client: Client) -> None:
    bot = known(client)
    instant = revoking.kill_tokens(bot.identity, actor=SYSTEM)
    minted = remembered.mint(bot.client_id, bot.secret, scope="roles", source=None)
    assert minted is None
    text = ask(client, bot).json()["access_token"]
    assert jwt.decode(text, options={"verify_signature": False})["iat"] > instant.timestamp()


def test_a_secret_with_a_pace_is_never_remembered(client: Client) -> None:
    bot = known(client)
    of_secret(throttled_at=NOW)(bot)
    assert [ask(client, bot).status_code for _ in range(2)] == [200, 429]
    assert memory.get(digest_of(bot.secret)) is None


def test_two_secrets_of_one_identity_are_two(client: Client) -> None:
    bot = known(client)
    second = Bot(bot.identity, credentials.issue(bot.identity, actor=SYSTEM).text)
    assert [ask(client, each).status_code for each in (second, bot, second)] == [200] * 3
    ClientSecret.objects.filter(digest=digest_of(bot.secret)).update(revoked_at=NOW)
    assert [ask(client, each).status_code for each in (bot, second)] == [401, 200]


def test_the_one_used_longest_ago_is_forgotten_first(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST", 2)
    first, second = known(client), known(client)
    ask(client, first)
    known(client)
    assert [memory.get(digest_of(bot.secret)) is not None for bot in (first, second)] == [True, False]


def test_nothing_that_is_remembered_is_a_secret(client: Client) -> None:
    bot = known(client)
    assert bot.secret not in repr(memory.get(digest_of(bot.secret)))
    kept = memory.get(digest_of(bot.secret))
    assert kept is not None
    assert bot.secret not in str(kept.seen.witness)
    assert digest_of(bot.secret) not in repr(kept)


def test_the_record_is_the_one_that_compose_would_make(client: Client) -> None:
    bot = known(client)
    with context.bound(correlation_id="0123456789abcdef", address="192.0.2.7"):
        minted = remembered.mint(bot.client_id, bot.secret, scope="openid roles", source=None)
        assert minted is not None
        row, event = IssuedToken.objects.get(jti=minted.jti), AuditEvent.objects.latest("pk")
        details = {
            "jti": str(row.jti), "kid": row.kid, "scope": "openid roles", "roles": list(minted.roles),
            "expires_at": row.expires_at.isoformat(),
        }  # fmt: skip
        identity = bot.identity
        composed = audit.compose(event.type, actor=actor_of(identity), subject=subject_of(identity), details=details)
    own = {"uuid", "recorded_at"}
    for name in set(RECORD_FIELDS) - own:
        assert getattr(event, name) == getattr(composed, name), name
    assert (row.address, row.scope) == ("192.0.2.7", "openid roles")


def test_the_sealer_takes_the_record_for_genuine(client: Client) -> None:
    ask(client, known(client))
    before = AuditEvent.objects.count()
    assert seal_pending() == before


def test_no_record_no_token(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database refuses the record: there is no token row either, and no answer with a token."""
    bot = known(client)
    monkeypatch.setattr(audit, "tag_of_written", lambda _: None)
    with pytest.raises(IntegrityError), transaction.atomic():
        remembered.mint(bot.client_id, bot.secret, scope="roles", source=None)
    assert IssuedToken.objects.count() == 1


def drawn_together(client: Client, monkeypatch: pytest.MonkeyPatch, number: int) -> tuple[list[Any], list[_Wish]]:
    """So many clients' tokens and what each wants written; the second client is stopped before it is."""
    bots = [known(client) for _ in range(number)]
    wishes: list[Any] = []

    def noted(wish: Any) -> bool:
        wishes.append(wish)
        return True

    monkeypatch.setattr(Witnessed, "insert", lambda self, *rows, **given: noted((rows, given)))
    drawn = [remembered.mint(bot.client_id, bot.secret, scope="roles", source=None) for bot in bots]
    monkeypatch.undo()
    of_identity(state=State.QUARANTINED)(bots[1])
    return drawn, [_Wish(given.pop("witness"), given, rows) for rows, given in wishes]


def assert_all_but_the_second(drawn: list[Any]) -> None:
    stored = set(IssuedToken.objects.values_list("jti", flat=True))
    assert [minted.jti in stored for minted in drawn] == [number != 1 for number in range(len(drawn))]
    told = AuditEvent.objects.filter(type="token.issued").values_list("details", flat=True)
    assert {details["jti"] for details in told} == {str(jti) for jti in stored}
    assert AuditEvent.objects.latest("pk").recorded_at.tzinfo is not None
    assert seal_pending() == AuditEvent.objects.count()


def test_of_those_who_go_together_each_is_held_against_its_own(
    client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    """One statement for three clients: the one that was stopped meanwhile gets nothing, the others get theirs."""
    drawn, together = drawn_together(client, monkeypatch, 3)
    with django_assert_num_queries(1 if connection.vendor == "postgresql" else 7):
        assert WITH_ROLES._statement._insert(together) == [True, False, True]
    assert_all_but_the_second(drawn)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="libpq is PostgreSQL's")
@pytest.mark.parametrize("number", [2, FEW, FEW + 2])
def test_so_it_is_past_the_driver_too(client: Client, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    drawn, together = drawn_together(client, monkeypatch, number)
    passed: list[int] = []
    numbers = Direct.numbers

    def seen(direct: Direct, values: Sequence[object], using: Any) -> list[int]:
        passed.append(len(values))
        return numbers(direct, values, using)

    monkeypatch.setattr(Direct, "numbers", seen)
    assert WITH_ROLES._statement._insert(together) == [which != 1 for which in range(number)]
    assert len(passed) == 1
    assert_all_but_the_second(drawn)
