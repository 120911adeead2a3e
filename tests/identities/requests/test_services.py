"""Requests end to end: what is refused, each tier, changes after a yes, collecting, and what stands in the way."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.access.bundles import BUNDLES
from identities.access.models import Role, RoleBinding
from identities.approvals import services as approvals
from identities.credentials.digests import digest
from identities.credentials.models import ClientSecret, SecretShowing
from identities.errors import Conflict, Invalid, Refused
from identities.inventory.models import ManagedIdentity
from identities.people.actors import actor_of
from identities.people.models import Notice, PortalRole
from identities.requests import issuing, services as requests
from identities.requests.models import IdentityRequest
from identities.vaults import services as vaults
from identities.vaults.failures import VaultUnreachable
from identities.vaults.local import LocalVault
from identities.vaults.references import SecretReference
from tests.factories import people, tokens
from tests.identities.requests.conftest import again, waiting

pytestmark = pytest.mark.django_db
PLACE = {"provider": "local", "vaultUri": "local://default", "secretName": "watcher/secret"}


def errors(cast, given, **more):
    with pytest.raises(Invalid) as refused:
        cast.ask(given, **more)
    assert not IdentityRequest.objects.exists()
    return refused.value.errors


# What is refused


@pytest.mark.parametrize("missing", ["bundle", "name", "environment", "purpose", "expires_at"])
def test_five_members_are_always_required(cast, missing):
    given = cast.given()
    del given[missing]
    assert set(errors(cast, given)) == {missing}


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("bundle", "root-bot"),
        ("environment", "moon"),
        ("kind", "ghost"),
        ("name", "x" * 121),
        ("technical_owner", "nobody@example.com"),
        ("owner_team", "No such team"),
        ("workflow", "a\x00b"),
        ("evidence", "a text"),
        ("nonsense", 1),
    ],
)
def test_a_member_that_does_not_fit_is_named(cast, member, value):
    assert member in errors(cast, cast.given(**{member: value}))


def test_every_complaint_is_made_at_once(cast):
    given = cast.given(bundle="crm-sync-bot", expires_at=timezone.now() - timedelta(days=1), permissions=["audit.read"])
    assert set(errors(cast, given)) == {
        "expires_at", "permissions", "evidence.businessOwner", "evidence.dataScope", "evidence.retentionPolicy",
    }  # fmt: skip


def test_a_bundle_is_narrowed_and_never_widened(cast):
    said = errors(cast, cast.given(permissions=["identity.read", "identity.write", "no.such"]))["permissions"]
    assert any("never widened" in text for text in said)
    assert any("no.such" in text for text in said)
    assert "permissions" in errors(cast, cast.given(permissions=[]))


def test_what_the_bundle_asks_for_is_mandatory(cast):
    said = errors(cast, cast.given(bundle="deploy-bot", evidence={"approver": "dana", "shoeSize": "42"}))
    assert set(said) == {"evidence.releaseTicket", "evidence.deploymentId", "evidence.shoeSize"}


def test_it_ends_within_the_time_of_its_bundle(cast):
    too_long = timezone.now() + BUNDLES["observability-bot"].longest + timedelta(days=1)
    assert "366 days at most" in errors(cast, cast.given(expires_at=too_long))["expires_at"][0]


def test_a_name_that_is_taken_or_asked_for_is_refused(cast):
    tokens.identity(of=cast.tenant, name="Watcher")
    assert "name" in errors(cast, cast.given())
    cast.ask(cast.medium(name="deployer"))
    with pytest.raises(Invalid, match="Another request"):
        cast.ask(cast.medium(name="Deployer"))


def test_a_name_is_free_in_another_tenant(cast):
    tokens.identity(of=people.tenant(), name="watcher")
    assert cast.ask(cast.given()).row.state == "issued"


def test_who_cannot_answer_owns_nothing(cast):
    agent = people.agent(of=cast.tenant)
    stranger = people.person()
    empty = people.team(of=cast.tenant)
    assert "technical_owner" in errors(cast, cast.given(technical_owner=agent.email))
    assert "technical_owner" in errors(cast, cast.given(technical_owner=str(stranger.pk)))
    assert "owner_team" in errors(cast, cast.given(owner_team=empty.name, technical_owner=None))


def test_a_service_user_has_to_name_an_owner(cast):
    agent = people.agent(of=cast.tenant)
    assert "technical_owner" in errors(cast, cast.given(technical_owner=None), by=agent)
    assert cast.ask(cast.given(), by=agent).row.state == "issued"


def test_a_managed_identity_asks_for_nothing(cast):
    from identities.inventory.subjects import actor_of as actor_of_identity

    machine = actor_of_identity(tokens.identity(of=cast.tenant))
    with pytest.raises(Refused):
        requests.request(tenant=cast.tenant, given=cast.given(), actor=machine)


def test_a_secret_in_a_text_is_refused(cast):
    bot = tokens.bot(of=cast.tenant)
    for member in ("purpose", "ticket", "workflow"):
        assert member in errors(cast, cast.given(**{member: bot.secret}))
    evidence = {"releaseTicket": bot.secret, "approver": "dana", "deploymentId": "d"}
    assert "evidence" in errors(cast, cast.given(bundle="deploy-bot", evidence=evidence))


def test_the_place_of_a_secret_is_registered_and_nobody_elses(cast):
    elsewhere = {**PLACE, "vaultUri": "https://vault.example.com"}
    assert "store_secret_at.vault_uri" in errors(cast, cast.given(store_secret_at=elsewhere))
    cast.ask(cast.given(store_secret_at=PLACE))
    with pytest.raises(Invalid) as refused:
        cast.ask(cast.given(name="second", store_secret_at=PLACE))
    assert refused.value.code in ("place_taken", "invalid")
    assert "store_secret_at.secret_name" in refused.value.errors


def test_the_name_fits_the_policy_of_the_tenant(cast):
    from identities.inventory import services as inventory

    rules = {"naming": {"bot": "bot-[a-z]+"}}
    inventory.change_standards(tenant_id=cast.tenant.pk, rules=rules, actor=people.SYSTEM)
    assert "name" in errors(cast, cast.given())
    assert cast.ask(cast.given(name="bot-watcher")).row.state == "issued"


def test_of_high_tier_two_others_have_to_be_there(cast):
    cast.other.is_active = False
    cast.other.save()
    # The administrator would be the only one for both: as the owner, and as who governs.
    said = errors(cast, cast.high(technical_owner=cast.admin.email))["technical_owner"]
    assert "two people other than who asks" in said[0]
    assert errors(cast, cast.high(technical_owner=cast.owner.email), by=cast.admin)


# Low tier


def test_of_low_tier_it_is_issued_at_once_with_its_secret(cast):
    answered = cast.ask(cast.given())
    row = answered.row
    assert (row.state, row.risk_tier, row.approval.state) == ("issued", "low", "approved")
    assert answered.secret_text is not None
    assert answered.secret_text not in repr(answered)
    identity = row.identity
    assert ClientSecret.objects.get(identity=identity).digest == digest(answered.secret_text)
    assert (identity.state, identity.risk_tier, identity.technical_owner) == ("active", "low", cast.owner)
    assert identity.approval_state == ""
    assert identity.tags == {"bundle": "observability-bot", "request": str(row.pk)}
    assert (identity.function, identity.blast_radius, identity.kind) == ("observe", "read_only", "bot")
    assert identity.expires_at == row.expires_at
    assert identity.review_by is not None
    binding = RoleBinding.objects.get(identity=identity)
    assert (binding.role.name, binding.valid_until) == ("observability-bot", row.expires_at)
    assert binding.role.permissions == sorted(BUNDLES["observability-bot"].permissions)
    showing = SecretShowing.objects.get()
    assert (showing.person, row.secret_collected_by) == (cast.asker, cast.asker.email)
    assert all(check["is_passed"] for check in row.checks)
    types = list(AuditEvent.objects.filter(subject_id=str(identity.pk)).values_list("type", flat=True))
    assert {"identity.created", "request.issued", "request.secret_collected"} <= set(types)


def test_a_secret_for_a_vault_is_shown_to_nobody(cast):
    answered = cast.ask(cast.given(store_secret_at=PLACE))
    assert (answered.secret_text, answered.row.state) == (None, "issued")
    secret = ClientSecret.objects.get()
    assert secret.stored_at == {**PLACE, "version": "1"}
    lies = vaults.read_secret(SecretReference.from_json(PLACE), cast.tenant.pk, "development", actor=people.SYSTEM)
    assert secret.digest == digest(lies.reveal())
    with pytest.raises(Conflict) as refused:
        requests.collect(again(answered.row), actor=actor_of(cast.asker))
    assert refused.value.code == "no_secret_waits"


def test_who_names_nobody_answers_for_it(cast):
    row = cast.ask(cast.given(technical_owner=None)).row
    assert row.identity.technical_owner == cast.asker


def test_a_narrowed_role_is_its_own_and_a_whole_one_is_shared(cast):
    first = cast.ask(cast.given()).row
    second = cast.ask(cast.given(name="second")).row
    narrowed = cast.ask(cast.given(name="third bot", permissions=["run.read"])).row
    held = {row.pk: RoleBinding.objects.get(identity=row.identity).role for row in (first, second, narrowed)}
    assert held[first.pk] == held[second.pk]
    assert (held[narrowed.pk].name, held[narrowed.pk].permissions) == (
        "observability-bot / third bot", ["run.read"],
    )  # fmt: skip


def test_a_role_that_only_has_the_name_is_left_alone(cast):
    theirs = Role.objects.create(tenant=cast.tenant, name="observability-bot", permissions=["identity.write"])
    row = cast.ask(cast.given()).row
    role = RoleBinding.objects.get(identity=row.identity).role
    assert role.name == "observability-bot / watcher"
    theirs.refresh_from_db()
    assert theirs.permissions == ["identity.write"]


# Medium and high tier


def test_of_medium_tier_nothing_is_made_before_the_last_yes(cast):
    row = cast.ask(cast.medium()).row
    assert (row.state, row.risk_tier, row.identity) == ("pending", "medium", None)
    assert not ManagedIdentity.objects.exists()
    assert not ClientSecret.objects.exists()
    row = cast.approve(row, cast.admin)
    assert row.state == "pending"
    row = cast.approve(row, cast.owner)
    assert row.state == "issued"
    assert not ClientSecret.objects.exists()
    assert again(row).identity.approval_state == "approved"
    assert not RoleBinding.objects.get().awaits_approval
    assert Notice.objects.filter(person=cast.asker, kind="request_secret", waits=True, done_at=None).count() == 1


def test_one_person_who_owns_it_meets_both_of_medium_tier(cast):
    row = cast.ask(cast.medium(technical_owner=cast.admin.email)).row
    assert cast.approve(row, cast.admin).state == "issued"


def test_of_high_tier_two_others_have_to_say_yes(cast):
    row = cast.ask(cast.high()).row
    assert (row.risk_tier, row.approval.needs) == ("high", ["security", "owner"])
    with pytest.raises(Refused):
        cast.approve(row, cast.asker)
    assert cast.approve(row, cast.admin).state == "pending"
    with pytest.raises(Refused):
        cast.approve(row, cast.admin)
    assert cast.approve(row, cast.owner).state == "issued"


def test_nobody_approves_what_they_asked_for(cast):
    row = cast.ask(cast.medium(technical_owner=cast.admin.email), by=cast.admin).row
    with pytest.raises(Refused):
        cast.approve(row, cast.admin)
    assert cast.approve(row, cast.other).state == "issued"


def test_an_agent_approves_nothing(cast):
    row = cast.ask(cast.medium()).row
    agent = people.agent(of=cast.tenant, role=PortalRole.ADMIN, created_at=timezone.now() - timedelta(days=9))
    with pytest.raises(Refused):
        cast.approve(row, agent)
    asked_by_agent = cast.ask(cast.medium(name="by-agent"), by=agent).row
    with pytest.raises(Refused):
        cast.approve(asked_by_agent, agent)


def test_a_no_ends_it(cast):
    row = cast.ask(cast.medium()).row
    with pytest.raises(Invalid):
        requests.reject(row, reason=" ", actor=actor_of(cast.admin))
    row = requests.reject(row, reason="Not now.", actor=actor_of(cast.admin))
    assert (row.state, row.state_reason) == ("rejected", "Not now.")
    with pytest.raises(Conflict):
        cast.approve(row, cast.owner)
    assert not ManagedIdentity.objects.exists()


def test_unanswered_it_expires(cast):
    row = cast.ask(cast.medium()).row
    approvals.expire_due(timezone.now() + timedelta(days=15))
    assert again(row).state == "expired"


def test_a_cancelled_one_is_never_issued(cast):
    row = cast.ask(cast.medium()).row
    with pytest.raises(Invalid):
        requests.cancel(row, reason="", actor=actor_of(cast.asker))
    row = requests.cancel(row, reason="Not needed.", actor=actor_of(cast.asker))
    assert (row.state, again(row).approval.state) == ("cancelled", "withdrawn")
    with pytest.raises(Conflict):
        requests.cancel(row, reason="Again.", actor=actor_of(cast.asker))
    with pytest.raises(Conflict):
        cast.approve(row, cast.admin)


# Four eyes: what stands is what was approved


def test_a_change_voids_every_yes(cast):
    row = cast.ask(cast.high()).row
    row = cast.approve(row, cast.admin)
    first = again(row).approval
    row = requests.change(again(row), given={"purpose": "Something else."}, actor=actor_of(cast.asker))
    first.refresh_from_db()
    assert (row.state, first.state) == ("pending", "superseded")
    assert row.approval_id != first.pk
    assert row.approval.content_hash != first.content_hash
    assert cast.approve(row, cast.owner).state == "pending"


def test_what_changed_nothing_keeps_its_votes(cast):
    row = cast.approve(cast.ask(cast.medium()).row, cast.admin)
    same = requests.change(again(row), given={"name": row.name}, actor=actor_of(cast.asker))
    assert same.approval_id == row.approval_id


def test_what_was_altered_after_the_last_yes_is_not_issued(cast):
    row = cast.ask(cast.medium()).row
    cast.approve(row, cast.admin)
    approvals.approve(waiting(row), actor=actor_of(cast.owner))
    assert again(row).state == "approved"
    IdentityRequest.objects.filter(pk=row.pk).update(purpose="Something else.")
    after = requests.issue(again(row), actor=people.SYSTEM)
    assert after.state == "approved"
    assert "not what was approved" in after.problem
    assert not ManagedIdentity.objects.exists()


def test_a_change_after_the_last_yes_asks_anew(cast):
    row = cast.ask(cast.medium()).row
    cast.approve(row, cast.admin)
    approvals.approve(waiting(row), actor=actor_of(cast.owner))
    row = requests.change(again(row), given={"permissions": ["run.read"]}, actor=actor_of(cast.other))
    assert row.state == "pending"
    with pytest.raises(Refused):  # who changed it had a hand in it
        cast.approve(row, cast.other)
    assert issuing.issue_due(timezone.now()) == 0


def test_asking_again_after_cancelling_brings_no_yes_along(cast):
    row = cast.approve(cast.ask(cast.high()).row, cast.admin)
    requests.cancel(again(row), reason="Once more.", actor=actor_of(cast.asker))
    anew = cast.ask(cast.high()).row
    assert not anew.approval.votes.exists()
    assert cast.approve(anew, cast.owner).state == "pending"


def test_what_is_issued_or_over_is_not_changed(cast):
    issued = cast.ask(cast.given()).row
    with pytest.raises(Conflict):
        requests.change(issued, given={"purpose": "x"}, actor=actor_of(cast.asker))
    with pytest.raises(Conflict):
        requests.cancel(issued, reason="x", actor=actor_of(cast.asker))


def test_a_change_is_checked_as_the_request_was(cast):
    row = cast.ask(cast.medium()).row
    with pytest.raises(Invalid):
        requests.change(row, given={"permissions": ["identity.write"]}, actor=actor_of(cast.asker))
    with pytest.raises(Invalid):
        requests.change(row, given={"expires_at": None}, actor=actor_of(cast.asker))
    row = requests.change(row, given={"bundle": "observability-bot"}, actor=actor_of(cast.asker))
    assert row.evidence == {}
    assert row.permissions == sorted(BUNDLES["observability-bot"].permissions)


# Collecting


def test_the_secret_is_collected_once_and_by_who_asked(cast):
    row = cast.ask(cast.medium()).row
    with pytest.raises(Conflict):
        requests.collect(row, actor=actor_of(cast.asker))
    cast.approve(row, cast.admin)
    row = cast.approve(row, cast.owner)
    for somebody in (cast.admin, cast.owner):
        with pytest.raises(Refused):
            requests.collect(row, actor=actor_of(somebody))
    answered = requests.collect(row, actor=actor_of(cast.asker))
    assert answered.secret_text is not None
    assert ClientSecret.objects.get(identity=row.identity).digest == digest(answered.secret_text)
    assert SecretShowing.objects.get().person == cast.asker
    with pytest.raises(Conflict) as refused:
        requests.collect(row, actor=actor_of(cast.asker))
    assert refused.value.code == "secret_collected"
    assert not Notice.objects.filter(kind="request_secret", done_at=None).exists()


def test_of_a_stopped_identity_nothing_is_collected(cast):
    from identities.lifecycle import services as lifecycle

    row = cast.ask(cast.medium()).row
    cast.approve(row, cast.admin)
    row = cast.approve(row, cast.owner)
    lifecycle.disable(row.identity, reason="Stop.", actor=people.SYSTEM)
    with pytest.raises(Conflict) as refused:
        requests.collect(again(row), actor=actor_of(cast.asker))
    assert refused.value.code == "wrong_state"


# What stands in the way


@pytest.fixture
def vault(monkeypatch):
    """Steward's own vault, that can be away."""
    put = LocalVault.write

    class Door:
        is_open = True

    def write(self, *args, **kwargs):
        if not Door.is_open:
            raise VaultUnreachable("The vault does not answer.")
        return put(self, *args, **kwargs)

    monkeypatch.setattr(LocalVault, "write", write)
    return Door


def test_while_the_vault_is_away_nothing_is_made_and_then_it_is(cast, vault):
    vault.is_open = False
    row = cast.ask(cast.given(store_secret_at=PLACE)).row
    assert (row.state, row.problem) == ("approved", "The vault does not answer.")
    assert not ManagedIdentity.objects.exists()
    assert not Role.objects.exists()
    assert issuing.issue_due(timezone.now()) == 0  # ten seconds have not passed
    assert issuing.issue_due(timezone.now() + timedelta(seconds=11)) == 0
    failed = AuditEvent.objects.filter(type="request.issue_failed")
    assert failed.count() == 1  # the same problem is said once
    vault.is_open = True
    assert issuing.issue_due(timezone.now() + timedelta(seconds=30)) == 1
    row = again(row)
    assert (row.state, row.problem) == ("issued", "")
    assert RoleBinding.objects.filter(identity=row.identity).count() == 1
    assert issuing.issue_due(timezone.now() + timedelta(seconds=60)) == 0


def test_a_name_taken_meanwhile_keeps_it_approved_until_it_is_changed(cast):
    row = cast.approve(cast.ask(cast.medium()).row, cast.admin)
    tokens.identity(of=cast.tenant, name="watcher")
    row = cast.approve(row, cast.owner)
    assert row.state == "approved"
    assert "has this name" in row.problem
    assert not next(check for check in row.checks if check["check"] == "name")["is_passed"]
    row = requests.change(again(row), given={"name": "watcher-2"}, actor=actor_of(cast.asker))
    cast.approve(row, cast.admin)
    assert cast.approve(row, cast.owner).state == "issued"


def test_nobody_else_issues_what_somebody_is_issuing(cast):
    row = cast.approve(cast.ask(cast.medium()).row, cast.admin)
    approvals.approve(waiting(row), actor=actor_of(cast.owner))
    IdentityRequest.objects.filter(pk=row.pk).update(try_at=timezone.now() + timedelta(minutes=1))
    with pytest.raises(Conflict) as refused:
        requests.issue(again(row), actor=people.SYSTEM)
    assert refused.value.code == "being_issued"
    assert issuing.issue_due(timezone.now()) == 0
    assert issuing.issue_due(timezone.now() + timedelta(minutes=2)) in (0, 1)


# For an identity that is there


@pytest.fixture
def existing(cast):
    from identities.inventory import services as inventory

    facts = {
        "name": "old hand", "environment": "staging", "purpose": "Syncs.", "technical_owner": cast.owner.email,
        "risk_tier": "low",
    }  # fmt: skip
    return inventory.create(tenant_id=cast.tenant.pk, facts=facts, actor=Actor.system("tests"))


def anew(cast, **members):
    return {"bundle": "observability-bot", "expires_at": timezone.now() + timedelta(days=30), **members}


def test_a_role_for_an_identity_that_is_there_is_asked_for_alike(cast, existing):
    answered = cast.ask(anew(cast), identity=existing)
    assert (answered.row.state, answered.secret_text) == ("issued", None)
    assert RoleBinding.objects.get(identity=existing).role.name == "observability-bot"
    assert ManagedIdentity.objects.count() == 1
    assert not ClientSecret.objects.exists()


def test_what_the_identity_says_itself_is_not_said_for_it(cast, existing):
    given = anew(cast, environment="production", store_secret_at=PLACE, technical_owner=cast.admin.email)
    said = errors(cast, given, identity=existing)
    assert set(said) == {"environment", "store_secret_at", "technical_owner"}


def test_the_same_role_is_not_given_twice(cast, existing):
    cast.ask(anew(cast), identity=existing)
    with pytest.raises(Invalid) as refused:
        cast.ask(anew(cast), identity=existing)
    assert "bundle" in refused.value.errors


def test_an_identity_that_changed_meanwhile_is_asked_about_anew(cast, existing):
    evidence = {"releaseTicket": "REL-1", "approver": "dana", "deploymentId": "d-1"}
    row = cast.ask(anew(cast, bundle="deploy-bot", evidence=evidence), identity=existing).row
    cast.approve(row, cast.admin)
    ManagedIdentity.objects.filter(pk=existing.pk).update(environment="production")
    row = cast.approve(row, cast.owner)
    assert row.state == "approved"
    assert "has changed since" in row.problem
    assert not RoleBinding.objects.exists()


def test_a_graver_role_raises_the_tier_and_works_once_it_is_approved(cast, existing):
    evidence = {"releaseTicket": "REL-1", "approver": "dana", "deploymentId": "d-1"}
    cast.ask(anew(cast), identity=existing)
    row = cast.ask(anew(cast, bundle="deploy-bot", evidence=evidence), identity=existing).row
    assert cast.approve(row, cast.owner).state == "issued"
    existing.refresh_from_db()
    assert (existing.risk_tier, existing.approval_state) == ("medium", "approved")
    assert not RoleBinding.objects.filter(identity=existing, awaits_approval=True).exists()


def test_a_second_role_of_what_is_under_approval_works_at_once_with_its_own_yes(cast, existing):
    evidence = {"releaseTicket": "REL-1", "approver": "dana", "deploymentId": "d-1"}
    first = cast.ask(anew(cast, bundle="deploy-bot", evidence=evidence), identity=existing).row
    cast.approve(first, cast.owner)
    second = cast.ask(anew(cast, permissions=["finding.read"]), identity=existing).row
    assert second.risk_tier == "medium"
    assert cast.approve(second, cast.owner).state == "issued"
    existing.refresh_from_db()
    assert existing.approval_state == "approved"
    assert RoleBinding.objects.filter(identity=existing, awaits_approval=False).count() == 2


def test_asking_never_lowers_the_tier_of_an_identity(cast, existing):
    ManagedIdentity.objects.filter(pk=existing.pk).update(risk_tier="high")
    existing.refresh_from_db()
    assert cast.ask(anew(cast), identity=existing).row.risk_tier == "high"
