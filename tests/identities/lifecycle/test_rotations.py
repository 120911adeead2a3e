"""Replacing a secret: refused, shown, or written back to each kind of vault; and back again."""

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials import services as credentials
from identities.credentials.models import ClientSecret, DeliveryStep, Rotation, RotationState, SecretShowing
from identities.errors import Conflict, Invalid
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import rotations, services as lifecycle
from identities.people.models import Tenant
from identities.tokens.models import IssuedToken
from identities.vaults import services as vaults
from identities.vaults.failures import SecretNotFound
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference
from tests.factories import register, tokens
from tests.factories.vault_servers import OPENERS, TRIED
from tests.factories.vaulted import Vaulted, later, vaulted

pytestmark = pytest.mark.django_db
WHY = "Due this month"
SYSTEM = register.SYSTEM


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture(params=TRIED)
def connection(request: pytest.FixtureRequest, tenant: Tenant) -> VaultConnection:
    return OPENERS[request.param](tenant, request)


@pytest.fixture
def bot(tenant: Tenant, connection: VaultConnection) -> Vaulted:
    return vaulted(tenant, connection)


@pytest.fixture
def local(tenant: Tenant) -> Vaulted:
    return vaulted(tenant)


def rotate(bot: Vaulted, **more: object) -> lifecycle.Delivered:
    return rotations.rotate(bot.identity, reason=WHY, actor=SYSTEM, **more)  # type: ignore[arg-type]


def test_without_a_reason_nothing_is_made(local: Vaulted) -> None:
    for reason in ("", "  "):
        with pytest.raises(Invalid) as refused:
            rotations.rotate(local.identity, reason=reason, actor=SYSTEM)
        assert "reason" in refused.value.errors
    assert local.live == 1


def test_an_identity_without_a_secret_has_nothing_to_rotate(tenant: Tenant) -> None:
    with pytest.raises(Conflict) as refused:
        rotations.rotate(register.identity(tenant), reason=WHY, actor=SYSTEM)
    assert refused.value.code == "nothing_to_rotate"


def test_a_dead_secret_is_not_replaced(local: Vaulted) -> None:
    credentials.revoke(local.old, reason="Leaked", actor=SYSTEM)
    with pytest.raises(Conflict) as refused:
        rotate(local, secret=ClientSecret.objects.get(pk=local.old.pk))
    assert refused.value.code == "not_live"


def test_a_place_in_no_vault_of_ours_makes_nothing(local: Vaulted) -> None:
    with pytest.raises(Invalid) as refused:
        rotate(local, store_at=SecretReference("local", "local://elsewhere", "x"))
    assert "store_secret_at.vault_uri" in refused.value.errors
    assert local.live == 1
    assert not Rotation.objects.exists()


def test_a_third_secret_is_refused_while_two_overlap(local: Vaulted) -> None:
    rotate(local)
    with pytest.raises(Conflict) as refused:
        rotate(local)
    assert refused.value.code == "overlap_still_open"
    assert local.live == 2


def test_a_secret_in_no_vault_is_answered_once_and_who_saw_it_is_kept(tenant: Tenant) -> None:
    made = tokens.bot(of=tenant)
    delivered = rotations.rotate(made.identity, reason=WHY, actor=SYSTEM)
    assert delivered.text is not None
    assert delivered.rotation is not None
    assert SecretShowing.objects.filter(secret=delivered.secret).exists()
    assert delivered.text not in repr(delivered)
    assert delivered.text not in str(list(AuditEvent.objects.values()))


def test_the_new_secret_is_in_the_vault_proved_and_shown_to_nobody(bot: Vaulted) -> None:
    before = bot.in_vault()
    delivered = rotate(bot)
    assert delivered.text is None
    assert bot.in_vault() != before
    assert bot.opens(before)
    assert bot.works
    row = bot.rotation
    assert (row.delivery_step, row.delivery_problem, row.deliver_at) == (DeliveryStep.DONE, "", None)
    assert row.state != RotationState.ISSUED
    assert row.distributed_at is not None
    assert row.new is not None
    assert (row.new.stored_at or {})["version"] == row.delivery_version
    assert not SecretShowing.objects.filter(secret=row.new).exists()
    assert bot.in_vault() not in str(list(AuditEvent.objects.values()))


def test_proving_leaves_no_token_and_no_mark_of_use(bot: Vaulted) -> None:
    rotate(bot)
    tried = IssuedToken.objects.get(identity=bot.identity)
    assert tried.revoked_at is not None
    new = bot.rotation.new
    assert new is not None
    new.refresh_from_db()
    assert (new.first_used_at, new.last_used_at, new.uses) == (None, None, 0)


def test_the_vault_gets_the_old_value_back_and_the_new_one_dies(bot: Vaulted) -> None:
    before = bot.in_vault()
    rotate(bot)
    after = bot.in_vault()
    rotations.roll_back(bot.rotation, reason="The consumer broke", actor=SYSTEM)
    assert bot.in_vault() == before
    assert bot.works
    assert not bot.opens(after)
    assert bot.rotation.state == RotationState.ROLLED_BACK
    old = ClientSecret.objects.get(pk=bot.old.pk)
    assert bot.in_vault((old.stored_at or {})["version"]) == before
    rotate(bot)  # and nothing stands in the way of the next
    assert bot.works


def test_a_rotation_after_a_retired_one_goes_to_the_same_place(bot: Vaulted) -> None:
    for _number in range(3):
        rotate(bot)
        open_one = Rotation.objects.get(identity=bot.identity, ended_at=None)
        assert open_one.old is not None
        credentials.revoke(open_one.old, reason="Silent", actor=SYSTEM)
        assert bot.works
        assert bot.live == 1


def test_what_the_vault_does_not_keep_any_more_is_not_rolled_back(local: Vaulted) -> None:
    rotate(local)
    old_version = (local.old.stored_at or {})["version"]
    place = SecretReference("local", "local://default", local.place.secret_name, old_version)
    vaults.destroy_secret(place, tenant_id=local.identity.tenant_id, actor=SYSTEM)
    with pytest.raises(Conflict) as refused:
        rotations.roll_back(local.rotation, reason="x", actor=SYSTEM)
    assert refused.value.code == "old_value_not_in_vault"
    assert local.live == 2
    assert local.works


def test_a_roll_back_wants_a_reason_and_an_open_rotation(local: Vaulted) -> None:
    rotate(local)
    with pytest.raises(Invalid):
        rotations.roll_back(local.rotation, reason=" ", actor=SYSTEM)
    rotations.roll_back(local.rotation, reason="x", actor=SYSTEM)
    with pytest.raises(Conflict) as refused:
        rotations.roll_back(local.rotation, reason="x", actor=SYSTEM)
    assert refused.value.code == "rotation_ended"


def test_a_secret_moved_into_a_vault_leaves_the_old_one_with_whoever_has_it(tenant: Tenant) -> None:
    shown = tokens.bot(of=tenant)
    place = SecretReference("local", "local://default", "moved")
    rotations.rotate(shown.identity, reason=WHY, actor=SYSTEM, store_at=place)
    moved = Vaulted(shown.identity, place, shown.identity.secrets.earliest("created_at"))
    assert moved.works
    rotations.roll_back(moved.rotation, reason="Too early", actor=SYSTEM)
    assert moved.opens(shown.secret)
    with pytest.raises(SecretNotFound):
        moved.in_vault()


def test_a_rotation_changes_nothing_but_the_credential(local: Vaulted) -> None:
    tokens.grant(local.identity, "workflow.execute")
    kept = {
        field.attname
        for field in ManagedIdentity._meta.concrete_fields
        if field.attname not in {"rotate_by", "last_rotated_at", "reassess_at", "assessed_at"}
    }

    def picture() -> object:
        row = ManagedIdentity.objects.filter(pk=local.identity.pk).values(*kept).get()
        return row, list(local.identity.bindings.order_by("pk").values())

    before = picture()
    rotate(local)
    rotations.roll_back(local.rotation, reason="x", actor=SYSTEM)
    rotate(local)
    assert picture() == before


def test_nothing_due_costs_one_query(local: Vaulted, django_assert_num_queries) -> None:
    rotate(local)
    with django_assert_num_queries(1):
        assert rotations.deliver_due(later()) == 0


def test_what_is_delivered_is_not_resumed(local: Vaulted) -> None:
    rotate(local)
    with pytest.raises(Conflict) as refused:
        rotations.resume(local.rotation, actor=SYSTEM)
    assert refused.value.code == "nothing_to_deliver"


def test_what_somebody_is_at_is_not_resumed(local: Vaulted) -> None:
    rotate(local)
    at = timezone.now()
    Rotation.objects.update(delivery_step=DeliveryStep.WRITE, deliver_at=at, delivery_held_until=later(at))
    with pytest.raises(Conflict) as refused:
        rotations.resume(local.rotation, actor=SYSTEM)
    assert refused.value.code == "delivery_under_way"
