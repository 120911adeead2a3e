"""What the rooms of identities know of an identity's dependencies, each with its evidence and when it was last seen."""

from datetime import timedelta

import pytest
from django.utils import timezone

from identities.access.models import RoleBinding
from identities.credentials.models import ClientSecret, ExternalCredential
from identities.inventory.dependencies.base import Dependency, Direction, dependencies_of
from identities.inventory.models import ManagedIdentity
from identities.policies.models import AuthorizationDecision
from identities.tokens.models import IssuedToken
from scheduling.models import Schedule
from tests.factories import runs, tokens

pytestmark = pytest.mark.django_db

REFERENCE = {"provider": "local", "vaultUri": "local://default", "secretName": "shared"}


def of_kind(identity, kind) -> list[Dependency]:
    return [found for found in dependencies_of(identity) if found.kind == kind]


def secret(of, digest, **facts):
    values = {"digest": digest, "hint": "abcd", "rotate_by": timezone.now(), "stored_at": REFERENCE}
    return ClientSecret.objects.create(identity=of, **(values | facts))


def decide(about, *, resource="wf-payroll", outcome="allow", at=None):
    AuthorizationDecision.objects.create(
        tenant_id=about.tenant_id, actor_kind="identity", actor_id=str(about.pk), permission="workflow.execute",
        resource_kind="workflow", resource_id=resource, outcome=outcome, at=at or timezone.now(), stage="guard",
    )  # fmt: skip


def test_nothing_is_told_of_an_identity_that_is_joined_to_nothing():
    assert dependencies_of(tokens.identity()) == []


def test_what_is_stated_is_told_with_who_stated_it():
    bot = tokens.identity(
        upstream_trust_source="ci.example.com subject=repo:a/b",
        upstream_dependencies=["ledger database"],
        downstream_systems=["mail relay"],
        provenance={"downstream_systems": {"origin": "imported", "source": "aws/1"}},
    )
    found = {one.label: one for one in dependencies_of(bot)}
    assert found["mail relay"].evidence == "Stated by aws/1"
    assert found["ledger database"].evidence == "Stated in the register"
    assert [found[name].direction for name in ("mail relay", "ledger database", "ci.example.com subject=repo:a/b")] == [
        Direction.DOWNSTREAM, Direction.UPSTREAM, Direction.UPSTREAM,
    ]  # fmt: skip


def test_roles_that_stand_are_told_with_their_reason_and_ended_ones_are_not():
    bot = tokens.identity()
    role = tokens.grant(bot, "workflow.execute", name="runner")
    used = timezone.now() - timedelta(hours=1)
    RoleBinding.objects.filter(identity=bot).update(last_used_at=used, reason="Payroll runs as it")
    (found,) = of_kind(bot, "role")
    assert (found.id, found.last_seen_at) == (str(role.pk), used)
    assert "Payroll runs as it" in found.evidence
    assert "workflow.execute" in found.detail
    RoleBinding.objects.filter(identity=bot).update(ended_at=timezone.now())
    assert of_kind(bot, "role") == []


def test_only_what_was_allowed_lately_counts_as_use():
    bot = tokens.identity()
    decide(bot, outcome="deny", resource="refused")
    decide(bot, resource="old", at=timezone.now() - timedelta(days=31))
    decide(tokens.identity(of=bot.tenant), resource="another's")
    assert of_kind(bot, "workflow") == []
    for _ in range(2):
        decide(bot)
    (found,) = of_kind(bot, "workflow")
    assert (found.label, found.evidence) == ("wf-payroll", "Allowed 2 times within 30 days")


def test_the_audience_of_its_tokens_is_told_once_it_has_had_one():
    bot, at = tokens.identity(), timezone.now()
    assert of_kind(bot, "audience") == []
    spans = ((at - timedelta(days=1), at - timedelta(hours=23)), (at, at + timedelta(hours=1)))
    for issued, expires in spans:
        IssuedToken.objects.create(identity=bot, kid="k", scope="roles", issued_at=issued, expires_at=expires)
    (found,) = of_kind(bot, "audience")
    assert "1 live one die" in found.detail
    assert found.last_seen_at == at


def test_identities_whose_secret_rests_in_the_same_place_break_together():
    bot = tokens.identity()
    other = tokens.identity(of=bot.tenant)
    stranger = tokens.identity(of=tokens.tenant())
    secret(bot, "a", stored_at=REFERENCE | {"version": "3"})
    secret(other, "b")
    secret(stranger, "c")
    secret(tokens.identity(of=bot.tenant), "d", stored_at=REFERENCE | {"secretName": "another"})
    assert [one.id for one in of_kind(bot, "identity")] == [str(other.pk)]
    assert [one.label for one in of_kind(bot, "secret")] == ["local://default/shared"]
    ClientSecret.objects.filter(digest="b").update(revoked_at=timezone.now())
    assert of_kind(bot, "identity") == []


def test_reported_credentials_in_one_place_are_shared_too():
    bot = tokens.identity()
    other = tokens.identity(of=bot.tenant)
    for holder in (bot, other, tokens.identity(of=tokens.tenant())):
        ExternalCredential.objects.create(
            identity=holder, kind="stored_secret", source="aws/1", external_id="x", stored_at="prod/db"
        )
    assert [one.id for one in of_kind(bot, "identity")] == [str(other.pk)]


def test_a_schedule_that_reads_its_secret_for_another_identity_is_told():
    bot = tokens.identity()
    secret(bot, "a", stored_at=REFERENCE | {"version": "3"})
    reading = runs.schedule(of=bot.tenant, name="reads", secret_reference=REFERENCE)
    runs.schedule(of=bot.tenant, name="reads another", secret_reference=REFERENCE | {"secretName": "another"})
    (found,) = of_kind(bot, "schedule")
    assert found.id == str(reading.pk)
    assert "Reads its secret for another identity" in found.detail


def test_a_schedule_tells_when_it_last_ran():
    bot = tokens.identity()
    own: Schedule = runs.schedule(of=bot.tenant, managed_identity_id=bot.pk)
    began = timezone.now()
    runs.run(own, started_at=began)
    (found,) = of_kind(bot, "schedule")
    assert found.last_seen_at == began
    assert own.workflow.key in found.evidence


def test_all_sources_together_cost_seven_queries(django_assert_max_num_queries):
    bot = ManagedIdentity.objects.get(pk=tokens.identity().pk)
    with django_assert_max_num_queries(7):
        dependencies_of(bot)
