"""Pressing a button: one service, once; its no beside the fields; a secret shown once and kept nowhere."""

import re

import pytest
from django.contrib.sessions.models import Session

from audit.models import AuditEvent
from identities.access.models import Role
from identities.credentials.digests import digest
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.people.models import PortalRole, Team, Tenant, User
from identities.policies.models import ResourcePolicy
from identities.vaults.models import LocalSecret, VaultConnection
from tests.factories import pages, people

pytestmark = pytest.mark.django_db
SECRET = re.compile(r"nhi_[a-z]+_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}")
NEW = {
    "name": "night-bot", "environment": "production", "kind": "bot", "purpose": "Sweeps.",
    "ownership_class": "workload",
    "issuance": "portal", "risk_tier": "medium", "secret": "none",
}  # fmt: skip


@pytest.fixture
def ours():
    return pages.estate("harbour")


@pytest.fixture
def client(ours):
    return pages.signed_in(ours.person)


def types_about(row) -> list[str]:
    return list(AuditEvent.objects.filter(subject_id=str(row.pk)).order_by("id").values_list("type", flat=True))


def test_a_button_without_a_reason_does_nothing(ours, client):
    response = client.post(pages.command(ours.identity, "disable"), {"reason": " "})
    assert response.status_code == 422
    ours.identity.refresh_from_db()
    assert ours.identity.is_enabled


def test_disable_and_enable_go_through_the_service_and_are_recorded(ours, client):
    sent = client.post(pages.command(ours.identity, "disable"), {"reason": "Leaked on a wiki"}, follow=True)
    assert "is disabled" in sent.content.decode()
    ours.identity.refresh_from_db()
    assert ours.identity.state == State.DISABLED
    assert ours.identity.tokens_revoked_at is not None
    event = AuditEvent.objects.get(subject_id=str(ours.identity.pk), type="identity.disabled")
    assert (event.actor_id, event.actor_kind, event.reason) == (str(ours.person.pk), "person", "Leaked on a wiki")
    client.post(pages.command(ours.identity, "enable"), {"reason": "False alarm"})
    ours.identity.refresh_from_db()
    assert ours.identity.is_enabled


def test_disabling_shows_what_will_stop(ours, client):
    text = client.get(pages.command(ours.identity, "disable")).content.decode()
    assert "harbour schedule" in text


def test_a_button_that_makes_no_sense_is_neither_shown_nor_pressed(ours, client):
    assert "enable" not in [way.label.lower() for way in client.get(pages.page(ours.identity)).context["ways"]]
    sent = client.post(pages.command(ours.identity, "enable"), {"reason": "x"}, follow=True)
    assert "not possible any more" in sent.content.decode()
    assert "identity.enabled" not in types_about(ours.identity)


def test_an_unknown_button_is_a_404(ours, client):
    assert client.post(pages.command(ours.identity, "explode"), {}).status_code == 404


def test_retiring_ends_secrets_and_roles(ours, client):
    client.post(pages.command(ours.identity, "retire"), {"reason": "Replaced"})
    ours.secret.refresh_from_db()
    ours.binding.refresh_from_db()
    assert ours.secret.revoked_at is not None
    assert ours.binding.ended_at is not None


def test_a_secret_is_shown_once_and_kept_nowhere(ours, client):
    response = client.post(pages.command(ours.identity, "issue-secret"), {"secret": "show", "once": "n1"})
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    text = SECRET.search(response.content.decode()).group()
    assert ours.identity.secrets.filter(digest=digest(text)).exists()
    kept = [row.get_decoded() for row in Session.objects.all()] + [
        event.as_record() for event in AuditEvent.objects.all()
    ]
    assert text not in str(kept)
    assert text not in client.get(pages.page(ours.identity, "credentials")).content.decode()
    assert text not in client.get(pages.page(ours.identity, "timeline")).content.decode()


def test_sending_a_form_twice_does_it_once(ours, client):
    for _ in range(2):
        sent = client.post(
            pages.command(ours.identity, "issue-secret"), {"secret": "show", "once": "same"}, follow=True
        )
    assert "carried out once" in sent.content.decode()
    assert ours.identity.secrets.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_secret_can_go_straight_into_a_vault_unseen():
    from identities.vaults import services as vaults

    vault = vaults.ensure_default()
    ours = pages.estate("harbour")
    client = pages.signed_in(ours.person)
    sent = client.post(
        pages.command(ours.identity, "issue-secret"),
        {"secret": "vault", "vault": str(vault.pk), "secret_name": "bot/secret"},
        follow=True,
    )
    assert not SECRET.search(sent.content.decode())
    assert LocalSecret.objects.get(tenant=ours.tenant).name == "bot/secret"


def test_a_secret_for_a_vault_wants_to_know_where(ours, client):
    response = client.post(pages.command(ours.identity, "issue-secret"), {"secret": "vault"})
    assert response.status_code == 422
    assert ours.identity.secrets.count() == 1


def test_one_secret_is_revoked_and_the_others_stay(ours, client):
    client.post(pages.command(ours.identity, "issue-secret"), {"secret": "show", "once": "x"})
    client.post(pages.command(ours.identity, "revoke-secret", ours.secret.pk), {"reason": "Old laptop"})
    ours.secret.refresh_from_db()
    assert ours.secret.revoked_reason == "Old laptop"
    assert ours.identity.secrets.filter(revoked_at=None).count() == 1


def test_a_new_identity_has_nothing_of_its_maker(ours, client):
    sent = client.post(pages.adding(ManagedIdentity), NEW, follow=True)
    made = ManagedIdentity.objects.get(name="night-bot")
    assert sent.redirect_chain[0][0] == pages.page(made, "access")
    assert (made.tenant, made.business_owner, made.bindings.count(), made.secrets.count()) == (ours.tenant, None, 0, 0)
    assert types_about(made) == ["identity.created"]


def test_a_new_identity_may_show_its_first_secret(ours, client):
    response = client.post(pages.adding(ManagedIdentity), {**NEW, "secret": "show"})
    assert SECRET.search(response.content.decode())


def test_a_taken_name_is_said_beside_the_field(ours, client):
    response = client.post(pages.adding(ManagedIdentity), {**NEW, "name": "HARBOUR-bot"})
    assert response.status_code == 422
    assert response.context["form"].errors["name"] == ["An identity of this tenant has this name."]


def test_editing_writes_only_what_was_changed(ours, client):
    address = pages.command(ours.identity, "edit")
    form = client.get(address).context["form"]
    values = {
        name: "" if value is None else value for name, value in form.initial.items() if value not in (None, False)
    }
    seen = client.get(address).context["seen"]
    assert client.post(address, {**values, "purpose": "New purpose", "seen": seen}).status_code == 302
    ours.identity.refresh_from_db()
    assert ours.identity.purpose == "New purpose"
    event = AuditEvent.objects.get(subject_id=str(ours.identity.pk), type="identity.changed")
    assert list(event.changes) == ["purpose"]


def test_an_edit_of_an_older_page_is_refused(ours, client):
    address = pages.command(ours.role, "edit")
    seen = client.get(address).context["seen"]
    client.post(address, {"name": "first", "permissions": [], "seen": seen})
    late = client.post(address, {"name": "second", "permissions": [], "seen": seen})
    assert late.status_code == 422
    assert b"Somebody changed this" in late.content
    ours.role.refresh_from_db()
    assert ours.role.name == "first"


def test_roles_are_made_of_the_closed_list(ours, client):
    bad = client.post(pages.adding(Role), {"name": "odd", "permissions": ["everything"]})
    assert bad.status_code == 422
    client.post(pages.adding(Role), {"name": "watcher", "permissions": ["run.read", "schedule.read"]})
    assert Role.objects.get(name="watcher").permissions == ["run.read", "schedule.read"]


def test_a_role_that_was_held_is_not_deleted(ours, client):
    response = client.post(pages.command(ours.role, "remove"), {"reason": "x"})
    assert response.status_code == 422
    assert b"stands in 1 bindings" in response.content


def test_a_binding_is_given_and_ended(ours, client):
    role = Role.objects.create(tenant=ours.tenant, name="reader", permissions=["run.read"])
    values = {
        "identity": str(ours.identity.pk),
        "role": str(role.pk),
        "valid_until": "2031-01-01T00:00",
        "reason": "Wallboard",
    }
    assert client.post(pages.adding(type(ours.binding)), values).status_code == 302
    given = role.bindings.get()
    assert given.granted_by == ours.person.email
    client.post(pages.command(given, "end"), {"reason": "Done"})
    given.refresh_from_db()
    assert given.ended_reason == "Done"


def test_a_policy_that_does_not_hold_says_where(ours, client):
    response = client.post(pages.adding(ResourcePolicy), {"name": "odd", "text": "forbid (nobody);"})
    assert response.status_code == 422
    assert "line 1" in str(response.context["form"].errors["text"])


def test_a_policy_is_kept_and_told_in_plain_words(ours, client):
    text = '@id("a") @reason("b") permit (principal, action, resource) when { context.trigger == "manual" };'
    client.post(pages.adding(ResourcePolicy), {"name": "by hand", "text": text})
    policy = ResourcePolicy.objects.get(name="by hand")
    assert "Allowed when the trigger is manual." in client.get(pages.page(policy)).content.decode()


def test_a_person_gets_a_first_password_once_and_must_change_it(ours, client):
    response = client.post(pages.adding(User), {"email": "new@example.com", "role": "ANALYST"})
    made = User.objects.get(email="new@example.com")
    password = response.context["shown"].text
    assert made.check_password(password)
    assert made.must_reset_password
    assert password not in str([event.as_record() for event in AuditEvent.objects.all()])


def test_disabling_a_person_names_what_is_left_without_an_owner(ours, client):
    other = people.person(of=ours.tenant)
    ManagedIdentity.objects.filter(pk=ours.identity.pk).update(business_owner=other, business_owner_label=other.email)
    sent = client.post(pages.command(other, "disable"), {"reason": "Left"}, follow=True)
    assert "harbour-bot" in sent.content.decode()
    ours.identity.refresh_from_db()
    assert ours.identity.is_enabled


def test_nobody_makes_a_platform_administrator_of_themselves(ours, client):
    assert client.post(pages.command(ours.person, "platform"), {"is_platform_admin": "on"}).status_code == 403
    ours.person.refresh_from_db()
    assert not ours.person.is_platform_admin


def test_the_last_admin_stays_admin(ours, client):
    seen = client.get(pages.command(ours.person, "role")).context["seen"]
    response = client.post(
        pages.command(ours.person, "role"), {"role": PortalRole.ANALYST, "reason": "x", "seen": seen}
    )
    assert response.status_code == 422
    assert b"last active ADMIN" in response.content


def test_only_the_platform_makes_tenants(ours, client):
    assert client.post(pages.adding(Tenant), {"name": "Mine"}).status_code == 403
    platform = pages.signed_in(people.platform_admin(of=ours.tenant))
    assert platform.post(pages.adding(Tenant), {"name": "Theirs"}).status_code == 302
    assert Tenant.objects.filter(name="Theirs").exists()


def test_members_come_and_go(ours, client):
    other = people.person(of=ours.tenant)
    client.post(pages.command(ours.team, "add-member"), {"user": str(other.pk)})
    assert other in ours.team.members.all()
    client.post(pages.command(ours.team, "remove-member", other.pk), {})
    assert other not in ours.team.members.all()
    assert Team.objects.get(pk=ours.team.pk).members.count() == 1


def test_a_vault_is_registered_and_its_credential_is_never_shown(ours, client):
    values = {
        "name": "Bao", "provider": "hashicorp-vault", "vault_uri": "https://bao.example.com", "environment": "",
        "hashicorp_vault__credential": "s.very-secret-token", "hashicorp_vault__mount": "secret",
        "hashicorp_vault__field": "value", "hashicorp_vault__timeout": "5",
    }  # fmt: skip
    assert client.post(pages.adding(VaultConnection), values).status_code == 302
    made = VaultConnection.objects.get(name="Bao")
    assert made.has_credential
    for address in (pages.page(made), pages.page(made, "timeline"), pages.command(made, "edit")):
        assert "s.very-secret-token" not in client.get(address).content.decode()


def test_a_vault_setting_that_does_not_fit_is_said_beside_its_field(ours, client):
    values = {
        "name": "Bao", "provider": "hashicorp-vault", "vault_uri": "https://bao.example.com",
        "hashicorp_vault__credential": "s.very-secret-token", "hashicorp_vault__mount": "secret",
        "hashicorp_vault__field": "value", "hashicorp_vault__timeout": "500",
    }  # fmt: skip
    response = client.post(pages.adding(VaultConnection), values)
    assert response.context["form"].errors["hashicorp_vault__timeout"]
    assert "s.very-secret-token" not in response.content.decode()


def test_the_common_vault_stays_as_it_is(ours, client):
    common = VaultConnection.objects.get(tenant=None)
    assert client.get(pages.page(common)).context["ways"] == []
    client.post(pages.command(common, "remove"), {"reason": "x"})
    assert VaultConnection.objects.filter(pk=common.pk).exists()


@pytest.mark.parametrize(
    ("facts", "left"),
    [
        ({"role": PortalRole.AUDITOR}, {"Change role", "Disable"}),
        ({"role": PortalRole.ADMIN, "is_platform_admin": True}, {"Change role"}),
        ({"role": PortalRole.AUDITOR, "is_active": False}, {"Change role"}),
        ({"role": PortalRole.ANALYST}, {"Edit", "Change role", "Manager", "New password", "Disable"}),
    ],
)
def test_an_account_that_reaches_beyond_its_tenant_has_only_the_buttons_the_service_allows(ours, client, facts, left):
    wide = people.person(of=ours.tenant, **facts)
    assert {way.label for way in client.get(pages.page(wide)).context["ways"]} == left
    if "Edit" not in left:
        assert client.post(pages.command(wide, "password"), {}).status_code == 403
    platform = pages.signed_in(people.platform_admin())
    assert "Edit" in {way.label for way in platform.get(pages.page(wide)).context["ways"]}
