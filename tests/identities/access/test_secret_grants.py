"""Grants of secrets: asked for, given, refused, extended, ended; and what is denied without one."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import given, strategies as st

from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from identities.access import secret_grants, secret_spans
from identities.access.models import GrantState, SecretGrant
from identities.access.secret_readers import Reader, Readers
from identities.errors import Conflict, Invalid, Refused
from identities.inventory import usage
from identities.lifecycle import services as lifecycle
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference
from tests.factories import people as cast, tokens as bots, vaults as made

DAY = timedelta(days=1)
PLACE = {"provider": "local", "vaultUri": "local://default", "secretName": "crm"}
ANN = Actor(ActorKind.PERSON, str(uuid4()), "ann@example.com")
BOB = Actor(ActorKind.PERSON, str(uuid4()), "bob@example.com")


@pytest.fixture(autouse=True)
def _vault(db: None) -> None:
    vaults.ensure_default()
    usage.forget()


def asked(identity, by=ANN, **more):
    values = {"valid_until": timezone.now() + DAY, "reason": "the CRM sync", **more}
    return secret_grants.ask(identity, values.pop("reference", PLACE), **values, actor=by)


def granted(identity, by=ANN, **more):
    values = {"valid_until": timezone.now() + DAY, "reason": "the CRM sync", **more}
    return secret_grants.grant(identity, values.pop("reference", PLACE), **values, actor=by)


def check(identity, reference=PLACE, schedule_id=None, at=None, **more):
    return secret_grants.check(identity.pk, reference, schedule_id, at or timezone.now(), **more)


def may(identity, *args, **more):
    try:
        check(identity, *args, **more)
    except Refused:
        return False
    return True


def test_without_a_grant_nothing_is_read():
    with pytest.raises(Refused) as refused:
        check(bots.identity())
    assert refused.value.code == "secret_not_granted"
    assert "no grant" in refused.value.message
    assert "'crm' at local://default" in refused.value.message


def test_a_reference_that_is_none_is_invalid_not_granted():
    with pytest.raises(Invalid):
        check(bots.identity(), {"provider": "local"})


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_grant_without_a_reason_is_refused(reason):
    with pytest.raises(Invalid) as refused:
        granted(bots.identity(), reason=reason)
    assert list(refused.value.errors) == ["reason"]


@pytest.mark.parametrize("span", [-DAY, timedelta(0), 367 * DAY])
def test_an_end_that_is_past_or_more_than_a_year_away_is_refused(span):
    with pytest.raises(Invalid) as refused:
        granted(bots.identity(), valid_until=timezone.now() + span)
    assert list(refused.value.errors) == ["valid_until"]


@pytest.mark.parametrize(
    ("reference", "member"),
    [
        (PLACE | {"secretName": "../x"}, "secret_reference.secret_name"),
        (PLACE | {"vaultUri": "local://nowhere"}, "secret_reference.vault_uri"),
        (PLACE | {"provider": "shoebox"}, "secret_reference.provider"),
    ],
)
def test_a_place_that_no_connection_serves_is_refused(reference, member):
    with pytest.raises(Invalid) as refused:
        granted(bots.identity(), reference=reference)
    assert list(refused.value.errors) == [member]


def test_production_is_let_read_nothing_outside_of_productions_connections():
    tenant = cast.tenant()
    made.connection(of=tenant, uri="local://tests", environment="staging")
    with pytest.raises(Invalid):
        granted(bots.identity(of=tenant), reference=PLACE | {"vaultUri": "local://tests"})


def test_a_retired_identity_is_granted_nothing_and_loses_what_it_had():
    identity = bots.identity()
    grant = granted(identity)
    lifecycle.retire(identity, reason="gone", actor=cast.SYSTEM)
    grant.refresh_from_db()
    assert grant.ended_at
    assert not grant.is_superseded
    with pytest.raises(Conflict):
        granted(identity)


def test_a_machine_lets_nobody_read():
    identity = bots.identity()
    machine = Actor(ActorKind.IDENTITY, str(identity.pk), identity.name)
    with pytest.raises(Refused):
        granted(identity, by=machine)
    with pytest.raises(Refused):
        secret_grants.approve(asked(identity), reason="yes", actor=machine)


def test_a_grant_opens_its_own_place_to_its_own_reader_until_its_end():
    identity, other = bots.identity(), bots.identity()
    grant = granted(identity)
    assert check(identity) == grant.pk
    assert check(identity, PLACE | {"vaultUri": "LOCAL://default/", "version": "3"}) == grant.pk
    assert not may(identity, PLACE | {"secretName": "CRM"})
    assert not may(other)
    assert not may(identity, at=grant.valid_until)
    assert may(identity, schedule_id=uuid4())
    event = AuditEvent.objects.get(type="secret_grant.granted")
    assert (event.subject_kind, event.subject_id, event.reason) == ("secret_grant", str(grant.pk), "the CRM sync")
    assert event.details["reference"] == PLACE


def test_the_same_is_not_granted_or_asked_for_twice():
    identity = bots.identity()
    granted(identity)
    for again in (granted, asked):
        with pytest.raises(Conflict) as refused:
            again(identity)
        assert refused.value.code == "secret_grant_stands"
    other = bots.identity()
    asked(other)
    with pytest.raises(Conflict) as refused:
        asked(other)
    assert refused.value.code == "secret_grant_asked"


def test_what_is_only_asked_for_opens_nothing():
    identity = bots.identity()
    asked(identity)
    with pytest.raises(Refused) as refused:
        check(identity)
    assert "waits for a decision" in refused.value.message


def test_nobody_decides_what_they_asked_for():
    grant = asked(bots.identity())
    for decide in (secret_grants.approve, secret_grants.refuse):
        with pytest.raises(Refused) as refused:
            decide(grant, reason="fine", actor=ANN)
        assert refused.value.code == "own_request"


def test_somebody_else_gives_what_was_asked_for_with_another_end_if_they_like():
    identity = bots.identity()
    until = timezone.now() + 3 * DAY
    grant = secret_grants.approve(asked(identity), reason="needed", valid_until=until, actor=BOB)
    assert (grant.asked_by, grant.decided_by, grant.valid_until) == (ANN.label, BOB.label, until)
    assert may(identity)
    event = AuditEvent.objects.get(type="secret_grant.granted")
    assert event.changes == {"state": {"previous": "asked", "current": "granted"}}


def test_a_refusal_says_why_to_whoever_reads_next():
    identity = bots.identity()
    grant = secret_grants.refuse(asked(identity), reason="too wide", actor=BOB)
    assert grant.state == GrantState.REFUSED
    with pytest.raises(Refused) as refused:
        check(identity)
    assert "too wide" in refused.value.message
    assert asked(identity), "it may be asked for again"


def test_what_is_decided_is_not_decided_again():
    grant = secret_grants.refuse(asked(bots.identity()), reason="too wide", actor=BOB)
    for decide in (secret_grants.approve, secret_grants.refuse):
        with pytest.raises(Conflict):
            decide(grant, reason="after all", actor=BOB)


def test_what_was_asked_for_too_long_ago_needs_a_new_end():
    grant = asked(bots.identity())
    SecretGrant.objects.update(valid_until=timezone.now() - DAY)
    with pytest.raises(Invalid):
        secret_grants.approve(grant, reason="late", actor=BOB)


def test_an_ended_grant_opens_nothing_and_says_since_when_and_why():
    identity = bots.identity()
    grant = secret_grants.end(granted(identity), reason="moved away", actor=BOB)
    assert (grant.ended_by, grant.ended_reason) == (BOB.label, "moved away")
    with pytest.raises(Refused) as refused:
        check(identity, made_at=timezone.now() - DAY)
    assert "moved away" in refused.value.message
    with pytest.raises(Conflict):
        secret_grants.end(grant, reason="again", actor=BOB)
    assert granted(identity), "a new one may follow"


def test_what_was_asked_for_can_be_withdrawn():
    grant = secret_grants.end(asked(bots.identity()), reason="not needed", actor=ANN)
    with pytest.raises(Conflict):
        secret_grants.approve(grant, reason="late", actor=BOB)


def test_an_end_moves_only_later_and_only_while_the_grant_is_in_force():
    grant = granted(bots.identity())
    for until in (grant.valid_until, grant.valid_until - timedelta(hours=1)):
        with pytest.raises(Invalid):
            secret_grants.extend(grant, valid_until=until, reason="longer", actor=BOB)
    until = timezone.now() + 100 * DAY
    assert secret_grants.extend(grant, valid_until=until, reason="longer", actor=BOB).valid_until == until
    assert AuditEvent.objects.get(type="secret_grant.extended").changes["valid_until"]
    secret_grants.end(grant, reason="over", actor=BOB)
    with pytest.raises(Conflict):
        secret_grants.extend(grant, valid_until=until + DAY, reason="longer", actor=BOB)


def test_an_identity_reads_where_its_own_live_secret_rests_and_no_longer_than_that():
    tenant = cast.tenant()
    facts = {"name": "payer", "environment": "production", "purpose": "pays"}
    place = SecretReference.from_json(PLACE | {"secretName": "payer"})
    onboarded = lifecycle.onboard(tenant_id=tenant.pk, facts=facts, actor=ANN, store_secret_at=place)
    identity = onboarded.identity
    assert check(identity, place) is None
    assert not may(bots.identity(of=tenant), place), "whose it is not"
    [held] = secret_grants.references_of(identity)
    assert (held.is_own, held.grants, held.reference) == (True, (), place)
    assert secret_grants.readers_of(place, tenant.pk).own == (identity,)
    secret = onboarded.secret
    secret.revoked_at = timezone.now()
    secret.save()
    assert not may(identity, place)
    assert secret_grants.references_of(identity) == []


def test_a_reading_is_marked_on_the_grant_and_not_on_what_is_ones_own():
    identity = bots.identity()
    grant = granted(identity)
    secret_grants.note_read(check(identity))
    secret_grants.note_read(None)
    usage.flush()
    grant.refresh_from_db()
    assert grant.uses == 1
    assert grant.last_used_at


def test_readers_and_references_are_told_with_those_in_force_first():
    tenant = cast.tenant()
    one, two = bots.identity(of=tenant), bots.identity(of=tenant)
    ended = secret_grants.end(granted(one), reason="over", actor=BOB)
    stands, waits = granted(one), asked(two)
    granted(bots.identity())
    found = secret_grants.readers_of(PLACE, tenant.pk).grants
    assert set(found[:2]) == {stands, waits}
    assert found[2] == ended
    [held] = secret_grants.references_of(one)
    assert (held.grants, held.is_own, str(held.place)) == ((stands,), False, "local://default crm")
    assert secret_grants.references_of(two) == []


class OneSchedule(Readers):
    """Stands for what an app above registers."""

    kind = "test"
    reader: Reader | None = None

    def find(self, reader_id, tenant_ids):
        found = type(self).reader
        return found if found and found.id == reader_id and found.tenant_id in (tenant_ids or ()) else None


@pytest.fixture
def schedule_of(monkeypatch):
    def make(identity, **more):
        values = {"id": uuid4(), "label": "nightly", "tenant_id": identity.tenant_id, "identity_id": identity.pk}
        reader = Reader(**values, cadence=DAY, identity_ids=frozenset({identity.pk}), **more)
        monkeypatch.setattr(OneSchedule, "reader", reader)
        return reader

    yield make
    OneSchedule.reader = None


def test_a_grant_to_a_schedule_is_not_one_to_the_identity(schedule_of):
    identity = bots.identity()
    reader = schedule_of(identity)
    grant = granted(identity, schedule_id=reader.id)
    assert (grant.schedule_label, grant.cadence_seconds) == ("nightly", 86400)
    assert check(identity, schedule_id=reader.id) == grant.pk
    assert not may(identity)
    assert not may(identity, schedule_id=uuid4())
    own = granted(identity)
    assert check(identity, schedule_id=reader.id) == grant.pk, "the schedule's own comes first"
    assert check(identity) == own.pk


def test_a_schedule_that_acts_as_another_or_is_unknown_is_refused(schedule_of):
    identity = bots.identity()
    reader = schedule_of(bots.identity(of=identity.tenant))
    for schedule_id in (reader.id, uuid4()):
        with pytest.raises(Invalid) as refused:
            granted(identity, schedule_id=schedule_id)
        assert list(refused.value.errors) == ["schedule_id"]


def test_an_asking_of_a_schedule_that_is_gone_cannot_be_given(schedule_of):
    identity = bots.identity()
    grant = asked(identity, schedule_id=schedule_of(identity).id)
    OneSchedule.reader = None
    with pytest.raises(Conflict) as refused:
        secret_grants.approve(grant, reason="fine", actor=BOB)
    assert refused.value.code == "secret_grant_without_reader"


@given(st.datetimes(), st.timedeltas(-timedelta(days=3000), timedelta(days=3000)))
def test_the_usual_end_is_within_a_year_and_never_past(at, span):
    at = at.replace(year=2026, tzinfo=timezone.get_default_timezone())
    for expires_at in (None, at + span):
        until = secret_spans.usual(expires_at, at)
        assert secret_spans.check(until, at) == until
        assert until <= at + secret_spans.USUAL
        assert expires_at is None or until <= expires_at or expires_at <= at
