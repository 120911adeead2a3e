"""Drift: what changed is not certified any more and asked about again; nothing else is, and the way back is open."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.access import services as access
from identities.credentials import services as credentials
from identities.errors import Refused
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.people.actors import actor_of
from identities.people.models import Notice, Tenant
from identities.recertification import decisions, snapshots
from identities.recertification.models import CertifiedSnapshot, ItemState, ReviewCampaign, ReviewItem
from tests.factories import register
from tests.identities.recertification import questions
from tests.identities.recertification.test_snapshots import certify

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def bot(tenant: Tenant) -> ManagedIdentity:
    made = register.identity(tenant, technical_owner=str(register.person(tenant).pk))
    certify(made, actor_of(register.person(tenant)))
    return made


def change(bot: ManagedIdentity, **facts: object) -> None:
    inventory.change(bot, facts=facts, actor=SYSTEM)
    bot.refresh_from_db()


def is_certified(bot: ManagedIdentity) -> bool:
    return bot.certified_until is not None and bot.certified_until > timezone.now()


def asked(bot: ManagedIdentity) -> list[list[str]]:
    rows = ReviewItem.objects.filter(identity=bot, state=ItemState.OPEN, campaign__is_drift=True)
    return [item.asks for item in rows]


def test_what_belongs_to_no_part_is_no_drift(bot: ManagedIdentity):
    change(bot, description="Another word", tags={"a": "b"})
    assert is_certified(bot)
    assert asked(bot) == []


def test_neither_use_nor_a_new_secret_in_place_of_the_old_is_drift(bot: ManagedIdentity, tenant: Tenant):
    credentials.issue(bot, actor=SYSTEM)
    certify(bot, actor_of(register.person(tenant)))
    credentials.rotate(bot, actor=SYSTEM) if hasattr(credentials, "rotate") else None
    ManagedIdentity.objects.filter(pk=bot.pk).update(last_used_at=timezone.now())
    bot.refresh_from_db()
    assert is_certified(bot)


def test_one_that_nobody_certified_does_not_drift(tenant: Tenant):
    bot = register.identity(tenant)
    change(bot, environment="staging")
    assert (asked(bot), ReviewCampaign.objects.count()) == ([], 0)


def test_what_changed_is_not_certified_from_that_moment_and_asked_about_alone(bot: ManagedIdentity):
    change(bot, environment="staging")
    assert not is_certified(bot)
    assert asked(bot) == [["place"]]
    assert list(CertifiedSnapshot.objects.get(identity=bot).drifted) == ["place"]
    event = AuditEvent.objects.get(subject_id=str(bot.pk), type="identity.drifted")
    assert event.details["parts"] == ["place"]
    reviewer = bot.technical_owner
    assert Notice.objects.filter(person=reviewer, kind="review_asked", done_at=None).count() == 1


def test_a_second_change_grows_the_question_and_makes_no_other(bot: ManagedIdentity):
    change(bot, environment="staging")
    change(bot, upstream_trust_source="another")
    assert asked(bot) == [["place", "trust"]]
    change(bot, environment="development")
    assert asked(bot) == [["place", "trust"]]


def test_a_new_role_is_drift(bot: ManagedIdentity, tenant: Tenant):
    role, until = register.role(tenant, "run.read"), timezone.now() + timedelta(days=5)
    access.grant(bot, role, valid_until=until, reason="x", actor=SYSTEM)
    bot.refresh_from_db()
    assert asked(bot) == [["bindings"]]
    assert not is_certified(bot)


def test_changed_back_it_is_certified_as_before_and_nobody_is_asked(bot: ManagedIdentity):
    until = bot.certified_until
    change(bot, environment="staging")
    change(bot, upstream_trust_source="another")
    change(bot, environment="production")
    assert (asked(bot), is_certified(bot)) == ([["trust"]], False)
    change(bot, upstream_trust_source="")
    assert (asked(bot), bot.certified_until) == ([], until)
    assert ReviewItem.objects.get(identity=bot, campaign__is_drift=True).state == ItemState.DROPPED
    assert not Notice.objects.filter(kind="review_asked", done_at=None).exists()


def test_answered_it_is_certified_again_to_the_old_day(bot: ManagedIdentity):
    until = bot.certified_until
    change(bot, environment="staging")
    item = ReviewItem.objects.get(identity=bot, state=ItemState.OPEN, campaign__is_drift=True)
    assert item.reviewer is not None
    decisions.decide(item, decision="certify", reason="It moved", actor=actor_of(item.reviewer))
    bot.refresh_from_db()
    assert bot.certified_until == until
    assert asked(bot) == []


def test_a_certificate_past_its_day_does_not_drift(bot: ManagedIdentity):
    past = timezone.now() - timedelta(seconds=1)
    CertifiedSnapshot.objects.filter(identity=bot).update(certified_until=past)
    ManagedIdentity.objects.filter(pk=bot.pk).update(certified_until=past)
    bot.refresh_from_db()
    change(bot, environment="staging")
    assert asked(bot) == []


def test_the_end_of_an_identity_is_no_drift(bot: ManagedIdentity, tenant: Tenant):
    role, until = register.role(tenant, "run.read"), timezone.now() + timedelta(days=5)
    access.grant(bot, role, valid_until=until, reason="x", actor=SYSTEM)
    snapshots.certify(
        questions.item(questions.campaign(tenant, due_at=until), bot),
        actor=actor_of(register.person(tenant)),
        until=until,
    )
    lifecycle.retire(bot, reason="x", actor=SYSTEM)
    assert not AuditEvent.objects.filter(type="identity.drifted", details__parts=["secrets"]).exists()


def test_the_campaign_is_the_tenants_own(bot: ManagedIdentity):
    stranger = register.tenant()
    other = register.identity(stranger, technical_owner=str(register.person(stranger).pk))
    certify(other, actor_of(register.person(stranger)))
    change(bot, environment="staging")
    change(other, environment="staging")
    assert ReviewCampaign.objects.filter(is_drift=True).values("tenant").distinct().count() == 2


def test_who_changed_it_is_not_asked_about_it_and_does_not_certify_it(tenant: Tenant):
    owner, deputy = register.person(tenant), register.person(tenant)
    bot = register.identity(tenant, technical_owner=str(owner.pk), deputy_owner=str(deputy.pk))
    certify(bot, actor_of(deputy))
    inventory.change(bot, facts={"environment": "staging"}, actor=actor_of(owner))
    item = ReviewItem.objects.get(identity=bot, state=ItemState.OPEN, campaign__is_drift=True)
    assert item.reviewer == deputy
    ReviewItem.objects.filter(pk=item.pk).update(reviewer=owner)
    with pytest.raises(Refused) as refused:
        decisions.decide(item, decision="certify", reason="Fine", actor=actor_of(owner))
    assert refused.value.code == "not_your_item"
    ReviewItem.objects.filter(pk=item.pk).update(reviewer=deputy)
    inventory.change(bot, facts={"environment": "development"}, actor=actor_of(deputy))
    with pytest.raises(Refused):  # nor who changed it further
        decisions.decide(item, decision="certify", reason="Fine", actor=actor_of(deputy))
    assert not is_certified(ManagedIdentity.objects.get(pk=bot.pk))
    assert decisions.decide(item, decision="revoke", reason="Take it back", actor=actor_of(deputy)).decision == "revoke"
