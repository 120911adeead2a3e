"""From where and when secrets and keys are used: kept for each, few statements, bounded, in no request's way."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identities.credentials import assertions, pace, services as credentials, usage as uses
from identities.credentials.authentication import authenticate
from identities.credentials.models import ClientKey, ClientSecret, Rotation, SecretSource, SecretUse
from identities.credentials.usage import MOST_SOURCES, OTHERS, Source
from identities.inventory import knocks, usage
from identities.inventory.models import Knock, ManagedIdentity
from identities.jose import assertions as jose
from identities.tokens import settings
from tests.factories import client_keys, register, tokens
from tests.factories.tokens import Bot

pytestmark = pytest.mark.django_db
AT = datetime(2026, 6, 1, 12, 34, 56, tzinfo=UTC)
CRON = Source("192.0.2.7", "cron/1.0")


@pytest.fixture
def bot() -> Bot:
    return tokens.bot()


def secret_of(bot: Bot) -> ClientSecret:
    return bot.identity.secrets.order_by("created_at")[0]


def note(secret: ClientSecret, *, source: Source | None = CRON, at: datetime = AT) -> None:
    uses.note(secret.pk, secret.identity_id, source=source, at=at)


def spans(secret: ClientSecret) -> list[tuple[datetime, int]]:
    return list(SecretUse.objects.filter(secret=secret).values_list("at", "uses"))


def test_a_check_leaves_no_trace_and_waits_for_no_pace(bot: Bot) -> None:
    ClientSecret.objects.update(throttled_at=timezone.now())
    for _ in range(3):
        found = authenticate(bot.client_id, bot.secret, source=CRON, is_check=True)
        assert found is not None
        assert not found.is_throttled
    tokens.stop(bot.identity)
    assert authenticate(bot.client_id, bot.secret, source=CRON, is_check=True) is None
    usage.flush()
    knocks.flush()
    assert not SecretSource.objects.exists()
    assert not SecretUse.objects.exists()
    assert not Knock.objects.exists()
    assert secret_of(bot).last_used_at is None
    assert ManagedIdentity.objects.get(pk=bot.identity.pk).last_used_at is None


def test_each_source_has_its_first_and_last_time_and_its_uses(bot: Bot) -> None:
    secret = secret_of(bot)
    for minutes in (0, 1, 90):
        note(secret, at=AT + timedelta(minutes=minutes))
        usage.flush()
    note(secret, source=None, at=AT)
    usage.flush()
    cron = SecretSource.objects.get(address="192.0.2.7")
    assert (cron.user_agent, cron.uses) == ("cron/1.0", 3)
    assert (cron.first_seen_at, cron.last_seen_at) == (AT, AT + timedelta(minutes=90))
    assert SecretSource.objects.get(address="").uses == 1
    secret.refresh_from_db()
    assert (secret.first_used_at, secret.last_used_at) == (AT, AT + timedelta(minutes=90))
    assert secret.uses == 4


def test_a_late_mark_moves_nothing_backwards_but_the_first_use(bot: Bot) -> None:
    secret = secret_of(bot)
    for at in (AT, AT - timedelta(minutes=5)):
        note(secret, at=at)
        usage.flush()
    secret.refresh_from_db()
    assert (secret.first_used_at, secret.last_used_at) == (AT - timedelta(minutes=5), AT)
    assert SecretSource.objects.get().last_seen_at == AT


def test_uses_are_counted_by_the_hour_and_in_an_overlap_by_the_minute(bot: Bot) -> None:
    secret = secret_of(bot)
    note(secret)
    usage.flush()
    assert spans(secret) == [(AT.replace(minute=0, second=0), 1)]
    credentials.issue(bot.identity, actor=register.SYSTEM)
    for seconds in (0, 1, 60):
        note(secret, at=AT + timedelta(seconds=seconds))
        usage.flush()
    assert spans(secret)[1:] == [(AT.replace(second=0), 2), (AT.replace(minute=35, second=0), 1)]


def test_the_sources_of_a_secret_are_bounded_within_a_flush_and_over_many(bot: Bot) -> None:
    secret = secret_of(bot)
    for number in range(MOST_SOURCES + 20):
        note(secret, source=Source("192.0.2.7", f"agent {number}"))
        if number > MOST_SOURCES:
            usage.flush()
    note(secret, source=Source("192.0.2.7", "agent 0"))
    usage.flush()
    assert secret.sources.count() == MOST_SOURCES + 1
    assert secret.sources.get(address=OTHERS.address, user_agent=OTHERS.user_agent).uses == 20
    assert secret.sources.get(user_agent="agent 0").uses == 2


def test_what_a_client_says_of_itself_is_made_fit_to_keep() -> None:
    assert Source.of("a" * 99, "x\x00y\n" + "z" * 300) == Source("a" * 64, "x y " + "z" * 196)


def test_a_secret_in_the_name_of_the_client_program_is_not_kept(bot: Bot) -> None:
    in_base64 = base64.b64encode(b"id:" + bot.secret.encode()).decode()
    for said in (f"deploy {bot.secret}", in_base64, f"x/{in_base64[:200]}", "z" * 150 + bot.secret):
        kept = Source.of("", said).user_agent
        assert bot.secret[9:40] not in kept
        assert base64.b64encode(bot.secret.encode())[4:40].decode() not in kept
    assert Source.of("", "nhinhi/1.0 (eyJ)").user_agent == "nhinhi/1.0 (eyJ)"


def test_noting_asks_the_database_nothing_and_a_flush_little(bot: Bot) -> None:
    others = [secret_of(tokens.bot()) for _ in range(9)]
    counted = []
    for batch in ([secret_of(bot)], others):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            for secret in batch:
                note(secret)
        assert not len(asked)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            usage.flush()
        own = [one["sql"] for one in asked if "UPDATE" not in one["sql"][:6] and "SAVEPOINT" not in one["sql"]]
        counted.append(len({sql.split("WHERE")[0][:40] for sql in own}))
    assert counted[0] == counted[1] == 4


def test_what_could_not_be_written_waits_whole(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = secret_of(bot)
    note(secret)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("down")

    with monkeypatch.context() as broken:
        broken.setattr(uses, "add_up", fail)
        with pytest.raises(RuntimeError):
            usage.flush()
    note(secret)
    usage.flush()
    assert (SecretSource.objects.get().uses, SecretUse.objects.get().uses) == (2, 2)


def test_a_secret_that_is_gone_is_forgotten(bot: Bot) -> None:
    uses.note(register.tenant().pk, bot.identity.pk, source=CRON, at=AT)
    usage.flush()
    assert not SecretSource.objects.exists()


def test_the_first_use_of_a_new_one_is_looked_at_at_once(bot: Bot) -> None:
    rotation = credentials.issue(bot.identity, actor=register.SYSTEM).rotation
    assert rotation is not None
    later = timezone.now() + timedelta(hours=1)
    Rotation.objects.update(consider_at=later)
    note(secret_of(bot))
    usage.flush()
    assert Rotation.objects.get().consider_at == later
    assert rotation.new is not None
    note(rotation.new)
    usage.flush()
    found = Rotation.objects.get().consider_at
    assert found is not None
    assert found < later


def test_a_key_has_sources_and_counts_of_its_own_as_a_secret_has() -> None:
    old = client_keys.signing()
    issued = credentials.issue(old.identity, actor=register.SYSTEM).secret
    secret = ClientSecret.objects.get(pk=issued.pk)
    uses.note(old.key.pk, old.identity.pk, source=CRON, at=AT, kind=ClientKey)
    note(secret)
    usage.flush()
    assert [source.credential_id for source in SecretSource.objects.filter(key=old.key)] == [old.key.pk]
    assert SecretUse.objects.get(key=old.key).at == AT.replace(minute=0, second=0)
    assert (secret.sources.get().uses, old.key.sources.get().uses) == (1, 1)
    new = client_keys.signing(of=old.identity)
    for bot in (old, new, new):
        authenticate_key(bot)
    usage.flush()
    minutes = SecretUse.objects.filter(key__isnull=False, at__gt=AT).values_list("key_id", "uses")
    assert sorted(uses for _, uses in minutes) in ([1, 1, 1], [1, 2])
    assert {(source.key_id, source.address, source.uses) for source in SecretSource.objects.filter(secret=None)} == {
        (old.key.pk, CRON.address, 2),
        (new.key.pk, CRON.address, 2),
    }
    assert [ClientKey.objects.get(pk=bot.key.pk).uses for bot in (old, new)] == [2, 2]


def authenticate_key(bot: client_keys.Signing) -> None:
    assertions.authenticate(jose.read(bot.assertion(), audiences=[settings.issuer()], at=timezone.now()), source=CRON)


def test_a_source_and_a_count_are_of_one_credential(bot: Bot) -> None:
    key = client_keys.signing().key
    for of in ({}, {"secret": secret_of(bot), "key": key}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SecretUse.objects.create(at=AT, uses=1, **of)
        with pytest.raises(IntegrityError), transaction.atomic():
            SecretSource.objects.create(first_seen_at=AT, last_seen_at=AT, uses=1, **of)


def test_the_first_use_of_a_new_key_is_looked_at_at_once() -> None:
    old = client_keys.signing()
    new = client_keys.signing(of=old.identity)
    later = timezone.now() + timedelta(hours=1)
    Rotation.objects.update(consider_at=later)
    for bot, moved in ((old, False), (new, True)):
        authenticate_key(bot)
        usage.flush()
        found = Rotation.objects.get().consider_at
        assert found is not None
        assert (found < later) is moved


def test_a_right_secret_of_a_stopped_identity_is_a_knock_and_a_wrong_one_is_not(bot: Bot) -> None:
    tokens.stop(bot.identity)
    authenticate(bot.client_id, bot.secret, source=CRON)
    authenticate(bot.client_id, bot.secret[:-1] + ("y" if bot.secret[-1] == "x" else "x"), source=CRON)
    knocks.flush()
    usage.flush()
    knock = Knock.objects.get()
    assert (knock.address, knock.user_agent, knock.state, knock.times) == (*_of(CRON), "disabled", 1)
    assert secret_of(bot).last_used_at is None


def test_counts_are_kept_for_thirty_days(bot: Bot) -> None:
    secret = secret_of(bot)
    for days in (0, 29, 31):
        note(secret, at=AT - timedelta(days=days))
    usage.flush()
    assert uses.remove_old(AT) == 1
    assert SecretUse.objects.count() == 2


def test_one_that_is_throttled_has_one_use_a_minute(bot: Bot) -> None:
    secret = secret_of(bot)
    assert [pace.wait(secret.pk, None) for _ in range(3)] == [0, 0, 0]
    assert pace.wait(secret.pk, AT) == 0
    assert 0 < pace.wait(secret.pk, AT) <= 60


def _of(source: Source) -> tuple[str, str]:
    return source.address, source.user_agent
