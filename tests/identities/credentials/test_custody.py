"""Who was shown a secret is kept, and found again when they leave."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials import custody, services as credentials
from identities.credentials.models import ClientSecret, SecretShowing
from identities.detections import sweeping
from identities.detections.models import Finding
from identities.events import CredentialEvent
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import secrets, services as lifecycle
from identities.people import services as people
from identities.people.actors import actor_of
from identities.people.models import User
from identities.vaults.references import SecretReference
from tests.factories import register

pytestmark = pytest.mark.django_db
LOCAL = SecretReference("local", "local://default", "payroll")


@pytest.fixture
def person() -> User:
    return register.person(register.tenant())


@pytest.fixture
def bot(person: User) -> ManagedIdentity:
    return register.identity(person.tenant)


def seen(person: User, bot: ManagedIdentity) -> ClientSecret:
    return secrets.issue_secret(bot, actor=actor_of(person)).secret


def test_what_went_into_a_vault_was_shown_to_nobody(person: User, bot: ManagedIdentity) -> None:
    secrets.issue_secret(bot, actor=actor_of(person), store_at=LOCAL)
    assert not SecretShowing.objects.exists()


def test_a_dead_secret_is_on_nobodys_list(person: User, bot: ManagedIdentity) -> None:
    secret = seen(person, bot)
    credentials.revoke(secret, reason="Replaced", actor=register.SYSTEM)
    assert not custody.live_secrets_seen_by(person, timezone.now()).exists()


def test_whoever_is_answered_a_text_is_kept_with_a_record(person: User, bot: ManagedIdentity) -> None:
    secret = seen(person, bot)
    assert list(custody.live_secrets_seen_by(person, timezone.now())) == [secret]
    assert [one.person for one in custody.shown_to([secret.pk])[secret.pk]] == [person]
    event = AuditEvent.objects.get(type=CredentialEvent.SHOWN)
    assert (event.actor_label, event.subject_id) == (person.email, str(secret.pk))


def test_a_second_look_is_one_row_and_two_records(person: User, bot: ManagedIdentity) -> None:
    secret = seen(person, bot)
    custody.note_shown(secret, actor=actor_of(person))
    assert SecretShowing.objects.count() == 1
    assert AuditEvent.objects.filter(type=CredentialEvent.SHOWN).count() == 2


def test_a_machine_or_a_command_that_was_answered_it_is_kept_by_name(bot: ManagedIdentity) -> None:
    secret = secrets.issue_secret(bot, actor=register.SYSTEM).secret
    showing = custody.shown_to([secret.pk])[secret.pk][0]
    assert (showing.person, showing.label) == (None, "tests")


def test_when_somebody_leaves_what_they_saw_is_judged_again(person: User, bot: ManagedIdentity) -> None:
    register.person(person.tenant)
    seen(person, bot)
    ManagedIdentity.objects.update(reassess_at=timezone.now() + timedelta(days=1))
    lifecycle.disable_person(person, reason="left", actor=register.SYSTEM)
    assert ManagedIdentity.objects.filter(pk=bot.pk, reassess_at__lte=timezone.now()).exists()


def test_a_leaver_who_saw_a_live_secret_is_a_finding_until_it_is_dead(person: User, bot: ManagedIdentity) -> None:
    register.person(person.tenant)
    secret = seen(person, bot)
    lifecycle.disable_person(person, reason="left", actor=register.SYSTEM)
    assert leavers_of(bot) == [str(secret.pk)]
    credentials.revoke(secret, reason="Replaced", actor=register.SYSTEM)
    assert leavers_of(bot) == []


def test_somebody_who_came_back_is_no_finding(person: User, bot: ManagedIdentity) -> None:
    register.person(person.tenant)
    seen(person, bot)
    lifecycle.disable_person(person, reason="left", actor=register.SYSTEM)
    people.enable_user(person, actor=register.SYSTEM)
    assert leavers_of(bot) == []


def leavers_of(bot: ManagedIdentity) -> list[str]:
    """The open findings of the rule after a sweep, by secret."""
    at = timezone.now()
    sweeping.evaluate([bot.pk], at=at)
    rows = Finding.objects.filter(identity=bot, code="NHI1-SHOWN-LEAVER", state="open")
    return [row.key for row in rows]
