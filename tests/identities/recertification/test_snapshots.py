"""Certificates: of a state, sealed, by a person, one in force for each identity."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from identities.errors import Conflict, Refused
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.portrait import base as portraits
from identities.lifecycle import services as lifecycle
from identities.people.actors import actor_of
from identities.people.models import Tenant
from identities.recertification import snapshots
from identities.recertification.models import CertifiedSnapshot
from identities.vaults.sealed_box import CannotOpen
from tests.factories import register
from tests.factories.keys import A, B, process
from tests.identities.recertification import questions

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")
DAY = timedelta(days=1)


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def person(tenant: Tenant) -> Actor:
    return actor_of(register.person(tenant))


@pytest.fixture
def bot(tenant: Tenant) -> ManagedIdentity:
    return register.identity(tenant, technical_owner=str(register.person(tenant).pk))


def certify(bot: ManagedIdentity, actor: Actor, *, days: int = 90, asks: tuple[str, ...] = ()) -> CertifiedSnapshot:
    campaign = questions.campaign(bot.tenant, due_at=timezone.now() + DAY)
    item = questions.item(campaign, bot, asks=list(asks))
    made = snapshots.certify(item, actor=actor, until=timezone.now() + days * DAY)
    type(item).objects.filter(pk=item.pk).update(state="decided")
    bot.refresh_from_db()
    return made


@pytest.mark.parametrize("kind", [ActorKind.SYSTEM, ActorKind.IDENTITY, ActorKind.SERVICE_USER])
def test_no_machine_certifies(bot: ManagedIdentity, kind: ActorKind):
    with pytest.raises(Refused) as refused:
        certify(bot, Actor(kind=kind, id="x", label="x"))
    assert refused.value.code == "not_a_person"


def test_nothing_in_production_is_certified_that_nobody_owns(tenant: Tenant, person: Actor):
    with pytest.raises(Conflict) as refused:
        certify(register.identity(tenant), person)
    assert refused.value.code == "no_owner"
    made = certify(register.identity(tenant, environment="sandbox"), person)
    assert made.certified_by == person.label


def test_nothing_retired_is_certified(bot: ManagedIdentity, person: Actor):
    lifecycle.retire(bot, reason="x", actor=SYSTEM)
    with pytest.raises(Conflict) as refused:
        certify(bot, person)
    assert refused.value.code == "identity_retired"


def test_every_part_is_kept_with_its_hash_and_the_row_says_until_when(bot: ManagedIdentity, person: Actor):
    made = CertifiedSnapshot.objects.get(pk=certify(bot, person).pk)
    assert set(made.parts) == set(portraits.kinds)
    assert {kind: part["content"] for kind, part in made.parts.items()} == portraits.portrait(bot)
    assert bot.certified_until == made.certified_until
    event = AuditEvent.objects.get(subject_id=str(bot.pk), type="identity.certified")
    assert event.details["snapshot_sha256"] == made.digest


def test_its_day_of_review_moves_along(bot: ManagedIdentity, person: Actor):
    inventory.change(bot, facts={"review_by": timezone.now().date()}, actor=SYSTEM)
    made = certify(bot, person)
    assert bot.review_by == made.certified_until.date()


def test_the_seal_holds_and_no_stroke_can_be_altered(bot: ManagedIdentity, person: Actor):
    key = certify(bot, person).pk
    assert snapshots.is_intact(CertifiedSnapshot.objects.get(pk=key))
    altered = {
        "certified_by": "somebody@else.example",
        "certified_until": timezone.now() + 1000 * DAY,
        "digest": "0" * 64,
        "seal": "0" * 64,
    }
    for name, value in altered.items():
        made = CertifiedSnapshot.objects.get(pk=key)
        setattr(made, name, value)
        assert not snapshots.is_intact(made), name


def test_a_part_altered_or_taken_out_breaks_the_seal(bot: ManagedIdentity, person: Actor):
    key = certify(bot, person).pk
    altered, rehashed, without = (CertifiedSnapshot.objects.get(pk=key) for _ in range(3))
    altered.parts["place"]["content"]["environment"] = "sandbox"
    rehashed.parts["place"] = {"hash": portraits.digest({}), "content": {}}
    del without.parts["owners"]
    assert not any(map(snapshots.is_intact, (altered, rehashed, without)))


def test_certified_again_the_former_certificate_ends(bot: ManagedIdentity, person: Actor):
    first, second = certify(bot, person), certify(bot, person, days=30)
    first.refresh_from_db()
    assert first.ended_at is not None
    assert snapshots.in_force(bot.pk) == second


def test_asked_about_one_part_only_that_part_is_certified_anew(bot: ManagedIdentity, person: Actor):
    first = certify(bot, person)
    inventory.change(bot, facts={"environment": "staging"}, actor=SYSTEM)
    second = certify(bot, person, days=400, asks=("place",))
    assert second.parts["place"] != first.parts["place"]
    assert second.parts["owners"] == first.parts["owners"]
    # An answer about a part prolongs nothing.
    assert second.certified_until == first.certified_until == bot.certified_until
    assert second.drifted == {}


def test_a_part_that_nobody_was_asked_about_stays_drifted(bot: ManagedIdentity, person: Actor):
    certify(bot, person)
    facts = {"environment": "staging", "upstream_trust_source": "another"}
    inventory.change(bot, facts=facts, actor=SYSTEM)
    second = certify(bot, person, asks=("place",))
    assert set(second.drifted) == {"trust"}
    assert bot.certified_until is not None
    assert bot.certified_until <= timezone.now()


def test_ended_nothing_counts_any_more(bot: ManagedIdentity, person: Actor):
    certify(bot, person)
    assert snapshots.end(bot, reason="x", at=timezone.now())
    bot.refresh_from_db()
    assert (bot.certified_until, snapshots.in_force(bot.pk)) == (None, None)
    assert not snapshots.end(bot, reason="x", at=timezone.now())


def test_a_certificate_of_the_former_key_is_proven_and_sealed_anew(bot: ManagedIdentity, person: Actor):
    with process(A):
        made = certify(bot, person)
    with process(B):
        assert not snapshots.is_intact(made)
        with pytest.raises(CannotOpen):
            snapshots.renewed_seal(made)
    with process(B, A):
        assert snapshots.is_intact(made)
        seal = snapshots.renewed_seal(made)
        assert seal is not None
        made.seal = seal
        assert snapshots.renewed_seal(made) is None
    with process(B):
        assert snapshots.is_intact(made)


def test_a_certificate_that_was_altered_is_not_made_whole_by_a_new_seal(bot: ManagedIdentity, person: Actor):
    with process(A):
        made = certify(bot, person)
    made.certified_until += DAY
    with process(B, A), pytest.raises(CannotOpen):
        snapshots.renewed_seal(made)
