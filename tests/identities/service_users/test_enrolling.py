"""Service users in the register: one row each, made with the account, following it, and stopping with it."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.credentials import services as credentials
from identities.detections import accounts as accounts_of_findings, services as findings
from identities.detections.models import Finding
from identities.discovery import merging
from identities.errors import Conflict, Invalid
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import pausing, services as lifecycle
from identities.lifecycle.quarantines import quarantine, release
from identities.people import services as accounts
from identities.people.actors import actor_of
from identities.people.models import RefreshToken, User
from identities.people.sign_in import open_session
from identities.service_users import services
from identities.tokens.authorise import refusal
from tests.factories import people, register

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")
EMAIL = "reports-agent@aegis.example"


@pytest.fixture
def admin():
    return people.person(email="ada@aegis.example")


def make(admin, email=EMAIL, *, role="ANALYST", is_agent=True) -> User:
    return accounts.create_user(
        tenant=admin.tenant,
        email=email,
        password="Th1sIsAStrong!Pass",
        first_name="Reports",
        last_name="Agent",
        role=role,
        is_agent=is_agent,
        actor=actor_of(admin),
    )


def row_of(user) -> ManagedIdentity:
    return ManagedIdentity.objects.get(account=user)


def codes(row) -> set[str]:
    return {reason["code"] for reason in row.triage_reasons}


def is_active(user) -> bool:
    return User.objects.get(pk=user.pk).is_active


# refused


def test_no_secret_of_ours_is_issued_to_it_and_no_token(admin):
    row = row_of(make(admin))
    with pytest.raises(Invalid):
        credentials.issue(row, actor=actor_of(admin))
    assert refusal(row, row.created_at) == "identity_external"
    with pytest.raises(Invalid) as refused:
        inventory.change(row, facts={"issuance": "portal"}, actor=actor_of(admin))
    assert list(refused.value.errors) == ["issuance"]
    with pytest.raises(Invalid) as refused:
        inventory.change(row, facts={"auth_method": "federated"}, actor=actor_of(admin))
    assert list(refused.value.errors) == ["auth_method"]


def test_nobody_gets_hold_of_a_row_by_calling_oneself_what_it_is_called(admin):
    imported = register.imported(admin.tenant, name=EMAIL, kind="service_user", purpose="Nightly reports.")
    reader = people.person(of=admin.tenant, role="READ_ONLY")
    accounts.change_own_profile(reader, email=EMAIL, actor=actor_of(reader))
    assert row_of(reader).pk != imported.pk
    accounts.change_own_profile(reader, email="ren@aegis.example", actor=actor_of(reader))
    imported.refresh_from_db()
    assert (imported.state, imported.account) == ("active", None)


def test_an_account_whose_row_is_quarantined_or_retired_is_not_enabled_past_it(admin):
    user = make(admin)
    quarantine(row_of(user), reason="odd", actor=actor_of(admin))
    with pytest.raises(Conflict) as refused:
        accounts.enable_user(User.objects.get(pk=user.pk), actor=actor_of(admin), reason="please")
    assert refused.value.code == "identity_quarantined"
    other = make(admin, email="other-agent@aegis.example")
    lifecycle.retire(row_of(other), reason="over", actor=actor_of(admin))
    with pytest.raises(Conflict) as refused:
        accounts.enable_user(User.objects.get(pk=other.pk), actor=actor_of(admin), reason="please")
    assert refused.value.code == "identity_retired"
    assert not is_active(user)
    assert not is_active(other)


def test_its_row_is_not_absorbed_by_another(admin):
    user = make(admin)
    other = register.imported(admin.tenant, name="reports")
    seen = merging.foresee(kept=other, absorbed=row_of(user))
    assert "merge the other way round" in seen.refused
    assert not merging.foresee(kept=row_of(user), absorbed=other).refused


def test_a_person_gets_no_row(admin):
    accounts.create_user(tenant=admin.tenant, email="kim@aegis.example", actor=actor_of(admin))
    assert not ManagedIdentity.objects.exists()


# made


def test_a_plain_agent_made_by_an_admin_stands_in_the_register_amber(admin):
    row = row_of(make(admin))
    assert (row.name, row.kind, row.issuance, row.auth_method) == (EMAIL, "service_user", "external", "password")
    assert (row.technical_owner, row.ownership_class, row.state) == (admin, "workload", "active")
    assert (row.privilege_level, row.blast_radius) == ("medium", "write_limited")
    assert row.triage == "amber"
    assert {"user_account", "human_style_password"} <= codes(row)
    assert not {"unobserved", "rotation_unknown", "no_owner"} & codes(row)
    assert AuditEvent.objects.filter(type="identity.created", subject_id=str(row.pk)).count() == 1


def test_an_admin_of_a_machine_is_red_and_so_is_one_that_nobody_answers_for(admin):
    strong = row_of(make(admin, role="ADMIN"))
    assert (strong.triage, "high_privilege" in codes(strong)) == ("red", True)
    lost = accounts.create_user(
        tenant=admin.tenant, email="lost-agent@aegis.example", is_agent=True, role="READ_ONLY", actor=SYSTEM
    )
    assert (row_of(lost).triage, "no_owner" in codes(row_of(lost))) == ("red", True)


def test_an_unmarked_account_with_an_agents_address_has_a_row_too(admin):
    row = row_of(make(admin, is_agent=False))
    assert row.kind == "service_user"


def test_a_row_that_was_imported_before_is_adopted_and_anything_else_of_that_name_is_left_alone(admin):
    imported = register.imported(admin.tenant, name=EMAIL, kind="service_user", purpose="Nightly reports.")
    assert row_of(make(admin)).pk == imported.pk
    found = row_of(User.objects.get(email=EMAIL))
    assert (found.purpose, found.auth_method, found.technical_owner) == ("Nightly reports.", "password", admin)
    other = register.identity(admin.tenant, name="sync-agent@aegis.example", kind="service_user")
    found = row_of(make(admin, email="sync-agent@aegis.example"))
    assert found.pk != other.pk
    assert found.name.startswith("sync-agent@aegis.example (")


# followed


def test_it_follows_the_address_the_role_and_the_name_but_not_over_what_a_person_wrote(admin):
    user = make(admin)
    accounts.set_role(user, role="READ_ONLY", actor=actor_of(admin))
    accounts.change_user(user, email="papers-agent@aegis.example", actor=actor_of(admin))
    row = row_of(user)
    assert (row.name, row.privilege_level, row.downstream_permissions) == (
        "papers-agent@aegis.example",
        "low",
        ["Portal role READ_ONLY"],
    )
    inventory.change(row, facts={"privilege_level": "high"}, actor=actor_of(admin))
    accounts.set_role(user, role="ANALYST", actor=actor_of(admin))
    assert row_of(user).privilege_level == "high"


def test_an_account_that_becomes_a_persons_leaves_the_register_and_goes_on_working(admin):
    user = make(admin, is_agent=False)
    row = row_of(user)
    accounts.change_user(user, email="ren@aegis.example", actor=actor_of(admin))
    row.refresh_from_db()
    assert (row.state, row.account) == ("retired", None)
    assert is_active(user)


# stopped and started, from either side


def test_a_disabled_account_stops_its_row_and_an_enabled_one_starts_it(admin):
    user = make(admin)
    lifecycle.disable_person(user, reason="Moved on.", actor=actor_of(admin))
    assert row_of(user).state == "disabled"
    accounts.enable_user(User.objects.get(pk=user.pk), actor=actor_of(admin), reason="Back.")
    assert row_of(user).state == "active"
    told = AuditEvent.objects.filter(
        type__in=["user.disabled", "user.enabled", "identity.disabled", "identity.enabled"]
    )
    assert told.count() == 4


@pytest.mark.parametrize("stop", ["disable", "pause", "quarantine", "retire"])
def test_whatever_stops_the_row_stops_the_account_and_its_session(admin, stop):
    user = make(admin)
    open_session(user)
    row, actor = row_of(user), actor_of(admin)
    stops: dict[str, Callable[..., object]] = {
        "disable": lifecycle.disable,
        "pause": pausing.pause,
        "quarantine": quarantine,
        "retire": lifecycle.retire,
    }
    stops[stop](row, reason="Stop it.", actor=actor)
    assert not is_active(user)
    assert not RefreshToken.objects.open().filter(user=user).exists()


def test_what_lets_the_row_work_lets_the_account_sign_in(admin):
    user, actor = make(admin), actor_of(admin)
    lifecycle.disable(row_of(user), reason="x", actor=actor)
    lifecycle.enable(row_of(user), reason="x", actor=actor)
    assert is_active(user)
    pausing.pause(row_of(user), reason="x", actor=actor)
    pausing.resume(row_of(user), reason="x", actor=actor)
    assert is_active(user)
    row = quarantine(row_of(user), reason="x", actor=actor)
    assert row.effects["said"]["account"] == "its account is disabled, its sessions are over"
    assert not row.lines.filter(is_required=True).exists()
    release(row, reason="x", actor=actor)
    assert is_active(user)
    assert row_of(user).state == "active"


def test_who_disables_what_is_paused_ends_the_pause_and_not_the_stop(admin):
    user, actor = make(admin), actor_of(admin)
    pausing.pause(row_of(user), reason="x", actor=actor)
    assert lifecycle.disable_person(user, reason="For good.", actor=actor) == []
    assert (row_of(user).state, is_active(user)) == ("disabled", False)


def test_a_last_admin_whom_nobody_marked_keeps_the_account_and_the_stop_says_so(admin):
    User.objects.filter(pk=admin.pk).update(email="ada-agent@aegis.example")
    admin.refresh_from_db()
    accounts.change_user(admin, first_name="Ada", actor=actor_of(admin))
    row = quarantine(row_of(admin), reason="odd", actor=SYSTEM)
    assert "still signs in" in row.effects["said"]["account"]
    assert is_active(admin)


# accounts from before


def test_accounts_from_before_get_their_row_once_and_whoever_made_them_answers(admin):
    user = make(admin)
    ManagedIdentity.objects.filter(account=user).update(account=None, state="retired")
    people.agent(of=admin.tenant)
    stopped = people.agent(of=admin.tenant, is_active=False)
    assert services.ensure_rows(limit=2) == 2
    assert services.ensure_rows() == 1
    assert services.ensure_rows() == 0
    assert row_of(user).technical_owner == admin
    assert row_of(stopped).state == "disabled"


def test_nothing_to_enter_costs_one_query(admin, django_assert_num_queries):
    make(admin)
    with django_assert_num_queries(1):
        services.ensure_rows()


def test_an_account_that_fails_or_is_mended_is_judged_again(admin):
    user = make(admin)
    row = row_of(user)
    findings.evaluate([row.pk], at=timezone.now())
    assert accounts_of_findings.out_of_step() == []
    failing = {"refresh_invalidated_at": timezone.now(), "refresh_invalidated_reason": "password-rotated"}
    User.objects.filter(pk=user.pk).update(**failing)
    assert accounts_of_findings.out_of_step() == [row.pk]
    findings.evaluate([row.pk], at=timezone.now())
    assert Finding.objects.get(identity=row, code="NHI4-REFRESH").owner == admin
    assert accounts_of_findings.out_of_step() == []
    User.objects.filter(pk=user.pk).update(refresh_invalidated_at=None, refresh_invalidated_reason="")
    assert accounts_of_findings.out_of_step() == [row.pk]
    findings.evaluate([row.pk], at=timezone.now())
    assert Finding.objects.get(identity=row, code="NHI4-REFRESH").state == "resolved"


def test_an_unmarked_account_is_one_finding_and_not_two(admin):
    row = row_of(make(admin, is_agent=False))
    findings.evaluate([row.pk], at=timezone.now())
    codes = set(Finding.objects.filter(identity=row).values_list("code", flat=True))
    assert {code for code in codes if code.startswith("NHI10")} == {"NHI10-UNMARKED"}
