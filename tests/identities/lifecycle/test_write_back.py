"""The write-back meets every way a vault can fail, and a text that is lost: each is a state, and each goes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials import services as credentials
from identities.credentials.models import ClientSecret, DeliveryStep, Rotation, RotationState
from identities.inventory.states import State
from identities.lifecycle import holding, rotations, services as lifecycle, write_back
from identities.people.models import Notice, Tenant
from identities.vaults import failures, providers, services as vaults
from identities.vaults.failures import VaultError
from identities.vaults.local import LocalVault
from identities.vaults.models import VaultConnection
from identities.vaults.secret_text import SecretText
from tests.factories import register, tokens
from tests.factories.vault_servers import OPENERS, TRIED
from tests.factories.vaulted import Vaulted, later, vaulted

pytestmark = pytest.mark.django_db
SYSTEM = register.SYSTEM
QUESTIONS = ("newest", "stage", "read", "promote")
WAYS: dict[str, VaultError] = {
    kind.code: kind("It does not.")
    for kind in (
        failures.VaultUnreachable, failures.VaultTimedOut, failures.VaultUntrusted, failures.VaultNameUnknown,
        failures.VaultThrottled, failures.VaultSealed, failures.VaultFailed, failures.VaultDenied,
        failures.VaultUnauthenticated, failures.VaultClockSkew, failures.CredentialAbsent, failures.SecretNotFound,
        failures.FieldNotFound, failures.SecretUnreadable, failures.VersionConflict, failures.SecretBeingDeleted,
        failures.VersionKept,
    )
}  # fmt: skip
WAYS["vault_address_refused"] = failures.VaultAddressRefused()
WAYS["vault_path_refused"] = failures.VaultPathRefused({"secret_name": ["no"]})
WAYS["provider_not_installed"] = failures.ProviderNotInstalled()


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


@pytest.fixture
def local(tenant: Tenant) -> Vaulted:
    return vaulted(tenant)


@pytest.fixture(params=TRIED)
def connection(request: pytest.FixtureRequest, tenant: Tenant) -> VaultConnection:
    return OPENERS[request.param](tenant, request)


@pytest.fixture
def bot(tenant: Tenant, connection: VaultConnection) -> Vaulted:
    return vaulted(tenant, connection)


def rotate(bot: Vaulted) -> lifecycle.Delivered:
    return rotations.rotate(bot.identity, reason="Due", actor=SYSTEM)


@contextmanager
def failing(question: str, error: Exception, kind: type = LocalVault) -> Iterator[None]:
    with patch.object(kind, question, side_effect=error):
        yield


def test_every_way_a_vault_can_say_no_is_tried() -> None:
    def all_of(kind: type[VaultError]) -> set[str]:
        return {kind.code} | {code for inner in kind.__subclasses__() for code in all_of(inner)}

    assert set(WAYS) == all_of(VaultError) - {VaultError.code}


@pytest.mark.parametrize(
    ("question", "code"),
    [*(("stage", code) for code in sorted(WAYS)), *((question, "vault_sealed") for question in QUESTIONS)],
)
def test_each_failure_is_a_state_with_a_name_and_the_old_secret_works(local: Vaulted, question: str, code: str) -> None:
    before = local.in_vault()
    with failing(question, WAYS[code]):
        delivered = rotate(local)
    row = local.rotation
    assert delivered.text is None
    assert row.delivery_problem == code
    assert row.delivery_reason
    assert row.deliver_at is not None
    assert row.deliver_at > timezone.now()
    assert row.state == RotationState.ISSUED
    assert local.opens(before)
    assert local.live == 2
    assert AuditEvent.objects.filter(type="credential.delivery_failed", outcome="failure").count() == 1
    assert rotations.deliver_due(later()) == 1
    assert (local.rotation.delivery_step, local.rotation.delivery_problem) == (DeliveryStep.DONE, "")
    assert local.works
    assert local.opens(before)
    assert local.live == 2


@pytest.mark.parametrize("step", range(4))
def test_whoever_loses_the_text_is_followed_by_one_that_finishes(bot: Vaulted, step: int) -> None:
    """The process ends right after this question to the vault was answered."""
    before, kind = bot.in_vault(), type(providers.opened(VaultConnection.objects.get(vault_uri=bot.place.vault_uri)))
    question = QUESTIONS[step]
    asked = getattr(kind, question)

    def answered_and_gone(*args: object, **more: object) -> object:
        asked(*args, **more)
        raise KeyboardInterrupt

    with patch.object(kind, question, answered_and_gone), pytest.raises(KeyboardInterrupt):
        rotate(bot)
    assert bot.rotation.delivery_step != DeliveryStep.DONE
    assert bot.opens(before)
    assert rotations.deliver_due(timezone.now()) == 0  # the dead one's time is not over
    assert rotations.deliver_due(later()) == 1
    row = bot.rotation
    assert (row.delivery_step, row.delivery_problem) == (DeliveryStep.DONE, "")
    assert bot.works
    assert bot.opens(before)
    assert bot.live == 2
    assert row.new is not None
    was_replaced = ClientSecret.objects.filter(identity=bot.identity).count() == 3
    assert was_replaced == (question == "newest")


def test_a_lost_text_is_replaced_and_the_lost_one_is_dead(local: Vaulted) -> None:
    with failing("stage", failures.VaultTimedOut("It took too long")):
        first = rotate(local).secret
    rotations.deliver_due(later())
    first.refresh_from_db()
    new = local.rotation.new
    assert first.revoked_at is not None
    assert new is not None
    assert new != first
    assert (new.rotate_by - new.created_at, new.expires_at) == (first.rotate_by - first.created_at, first.expires_at)
    assert local.live == 2


def test_a_write_that_arrived_after_all_is_not_done_again(local: Vaulted) -> None:
    stage = LocalVault.stage

    def arrives_unheard(*args: object, **more: object) -> str:
        stage(*args, **more)  # type: ignore[arg-type]
        raise failures.VaultTimedOut("It took too long")

    with patch.object(LocalVault, "stage", arrives_unheard):
        first = rotate(local).secret
    rotations.deliver_due(later())
    assert local.rotation.new == first
    assert local.works


def test_somebody_who_writes_by_hand_in_between_is_noticed_and_ours_is_written_again(local: Vaulted) -> None:
    with failing("promote", failures.VaultSealed("sealed")):
        rotate(local)
    vaults.write_secret(local.place, "by hand", tenant_id=local.identity.tenant_id, environment="staging", actor=SYSTEM)
    rotations.deliver_due(later())
    assert local.rotation.delivery_problem == write_back.WRITTEN_OVER
    rotations.deliver_due(later())
    assert local.rotation.delivery_step == DeliveryStep.DONE
    assert local.works


def test_one_who_was_thought_dead_writes_nothing_over(local: Vaulted) -> None:
    """It knows which version it read, and the vault takes no write after another's."""
    newest = LocalVault.newest

    def slow(vault: LocalVault, *args: object) -> str:
        told = newest(vault, *args)  # type: ignore[arg-type]
        with patch.object(LocalVault, "newest", newest):
            assert rotations.deliver_due(later()) == 1
        return told

    with patch.object(LocalVault, "newest", slow):
        delivered = rotate(local)
    assert local.rotation.delivery_step == DeliveryStep.DONE
    assert delivered.rotation is not None
    assert delivered.rotation.delivery_step == DeliveryStep.DONE
    assert local.works
    assert local.live == 2


def test_a_stopped_identity_gets_its_secret_when_it_goes_on(local: Vaulted) -> None:
    before = local.in_vault()
    lifecycle.disable(local.identity, reason="Pause", actor=SYSTEM)
    rotate(local)
    assert local.rotation.delivery_problem == "identity_not_active"
    local.identity.refresh_from_db()
    lifecycle.enable(local.identity, reason="Go on", actor=SYSTEM)
    assert local.opens(before)
    rotations.deliver_due(later())
    assert local.rotation.delivery_step == DeliveryStep.DONE
    assert local.works


def test_a_retired_identity_is_delivered_nothing(local: Vaulted) -> None:
    with failing("newest", failures.VaultSealed("sealed")):
        rotate(local)
    lifecycle.retire(local.identity, reason="Gone", actor=SYSTEM)
    rotations.deliver_due(later())
    assert local.rotation.deliver_at is None
    assert local.live == 0


def test_a_rotation_that_was_rolled_back_is_delivered_no_more(local: Vaulted) -> None:
    before = local.in_vault()
    with failing("stage", failures.VaultSealed("sealed")):
        rotate(local)
    rotations.roll_back(local.rotation, reason="Enough", actor=SYSTEM)
    rotations.deliver_due(later())
    assert rotations.deliver_due(later()) == 0
    assert local.in_vault() == before
    assert local.works
    assert local.live == 1


@pytest.mark.parametrize("question", ["newest", "stage"])
def test_a_new_one_that_was_on_its_way_when_the_old_one_leaked_arrives(local: Vaulted, question: str) -> None:
    """It is the only one left: whoever works with it would stand still."""
    with failing(question, failures.VaultSealed("sealed")):
        rotate(local)
    credentials.revoke(local.old, reason="Leaked", actor=SYSTEM)
    assert not local.opens(local.in_vault())
    rotations.deliver_due(later())
    assert local.works
    assert (local.live, local.rotation.state, local.rotation.delivery_step) == (1, "retired", "done")


def test_one_that_is_being_replaced_itself_is_delivered_no_more(local: Vaulted) -> None:
    with failing("stage", failures.VaultSealed("sealed")):
        first = rotate(local).rotation
        credentials.revoke(local.old, reason="Leaked", actor=SYSTEM)
    rotate(local)
    rotations.deliver_due(later())
    assert local.works
    assert Rotation.objects.get(pk=first and first.pk).delivery_step == DeliveryStep.WRITE
    assert not holding.due(later(later()), limit=9)


def test_a_vault_that_fails_while_rolling_back_leaves_both_working(local: Vaulted) -> None:
    before = local.in_vault()
    rotate(local)
    with failing("write", failures.VaultSealed("sealed")), pytest.raises(VaultError):
        rotations.roll_back(local.rotation, reason="x", actor=SYSTEM)
    assert local.live == 2
    assert local.works
    assert local.opens(before)


def test_a_connection_that_is_gone_is_a_state_too(local: Vaulted) -> None:
    with failing("newest", failures.VaultSealed("sealed")):
        rotate(local)
    Rotation.objects.update(store_at={**local.place.as_json(), "vaultUri": "local://gone"})
    rotations.deliver_due(later())
    assert local.rotation.delivery_problem == "vault_reference_refused"


def test_tries_come_later_each_time_and_whoever_answers_is_told_once(tenant: Tenant) -> None:
    owner = register.person(tenant)
    local = vaulted(tenant, technical_owner=owner.email)
    pauses = []
    with failing("newest", failures.VaultSealed("It is sealed")):
        rotate(local)
        for number in range(9):
            due = local.rotation.deliver_at
            assert due is not None
            pauses.append(due - timezone.now())
            rotations.deliver_due(later(timezone.now() + timedelta(hours=number)))
    assert pauses == sorted(pauses)
    assert pauses[0] <= timedelta(seconds=5)
    assert pauses[-1] <= timedelta(minutes=15)
    assert Notice.objects.filter(kind="delivery_failed", person=owner).count() == 1
    assert AuditEvent.objects.filter(type="credential.delivery_failed").count() == 1
    assert local.live == 2


def test_a_person_may_have_it_tried_now(local: Vaulted) -> None:
    with failing("newest", failures.VaultSealed("sealed")):
        rotate(local)
    assert rotations.resume(local.rotation, actor=SYSTEM).delivery_step == DeliveryStep.DONE
    assert AuditEvent.objects.filter(type="credential.delivery_resumed").count() == 1


def test_one_that_breaks_off_does_not_keep_the_others_waiting(tenant: Tenant) -> None:
    both = [vaulted(tenant, name=f"n{number}") for number in range(2)]
    with failing("newest", failures.VaultSealed("sealed")):
        for one in both:
            rotate(one)
    newest = LocalVault.newest

    def one_breaks(vault: LocalVault, reference: object, tenant_id: object) -> str:
        if getattr(reference, "secret_name", "") == "n0":
            raise RuntimeError("canary")
        return newest(vault, reference, tenant_id)  # type: ignore[arg-type]

    with patch.object(LocalVault, "newest", one_breaks):
        rotations.deliver_due(later())
    assert [one.rotation.delivery_step for one in both] == [DeliveryStep.WRITE, DeliveryStep.DONE]
    assert both[0].rotation.delivery_problem == "delivery_broke_off"
    assert "canary" not in both[0].rotation.delivery_reason


def test_a_delivery_is_taken_by_one(local: Vaulted) -> None:
    with failing("newest", failures.VaultSealed("sealed")):
        rotate(local)
    at, key = timezone.now(), local.rotation.pk
    held = holding.take(key, at=at)
    assert held is not None
    assert holding.take(key, at=at) is None
    assert holding.take(key, at=later(at)) is not None
    with pytest.raises(holding.HoldLost):
        holding.save(held, delivery_problem="late")
    assert local.rotation.delivery_problem != "late"


def test_what_is_written_and_failed_never_shows_the_text(local: Vaulted, caplog: pytest.LogCaptureFixture) -> None:
    kept: list[str] = []
    stage = LocalVault.stage

    def listening(vault: LocalVault, reference: object, text: SecretText, *more: object) -> str:
        kept.append(text.reveal())
        return stage(vault, reference, text, *more)  # type: ignore[arg-type]

    with caplog.at_level("DEBUG"), patch.object(LocalVault, "stage", listening):
        with failing("promote", failures.VaultFailed("It failed")):
            rotate(local)
        rotations.deliver_due(later())
    assert kept
    shown = caplog.text + str(list(AuditEvent.objects.values())) + str(list(Rotation.objects.values()))
    assert kept[0] not in shown


def test_a_secret_made_beside_another_is_delivered_the_same_way(local: Vaulted) -> None:
    with failing("stage", failures.VaultSealed("sealed")):
        made = lifecycle.issue_secret(local.identity, actor=SYSTEM, store_at=local.place)
    assert made.rotation is not None
    assert made.rotation.delivery_problem == "vault_sealed"
    assert local.identity.state == State.ACTIVE
    rotations.deliver_due(later())
    assert local.works


def test_the_first_secret_of_all_is_taken_back_where_the_vault_fails(tenant: Tenant) -> None:
    fresh = tokens.identity(of=tenant)
    local = vaulted(tenant)
    with failing("write", failures.VaultSealed("sealed")), pytest.raises(lifecycle.secrets.Unavailable):
        lifecycle.issue_secret(fresh, actor=SYSTEM, store_at=replace(local.place, secret_name="fresh"))
    assert not fresh.secrets.filter(revoked_at=None).exists()
