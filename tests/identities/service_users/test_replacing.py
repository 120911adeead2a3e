"""Beginning: an identity that can do what the account did, beside it; nothing of the account changes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.access import selectors as access
from identities.access.models import Role
from identities.credentials.authentication import authenticate
from identities.credentials.models import ClientSecret, SecretShowing
from identities.errors import Conflict, Invalid, Unavailable
from identities.inventory.models import ManagedIdentity
from identities.people import sign_in
from identities.people.actors import actor_of
from identities.people.models import User
from identities.service_users import replacing
from identities.service_users.models import Replacement, ReplacementState
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference
from tests.factories import people, register
from tests.factories.replacements import SYSTEM, begun, did

pytestmark = pytest.mark.django_db
LOCAL = SecretReference("local", "local://default", "reports")


@pytest.fixture
def agent() -> User:
    made = people.agent()
    did(made, "identity.read", times=3)
    did(made, "schedule.read", kind="schedule")
    did(made, "govern", kind="user", times=2)
    return made


def nothing_was_made() -> bool:
    return not (Replacement.objects.exists() or ManagedIdentity.objects.exists() or Role.objects.exists())


def test_a_person_stays_a_person() -> None:
    with pytest.raises(Conflict, match="is a person"):
        begun(people.person())
    assert nothing_was_made()


def test_a_disabled_account_has_nothing_to_move_over(agent: User) -> None:
    User.objects.filter(pk=agent.pk).update(is_active=False)
    agent.refresh_from_db()
    with pytest.raises(Conflict) as refused:
        begun(agent)
    assert refused.value.code == "account_disabled"
    assert nothing_was_made()


@pytest.mark.parametrize(
    ("choice", "member"),
    [
        ({"permissions": ["payroll.pay"]}, "permissions"),
        ({"quiet_hours": 0}, "quiet_hours"),
        ({"overdue_days": 0}, "overdue_days"),
        ({"quiet_hours": 48, "overdue_days": 2}, "overdue_days"),
        ({"environment": "moon"}, "environment"),
    ],
)
def test_what_does_not_fit_makes_nothing(agent: User, choice: dict[str, object], member: str) -> None:
    with pytest.raises(Invalid) as refused:
        begun(agent, **choice)
    assert member in refused.value.errors
    assert nothing_was_made()


def test_without_a_reason_nothing_begins(agent: User) -> None:
    with pytest.raises(Invalid) as refused:
        replacing.begin(agent, actor=SYSTEM, reason=" ")
    assert "reason" in refused.value.errors


def test_a_role_of_another_tenant_is_none(agent: User) -> None:
    with pytest.raises(Invalid) as refused:
        begun(agent, role=register.role(people.tenant(), "identity.read"))
    assert refused.value.errors == {"role": ["There is no such role."]}


def test_one_at_a_time(agent: User) -> None:
    begun(agent)
    with pytest.raises(Conflict) as refused:
        begun(agent)
    assert refused.value.code == "replacement_going_on"
    assert Replacement.objects.count() == 1


def test_a_name_that_is_taken_makes_nothing(agent: User) -> None:
    register.identity(agent.tenant, name="reports")
    with pytest.raises(Invalid) as refused:
        begun(agent, name="Reports")
    assert "name" in refused.value.errors
    assert not Replacement.objects.exists()


def test_the_identity_holds_the_least_role_until_a_day_and_proves_itself_by_the_secret(agent: User) -> None:
    made = begun(agent)
    assert made.secret_text is not None
    assert made.secret_text not in repr(made)
    assert authenticate(made.identity.client_id, made.secret_text) is not None
    at = timezone.now()
    assert access.effective_permissions(made.identity, at) == {"identity.read", "schedule.read"}
    binding = made.identity.bindings.get()
    assert at < binding.valid_until < at + timedelta(days=366)
    assert agent.email in binding.reason


def test_who_was_shown_the_secret_is_kept(agent: User) -> None:
    admin = people.person(of=agent.tenant)
    made = replacing.begin(agent, actor=actor_of(admin), reason="Away from passwords.")
    assert SecretShowing.objects.get(secret__identity=made.identity).person == admin
    assert made.replacement.begun_by == admin.email


def test_nothing_of_the_account_changes(agent: User) -> None:
    session = sign_in.open_session(agent)
    made = begun(agent)
    agent.refresh_from_db()
    assert agent.is_active
    assert sign_in.refresh(session.refresh_token).user == agent
    assert made.replacement.state == ReplacementState.BOTH_ALIVE


def test_what_is_kept_says_what_is_covered_and_what_is_not(agent: User) -> None:
    row = begun(agent, permissions=["identity.read"]).replacement
    row.refresh_from_db()
    assert row.permissions == ["identity.read"]
    texts = [one["text"] for one in row.not_covered]
    assert texts[0].startswith("Seeing or changing people and service users")
    assert texts[1] == "schedule.read: left out of the role by choice."


def test_owners_and_what_the_register_says_are_taken_over(agent: User) -> None:
    owner, gone = people.person(of=agent.tenant), people.person(of=agent.tenant)
    row = register.identity(
        agent.tenant, name=agent.email, technical_owner=owner.email, business_owner=gone.email, risk_tier="low",
        environment="staging", purpose="Writes the reports.", data_classification="internal",
    )  # fmt: skip
    ManagedIdentity.objects.filter(pk=row.pk).update(account=agent)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    made = ManagedIdentity.objects.get(pk=begun(agent).identity.pk)
    assert (made.technical_owner, made.business_owner) == (owner, None)
    assert (made.risk_tier, made.environment, made.purpose) == ("low", "staging", "Writes the reports.")
    assert (made.privilege_level, made.blast_radius) == ("low", "read_only")
    assert made.tags == {"replaces": agent.email}


def test_an_identical_role_is_not_made_twice(agent: User) -> None:
    held = register.role(agent.tenant, "schedule.read", "identity.read")
    other = people.agent(of=agent.tenant)
    did(other, "identity.read")
    did(other, "schedule.read", kind="schedule")
    assert begun(agent).replacement.role == held
    assert begun(other).replacement.role == held
    assert Role.objects.count() == 1


def test_a_role_chosen_by_hand_is_taken_as_it_is(agent: User) -> None:
    held = register.role(agent.tenant, "run.read")
    row = begun(agent, role=held).replacement
    assert (row.role, row.permissions) == (held, ["run.read"])


def test_of_two_roles_with_one_name_the_second_is_numbered(agent: User) -> None:
    Role.objects.create(tenant=agent.tenant, name="reports / least", permissions=["run.read"])
    row = begun(agent, name="reports").replacement
    assert row.role is not None
    assert row.role.name == "reports / least 2"


def test_no_activity_makes_an_empty_role_that_can_be_filled() -> None:
    idle = people.agent()
    one, two = begun(idle).replacement, begun(people.agent(of=idle.tenant)).replacement
    assert one.role is not None
    assert (one.permissions, one.role.permissions) == ([], [])
    assert one.role != two.role


def test_the_secret_goes_into_the_vault_and_nowhere_else(agent: User) -> None:
    made = begun(agent, store_secret_at=LOCAL)
    assert made.secret_text is None
    secret = ClientSecret.objects.get(identity=made.identity)
    assert secret.stored_at is not None
    assert secret.stored_at["secretName"] == "reports"


def test_a_vault_that_is_not_registered_makes_nothing(agent: User) -> None:
    with pytest.raises(Invalid):
        begun(agent, store_secret_at=SecretReference("hashicorp-vault", "https://vault.example.com", "x"))
    assert nothing_was_made()


def test_a_vault_that_fails_makes_nothing(agent: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **more: object) -> str:
        raise Unavailable("The vault is away.", code="vault_unavailable")

    monkeypatch.setattr(vaults, "write_secret", fail)
    with pytest.raises(Unavailable):
        begun(agent, store_secret_at=LOCAL)
    assert nothing_was_made()


def test_the_audit_of_the_account_tells_of_it_without_the_secret(agent: User) -> None:
    made = begun(agent)
    event = AuditEvent.objects.get(type="replacement.begun")
    assert (event.subject_id, event.reason) == (str(agent.pk), "We stop using passwords.")
    assert event.details["identity_id"] == str(made.identity.pk)
    assert event.details["permissions"] == ["identity.read", "schedule.read"]
    everything = "".join(str(row) for row in AuditEvent.objects.values_list("details", "changes", "reason"))
    assert made.secret_text is not None
    assert made.secret_text not in everything
