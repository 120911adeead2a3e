"""Findings over time: opened, refreshed, resolved by themselves, back again; and what people do with them."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials.models import ClientKey, ClientSecret, ExternalCredential
from identities.detections import services as detections
from identities.detections.models import Finding, FindingState, Severity
from identities.errors import Conflict, Invalid
from identities.inventory.models import ManagedIdentity, TenantStandards
from identities.inventory.states import State
from identities.people.actors import actor_of
from tests.factories import client_keys, people, register, tokens
from tests.identities.detections.rules.cases import KEY_LIKE

pytestmark = pytest.mark.django_db
AT = timezone.now().replace(hour=12)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _noon():
    """Days are counted from the one this file was read on, and the suite may run past midnight."""
    with time_machine.travel(AT):
        yield


@pytest.fixture
def owner():
    return people.person(email="tess@example.com")


@pytest.fixture
def actor(owner):
    return actor_of(owner)


def bot(owner, **facts):
    """An identity that nothing speaks against, but for what is changed."""
    sound = {
        "technical_owner": owner,
        "technical_owner_label": owner.email,
        "auth_method": "mtls",
        "business_unit": "Finance",
        "application": "Payroll",
        "ticket": "SEC-1",
        "expires_at": AT + 400 * DAY,
    }
    return tokens.identity(of=owner.tenant, **{**sound, **facts})


def change(identity, **facts):
    ManagedIdentity.objects.filter(pk=identity.pk).update(**facts)


def finding(identity, code):
    return Finding.objects.get(identity=identity, code=code)


def events(identity):
    found = AuditEvent.objects.filter(type__startswith="finding.", details__identity_id=str(identity.pk)).order_by("id")
    return list(found.values_list("type", flat=True))


def accepted(identity, actor, *, days=10):
    detections.evaluate([identity.pk], at=AT)
    found = finding(identity, "HYGIENE-TAGS")
    return detections.accept(found, until=AT.date() + days * DAY, reason="Will be gone by then", actor=actor)


def test_nothing_is_found_where_nothing_is_wrong(owner):
    identity = bot(owner)
    assert detections.evaluate([identity.pk], at=AT).judged == 1
    assert not Finding.objects.exists()
    assert events(identity) == []


def test_a_finding_is_opened_with_its_evidence_and_owner(owner):
    identity = bot(owner, ticket="")
    result = detections.evaluate([identity.pk], at=AT)
    found = finding(identity, "HYGIENE-TAGS")
    assert (result.opened, found.state, found.severity) == (1, FindingState.OPEN, Severity.LOW)
    assert (found.evidence, found.category) == ("Missing: ticket.", "HYGIENE")
    assert (found.owner, found.tenant) == (owner, owner.tenant)
    assert found.first_seen_at == found.last_seen_at == found.opened_at == AT
    event = AuditEvent.objects.get(type="finding.opened")
    assert (event.actor_kind, event.tenant_id) == ("system", owner.tenant_id)
    assert event.subject_label == f"HYGIENE-TAGS on {identity.name}"


def test_what_is_seen_again_is_refreshed_and_not_told_again(owner):
    identity = bot(owner, ticket="")
    detections.evaluate([identity.pk], at=AT)
    change(identity, application="")
    result = detections.evaluate([identity.pk], at=AT + DAY)
    found = finding(identity, "HYGIENE-TAGS")
    assert (result.opened, result.reopened, result.resolved) == (0, 0, 0)
    assert (found.evidence, found.first_seen_at, found.last_seen_at) == ("Missing: application, ticket.", AT, AT + DAY)
    assert events(identity) == ["finding.opened"]


def test_it_resolves_by_itself_and_opens_again_on_the_same_row(owner):
    identity = bot(owner, ticket="")
    detections.evaluate([identity.pk], at=AT)
    change(identity, ticket="SEC-1")
    assert detections.evaluate([identity.pk], at=AT + DAY).resolved == 1
    found = finding(identity, "HYGIENE-TAGS")
    assert (found.state, found.resolved_at, found.last_seen_at) == (FindingState.RESOLVED, AT + DAY, AT)
    change(identity, ticket="")
    assert detections.evaluate([identity.pk], at=AT + 2 * DAY).reopened == 1
    again = finding(identity, "HYGIENE-TAGS")
    assert (again.pk, again.state, again.resolved_at) == (found.pk, FindingState.OPEN, None)
    assert (again.first_seen_at, again.opened_at) == (AT, AT + 2 * DAY)
    assert events(identity) == ["finding.opened", "finding.resolved", "finding.reopened"]


def test_a_retired_identity_has_no_open_findings(owner, actor):
    identity = bot(owner, ticket="")
    accepted(identity, actor)
    change(identity, state=State.RETIRED.value)
    detections.evaluate([identity.pk], at=AT + DAY)
    assert {found.state for found in Finding.objects.all()} == {FindingState.RESOLVED}


def test_a_merged_row_and_an_unknown_id_have_none_either(owner):
    identity, other = bot(owner, ticket=""), bot(owner)
    detections.evaluate([identity.pk], at=AT)
    change(identity, merged_into=other)
    assert detections.evaluate([identity.pk, owner.pk], at=AT + DAY).judged == 0
    assert finding(identity, "HYGIENE-TAGS").state == FindingState.RESOLVED


def test_each_credential_is_a_finding_of_its_own(owner):
    identity = bot(owner)
    keys = [
        ExternalCredential.objects.create(
            identity=identity, kind="access_key", source="aws/1", external_id=name, created_at=AT - 400 * DAY
        )
        for name in ("AKIA1", "AKIA2")
    ]
    detections.evaluate([identity.pk], at=AT)
    assert {found.key for found in Finding.objects.filter(code="NHI7-AGE")} == {str(key.pk) for key in keys}
    ExternalCredential.objects.filter(pk=keys[0].pk).update(gone_at=AT)
    detections.evaluate([identity.pk], at=AT + DAY)
    states = {found.key: found.state for found in Finding.objects.filter(code="NHI7-AGE")}
    assert states == {str(keys[0].pk): FindingState.RESOLVED, str(keys[1].pk): FindingState.OPEN}


def test_our_own_secrets_are_judged_by_their_rotation_date(owner):
    identity = bot(owner)
    secret = ClientSecret.objects.create(identity=identity, digest="x", hint="abcd", rotate_by=AT + DAY)
    detections.evaluate([identity.pk], at=AT)
    assert not Finding.objects.filter(code="NHI7-AGE").exists()
    detections.evaluate([identity.pk], at=AT + 2 * DAY)
    assert Finding.objects.get(code="NHI7-AGE").key == str(secret.pk)


def test_a_place_that_several_share_is_found_within_a_tenant_only(owner):
    here, beside, stranger = bot(owner), bot(owner), bot(people.person())
    change(beside, environment="staging")
    for identity in (here, beside, stranger):
        ExternalCredential.objects.create(
            identity=identity, kind="stored_secret", source="v/1", external_id="x", stored_at="kv/key", created_at=AT
        )
    for identity in (here, stranger):
        detections.evaluate([identity.pk], at=AT)
    assert finding(here, "NHI9-SECRET").details["identityIds"] == [str(beside.pk)]
    assert "staging" in finding(here, "NHI8-PLACE").evidence
    assert not Finding.objects.filter(identity=stranger).exists()


@pytest.mark.parametrize(("place", "is_shared"), [("Secret default/token", False), ("arn:aws:s:::x", True)])
def test_a_place_that_only_one_source_knows_is_not_shared_with_another_source(owner, place, is_shared):
    here, elsewhere = bot(owner), bot(owner)
    for identity, source in ((here, "kubernetes/c1"), (elsewhere, "kubernetes/c2")):
        ExternalCredential.objects.create(
            identity=identity, kind="stored_secret", source=source, external_id="x", stored_at=place, created_at=AT
        )
    detections.evaluate([here.pk], at=AT)
    assert Finding.objects.filter(identity=here, code="NHI9-SECRET").exists() is is_shared


def test_secrets_of_ours_that_rest_in_one_place_are_found_whatever_their_version(owner):
    here, beside = bot(owner), bot(owner)
    for number, identity in enumerate((here, beside)):
        place = {"provider": "local", "vaultUri": "local://default", "secretName": "pay/key", "version": str(number)}
        ClientSecret.objects.create(
            identity=identity, digest=str(number), hint="abcd", rotate_by=AT + 9 * DAY, stored_at=place
        )
    detections.evaluate([here.pk], at=AT)
    assert (
        finding(here, "NHI9-SECRET").evidence == f"Its secret in local://default/pay/key is also that of {beside.name}."
    )


def test_a_persons_address_as_a_name_is_found(owner):
    person = people.person(of=owner.tenant, email="ann@example.com")
    identity, foreign = bot(owner, name="Ann@example.com"), bot(people.person(), name="ann@example.com")
    detections.evaluate([identity.pk, foreign.pk], at=AT)
    assert person.email in finding(identity, "NHI10-PERSONAL").evidence
    assert not Finding.objects.filter(identity=foreign).exists()


def test_a_team_with_somebody_in_it_answers(owner):
    empty, full = people.team(of=owner.tenant), people.team(people.person(of=owner.tenant), of=owner.tenant)
    nobody = {"technical_owner": None, "technical_owner_label": ""}
    lost, held = bot(owner, owner_team=empty, **nobody), bot(owner, owner_team=full, **nobody)
    detections.evaluate([lost.pk, held.pk], at=AT)
    assert [found.identity_id for found in Finding.objects.filter(code="NHI1-ORPHAN")] == [lost.pk]


def test_the_policy_of_the_tenant_is_what_is_enforced(owner):
    TenantStandards.objects.create(tenant=owner.tenant, rules={"naming": {"workload": "app-[a-z]+"}})
    ours, theirs = bot(owner), bot(people.person())
    detections.evaluate([ours.pk, theirs.pk], at=AT)
    assert [found.identity_id for found in Finding.objects.filter(code="HYGIENE-NAME")] == [ours.pk]


def test_roles_that_nothing_needs_are_found(owner):
    identity = bot(owner)
    tokens.grant(identity, "run.read")
    identity.bindings.update(valid_from=AT - 200 * DAY, valid_until=AT + 200 * DAY)
    detections.evaluate([identity.pk], at=AT)
    assert finding(identity, "NHI5-UNUSED").key == str(identity.bindings.get().pk)


def test_the_owner_follows_the_identity_until_somebody_is_assigned(owner, actor):
    identity = bot(owner, ticket="")
    detections.evaluate([identity.pk], at=AT)
    second, third = people.person(of=owner.tenant), people.person(of=owner.tenant)
    change(identity, technical_owner=second)
    detections.evaluate([identity.pk], at=AT + DAY)
    assert finding(identity, "HYGIENE-TAGS").owner == second
    detections.assign(finding(identity, "HYGIENE-TAGS"), owner_id=third.pk, actor=actor)
    detections.evaluate([identity.pk], at=AT + 2 * DAY)
    assert finding(identity, "HYGIENE-TAGS").owner == third
    detections.assign(finding(identity, "HYGIENE-TAGS"), owner_id=None, actor=actor)
    assert finding(identity, "HYGIENE-TAGS").owner == second


def test_an_owner_whose_account_is_disabled_owns_no_finding(owner):
    left = people.person(of=owner.tenant, is_active=False)
    identity = bot(owner, ticket="", technical_owner=left, business_owner=owner, business_owner_label=owner.email)
    detections.evaluate([identity.pk], at=AT)
    assert finding(identity, "HYGIENE-TAGS").owner == owner


def test_a_key_of_ours_that_is_overdue_is_found_as_a_secret_is(owner):
    identity = bot(owner)
    made = client_keys.signing(of=identity).key
    ClientKey.objects.filter(pk=made.pk).update(created_at=AT - 200 * DAY, rotate_by=AT - DAY)
    detections.evaluate([identity.pk], at=AT)
    found = finding(identity, "NHI7-AGE")
    assert found.details["credentialId"] == str(made.pk)
    assert found.evidence.startswith(f"Its public key {made.kid} dates from")


def test_many_identities_cost_as_many_queries_as_few(owner):
    identities = [bot(owner, ticket="").pk for _ in range(30)]
    with CaptureQueriesContext(connection) as few:
        detections.evaluate(identities[:2], at=AT)
    detections.evaluate(identities, at=AT)
    with CaptureQueriesContext(connection) as many:
        detections.evaluate(identities, at=AT + DAY)
    assert len(many) <= len(few) <= 19


# What people do


def test_an_acceptance_holds_until_its_day_is_over_and_then_it_opens_again(owner, actor):
    identity = bot(owner, ticket="")
    found = accepted(identity, actor, days=10)
    assert (found.state, found.accepted_by) == (FindingState.ACCEPTED, owner.email)
    detections.evaluate([identity.pk], at=AT + 9 * DAY)
    assert finding(identity, "HYGIENE-TAGS").state == FindingState.ACCEPTED
    detections.evaluate([identity.pk], at=AT + 11 * DAY)
    again = finding(identity, "HYGIENE-TAGS")
    assert (again.state, again.accepted_until, again.accepted_reason) == (FindingState.OPEN, None, "")
    assert events(identity) == ["finding.opened", "finding.accepted", "finding.reopened"]


@pytest.mark.parametrize("days", [-1, 366])
def test_nobody_accepts_for_the_past_or_for_ever(owner, actor, days):
    with pytest.raises(Invalid) as error:
        accepted(bot(owner, ticket=""), actor, days=days)
    assert set(error.value.errors) == {"until"}


def test_the_worse_it_is_the_shorter_it_may_be_accepted(owner, actor):
    identity = bot(owner, auth_method="human_shared_admin")
    detections.evaluate([identity.pk], at=AT)
    found = finding(identity, "NHI10-SHARED-ADMIN")
    with pytest.raises(Invalid):
        detections.accept(found, until=AT.date() + 31 * DAY, reason="Later", actor=actor)
    detections.accept(found, until=AT.date() + 20 * DAY, reason="Later", actor=actor)


@pytest.mark.parametrize("reason", ["", " ", "x" * 501, f"the key is {KEY_LIKE}"])
def test_an_acceptance_says_why_and_holds_no_secret(owner, actor, reason):
    identity = bot(owner, ticket="")
    detections.evaluate([identity.pk], at=AT)
    with pytest.raises(Invalid):
        detections.accept(finding(identity, "HYGIENE-TAGS"), until=AT.date() + DAY, reason=reason, actor=actor)
    assert finding(identity, "HYGIENE-TAGS").state == FindingState.OPEN


def test_what_is_resolved_is_neither_accepted_nor_reopened(owner, actor):
    identity = bot(owner, ticket="")
    detections.evaluate([identity.pk], at=AT)
    change(identity, ticket="SEC-1")
    detections.evaluate([identity.pk], at=AT)
    found = finding(identity, "HYGIENE-TAGS")
    with pytest.raises(Conflict):
        detections.accept(found, until=AT.date() + DAY, reason="x", actor=actor)
    with pytest.raises(Conflict):
        detections.reopen(found, reason="x", actor=actor)


def test_an_acceptance_is_taken_back(owner, actor):
    found = accepted(bot(owner, ticket=""), actor)
    detections.reopen(found, reason="It cannot wait", actor=actor)
    found.refresh_from_db()
    assert (found.state, found.accepted_until, found.accepted_by) == (FindingState.OPEN, None, "")
    event = AuditEvent.objects.get(type="finding.reopened")
    assert (event.reason, event.actor_label) == ("It cannot wait", owner.email)
    assert event.changes["state"] == {"previous": "accepted", "current": "open"}


def test_a_comment_is_kept_and_recorded(owner, actor):
    identity = bot(owner, ticket="")
    detections.evaluate([identity.pk], at=AT)
    said = detections.comment(finding(identity, "HYGIENE-TAGS"), text=" Asked the team. ", actor=actor)
    assert (said.text, said.author) == ("Asked the team.", owner.email)
    assert AuditEvent.objects.get(type="finding.commented").reason == "Asked the team."
    with pytest.raises(Invalid):
        detections.comment(said.finding, text=KEY_LIKE, actor=actor)


def test_a_finding_is_assigned_to_people_of_the_tenant_only(owner, actor):
    identity = bot(owner, ticket="")
    detections.evaluate([identity.pk], at=AT)
    found = finding(identity, "HYGIENE-TAGS")
    for nobody in (people.person(), people.agent(of=owner.tenant), people.person(of=owner.tenant, is_active=False)):
        with pytest.raises(Invalid) as error:
            detections.assign(found, owner_id=nobody.pk, actor=actor)
        assert error.value.errors == {"owner_id": ["There is no such person."]}
    somebody = people.person(of=owner.tenant)
    detections.assign(found, owner_id=somebody.pk, reason="Yours", actor=actor)
    event = AuditEvent.objects.get(type="finding.assigned")
    assert event.changes["owner"] == {"previous": owner.email, "current": somebody.email}


def test_being_assigned_to_whom_it_followed_is_recorded_too(owner, actor):
    identity = bot(owner, ticket="")
    detections.evaluate([identity.pk], at=AT)
    detections.assign(finding(identity, "HYGIENE-TAGS"), owner_id=owner.pk, actor=actor)
    assert AuditEvent.objects.get(type="finding.assigned").changes == {
        "is_assigned": {"previous": False, "current": True}
    }


def test_the_register_itself_makes_identities_that_can_be_judged(owner):
    identity = register.identity(owner.tenant)
    detections.evaluate([identity.pk], at=AT)
    assert finding(identity, "NHI1-ORPHAN").severity == Severity.HIGH
