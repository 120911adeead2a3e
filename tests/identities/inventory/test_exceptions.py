"""Exceptions: for a reason, until a day, and over by themselves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.errors import Conflict, Invalid
from identities.events import IdentityEvent
from identities.inventory import exceptions, services as inventory
from identities.inventory.models import ExceptionKind, ManagedIdentity, PolicyException
from identities.people.actors import actor_of
from tests.factories import register

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
KIND = ExceptionKind.ROTATION_BEYOND_MAXIMUM


@pytest.fixture
def bot() -> ManagedIdentity:
    return register.identity(register.tenant())


def grant(to: ManagedIdentity, **facts: object) -> PolicyException:
    given = {"kind": KIND, "reason": "The vendor needs a month.", "expires_at": timezone.now() + 30 * DAY, **facts}
    return exceptions.grant(to, actor=register.SYSTEM, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("kind", "anything"),
        ("reason", "  "),
        ("reason", "x" * 2001),
        ("expires_at", timezone.now() - DAY),
        ("expires_at", timezone.now() + 400 * DAY),
        ("ticket", "x" * 121),
    ],
)
def test_what_does_not_fit_is_refused_by_name(bot: ManagedIdentity, member: str, value: object) -> None:
    with pytest.raises(Invalid) as refused:
        grant(bot, **{member: value})
    assert refused.value.errors.keys() == {member}


def test_a_retired_identity_gets_none(bot: ManagedIdentity) -> None:
    inventory.set_state(bot, target=inventory.State.RETIRED, reason="over", actor=register.SYSTEM)
    with pytest.raises(Conflict):
        grant(bot)


def test_two_of_a_kind_do_not_live_together(bot: ManagedIdentity) -> None:
    first = grant(bot)
    with pytest.raises(Conflict):
        grant(bot)
    exceptions.end(first, reason="A new one follows.", actor=register.SYSTEM)
    second = grant(bot)
    assert list(exceptions.of([bot.pk], at=timezone.now())) == [second]


def test_what_has_ended_cannot_be_ended_and_an_end_has_a_reason(bot: ManagedIdentity) -> None:
    made = grant(bot)
    with pytest.raises(Invalid):
        exceptions.end(made, reason=" ", actor=register.SYSTEM)
    exceptions.end(made, reason="Done.", actor=register.SYSTEM)
    with pytest.raises(Conflict):
        exceptions.end(made, reason="Again.", actor=register.SYSTEM)


def test_it_ends_by_itself(bot: ManagedIdentity) -> None:
    made = grant(bot)
    assert exceptions.of([bot.pk], at=made.expires_at - timedelta(seconds=1), kind=KIND).exists()
    assert not exceptions.of([bot.pk], at=made.expires_at, kind=KIND).exists()
    assert not exceptions.is_live(made, made.expires_at)


def test_both_ends_are_recorded_on_the_identity(bot: ManagedIdentity) -> None:
    exceptions.end(grant(bot, ticket="OPS-7"), reason="Done.", actor=register.SYSTEM)
    events = AuditEvent.objects.filter(type__startswith="identity.exception").order_by("pk")
    assert [(event.type, event.reason) for event in events] == [
        (IdentityEvent.EXCEPTION_GRANTED, "The vendor needs a month."),
        (IdentityEvent.EXCEPTION_ENDED, "Done."),
    ]
    assert events[0].subject_id == str(bot.pk)
    assert events[0].details["ticket"] == "OPS-7"


SHARED = ExceptionKind.SHARED_IDENTITY


@pytest.fixture
def reader() -> ManagedIdentity:
    return register.identity(register.tenant(), risk_tier="low")


def share(to: ManagedIdentity, **facts: object) -> PolicyException:
    return grant(to, **{"kind": SHARED, "owner": register.person(to.tenant).email, **facts})


def test_a_shared_identity_needs_a_name_a_low_tier_reading_roles_and_a_near_end(reader: ManagedIdentity) -> None:
    stranger = register.person(register.tenant())
    for member, value in (
        ("owner", ""),
        ("owner", "nobody@example.com"),
        ("owner", str(stranger.pk)),
        ("expires_at", timezone.now() + 181 * DAY),
    ):
        with pytest.raises(Invalid) as refused:
            share(reader, **{member: value})
        assert refused.value.errors.keys() == {member}
    ManagedIdentity.objects.filter(pk=reader.pk).update(risk_tier="medium")
    with pytest.raises(Invalid) as refused:
        share(reader)
    assert refused.value.errors.keys() == {"kind"}
    ManagedIdentity.objects.filter(pk=reader.pk).update(risk_tier="low")
    register.grant(reader, "run.read", "schedule.write")
    with pytest.raises(Invalid) as refused:
        share(reader)
    assert "schedule.write" in refused.value.errors["kind"][0]


def test_who_merely_reads_may_be_shared_and_both_kinds_live_together(reader: ManagedIdentity) -> None:
    register.grant(reader, "run.read")
    made, other = share(reader), grant(reader)
    assert made.owner_label
    assert set(exceptions.of([reader.pk], at=timezone.now())) == {made, other}


def test_the_owner_is_whoever_grants_it_unless_a_name_is_given(bot: ManagedIdentity) -> None:
    admin, other = register.person(bot.tenant), register.person(bot.tenant)
    given = {"kind": KIND, "reason": "x", "expires_at": timezone.now() + DAY, "actor": actor_of(admin)}
    first = exceptions.grant(bot, **given)  # type: ignore[arg-type]
    assert first.owner == admin
    second = exceptions.renew(
        first, reason="y", expires_at=timezone.now() + 2 * DAY, owner=other.email, actor=actor_of(admin)
    )
    assert second.owner == other
    assert grant(register.identity(bot.tenant)).owner is None


def test_a_renewal_is_a_row_of_its_own_and_ends_the_old_one(bot: ManagedIdentity) -> None:
    first = grant(bot)
    with pytest.raises(Invalid):
        exceptions.renew(first, reason=" ", expires_at=timezone.now() + DAY, actor=register.SYSTEM)
    second = exceptions.renew(first, reason="Again", expires_at=timezone.now() + DAY, actor=register.SYSTEM)
    first.refresh_from_db()
    assert first.ended_at is not None
    assert second.renews == first
    assert list(exceptions.of([bot.pk], at=timezone.now())) == [second]
    with pytest.raises(Conflict):
        exceptions.renew(first, reason="Twice", expires_at=timezone.now() + DAY, actor=register.SYSTEM)


def test_what_is_renewed_meets_its_terms_anew(reader: ManagedIdentity) -> None:
    made = share(reader)
    ManagedIdentity.objects.filter(pk=reader.pk).update(risk_tier="high")
    with pytest.raises(Invalid):
        exceptions.renew(made, reason="x", expires_at=timezone.now() + DAY, actor=register.SYSTEM)
    made.refresh_from_db()
    assert made.ended_at is None


def test_whoever_ended_while_everybody_slept_is_looked_at_again(bot: ManagedIdentity) -> None:
    made, at = grant(bot), timezone.now()
    ManagedIdentity.objects.filter(pk=bot.pk).update(assessed_at=at, reassess_at=None)
    exceptions.look_again(at, at + DAY)
    bot.refresh_from_db()
    assert bot.reassess_at is None
    exceptions.look_again(made.expires_at - DAY, made.expires_at + DAY)
    bot.refresh_from_db()
    assert bot.reassess_at is not None
