"""Exceptions: for a reason, until a day, and over by themselves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.errors import Conflict, Invalid
from identities.events import IdentityEvent
from identities.inventory import exceptions, services as inventory
from identities.inventory.models import ExceptionKind, ManagedIdentity, PolicyException
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
