"""One deed on many: refused rows are told apart, done ones have their record, and no tenant reaches another."""

from datetime import date
from uuid import uuid4

import pytest

from audit.models import AuditEvent
from identities.errors import Invalid
from identities.lifecycle import bulk
from identities.lifecycle.bulk import AssignOwner, ChangeTags, Disable, Retire, Rotate, SetReviewDate
from identities.lifecycle.secrets import issue_secret
from identities.vaults import services as vaults
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference
from tests.factories import register
from tests.factories.register import SYSTEM

pytestmark = pytest.mark.django_db
DAY = date(2031, 5, 1)


@pytest.fixture
def here():
    return register.tenant()


def carried(deed, *identities, of, reason="Spring cleaning"):
    ids = [getattr(one, "pk", one) for one in identities]
    return list(bulk.carry_out(deed, ids, reason=reason, actor=SYSTEM, tenant_ids={of.pk}))


def test_without_a_reason_nothing_is_done(here):
    bot = register.identity(here)
    with pytest.raises(Invalid):
        carried(Disable(), bot, of=here, reason="  ")
    bot.refresh_from_db()
    assert bot.state == "active"


def test_another_tenants_identity_is_not_there(here):
    theirs = register.identity(register.tenant())
    assert bulk.foresee(Retire(), [theirs.pk], tenant_ids={here.pk}) == []
    [outcome] = carried(Retire(), theirs, of=here)
    theirs.refresh_from_db()
    assert (outcome.is_done, outcome.text, theirs.state) == (False, "There is no such identity.", "active")


def test_a_retired_one_is_refused_and_the_others_are_done(here):
    ended, bot = register.identity(here), register.identity(here)
    carried(Retire(), ended, of=here)
    refused, done = carried(SetReviewDate(DAY), ended, bot, of=here)
    assert (refused.is_done, refused.text) == (False, bulk.RETIRED)
    bot.refresh_from_db()
    assert done.is_done
    assert bot.review_by == DAY


def test_an_unknown_id_has_an_outcome_too(here):
    unknown = uuid4()
    [outcome] = carried(Disable(), unknown, of=here)
    assert (outcome.identity_id, outcome.is_done) == (unknown, False)


def test_what_would_change_is_said_before_it_is_done(here):
    owner, bot = register.person(here), register.identity(here, tags={"cost": "1", "old": "x"})
    ids = [bot.pk]

    def seen(deed):
        [found] = bulk.foresee(deed, ids, tenant_ids={here.pk})
        return found.before, found.after

    assert seen(AssignOwner("technical_owner", str(owner.pk), owner.email)) == ("nobody", owner.email)
    assert seen(SetReviewDate(DAY))[1] == "2031-05-01"
    before, after = seen(ChangeTags({"cost": "2"}, ["old"]))
    assert set(before.split(", ")) == {"cost=1", "old=x"}  # in the order of the database
    assert after == "cost=2"
    assert seen(Disable()) == ("active", "disabled")
    assert not AuditEvent.objects.filter(type="identity.disabled").exists()


def test_owners_and_teams_are_assigned_with_the_reason_on_record(here):
    owner, team, bot = register.person(here), register.team(here), register.identity(here)
    carried(AssignOwner("technical_owner", str(owner.pk), owner.email), bot, of=here)
    carried(AssignOwner("owner_team", str(team.pk), team.name), bot, of=here)
    bot.refresh_from_db()
    assert (bot.technical_owner, bot.owner_team) == (owner, team)
    assert set(AuditEvent.objects.filter(type="identity.changed").values_list("reason", flat=True)) == {
        "Spring cleaning"
    }


def test_an_owner_of_another_tenant_is_refused(here):
    stranger, bot = register.person(register.tenant()), register.identity(here)
    [outcome] = carried(AssignOwner("technical_owner", str(stranger.pk), stranger.email), bot, of=here)
    bot.refresh_from_db()
    assert not outcome.is_done
    assert bot.technical_owner is None


def test_what_is_so_already_is_left_alone(here):
    bot = register.identity(here, review_by=DAY)
    [outcome] = carried(SetReviewDate(DAY), bot, of=here)
    assert (outcome.is_done, outcome.text) == (True, "Nothing to change.")
    assert not AuditEvent.objects.filter(type="identity.changed").exists()


def test_tags_are_added_and_removed_on_both_kinds_of_tags(here):
    first, second = register.identity(here, tags={"a": "1"}), register.identity(here, tags=["old", "kept"])
    carried(ChangeTags({"team": "pay", "hot": ""}, ["a", "old"]), first, second, of=here)
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.tags == {"team": "pay", "hot": ""}
    assert second.tags == ["kept", "team=pay", "hot"]


@pytest.mark.parametrize(("issuance", "said"), [("external", "elsewhere"), ("federated", "no secret")])
def test_what_others_issue_is_not_rotated_here(here, issuance, said):
    bot = register.identity(here, issuance=issuance)
    [found] = bulk.foresee(Rotate(), [bot.pk], tenant_ids={here.pk})
    assert said in found.refusal


def test_a_secret_that_somebody_carries_is_not_rotated_here(here):
    bot = register.identity(here)
    assert "no live secret" in bulk.foresee(Rotate(), [bot.pk], tenant_ids={here.pk})[0].refusal
    issue_secret(bot, actor=SYSTEM)
    assert "no vault" in bulk.foresee(Rotate(), [bot.pk], tenant_ids={here.pk})[0].refusal


def test_a_secret_in_a_vault_gets_a_successor_in_the_same_place(here):
    vaults.ensure_default()
    vault = VaultConnection.objects.get(tenant=None)
    bot = register.identity(here)
    place = SecretReference(vault.provider, vault.vault_uri, "payroll/secret")
    issue_secret(bot, store_at=place, actor=SYSTEM)
    [outcome] = carried(Rotate(), bot, of=here)
    assert outcome.is_done, outcome.text
    stored = [secret.stored_at["secretName"] for secret in bot.secrets.filter(revoked_at=None)]
    assert stored == ["payroll/secret", "payroll/secret"]
