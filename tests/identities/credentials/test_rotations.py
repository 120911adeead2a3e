"""Rotations on real rows: begun, moved by evidence, rolled back, ended; nothing else of the identity changes."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from audit.models import AuditEvent
from identities.access.models import RoleBinding
from identities.credentials import rotations, services as credentials
from identities.credentials.authentication import authenticate
from identities.credentials.models import ClientKey, ClientSecret, Delivery, Rotation, RotationState as State
from identities.credentials.rotation import LATE
from identities.errors import Conflict, Invalid
from identities.inventory.models import ManagedIdentity, TenantStandards
from identities.people.models import Notice
from identities.policies import services as policies
from identities.policies.models import ResourcePolicy
from tests.factories import pages, register, tokens
from tests.factories.tokens import Bot

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def bot() -> Bot:
    return tokens.bot(risk_tier="high")


def begin(bot: Bot, **given: Any) -> tuple[Rotation, str]:
    issued = credentials.issue(bot.identity, actor=register.SYSTEM, **given)
    assert issued.rotation is not None
    return issued.rotation, issued.text


def use(secret: ClientSecret | ClientKey | None, at: datetime) -> None:
    assert secret is not None
    row = type(secret).objects.get(pk=secret.pk)
    row.first_used_at, row.last_used_at = row.first_used_at or at, at
    row.save(update_fields=["first_used_at", "last_used_at"])


def watch(rotation: Rotation, until: datetime, *, every: timedelta = 5 * MINUTE) -> Rotation:
    """Look as the clock does, until `until`."""
    at = rotation.looked_at
    while at < until:
        at = min(at + every, until)
        rotations.tend(at)
    return Rotation.objects.get(pk=rotation.pk)


def events(*kinds: str) -> list[str]:
    found = AuditEvent.objects.order_by("id").values_list("type", flat=True)
    return [kind for kind in found if not kinds or kind in kinds]


def told(rotation: Rotation, kind: str = "rotation_overdue") -> int:
    return Notice.objects.filter(key=f"{kind}-{rotation.pk}").count()


def owned(**facts: Any) -> Bot:
    """With an owner, who can be told."""
    made = tokens.bot(technical_owner=(owner := tokens.person()), **facts)
    ManagedIdentity.objects.filter(pk=made.identity.pk).update(tenant=owner.tenant)
    return made


# Refused


def test_a_rotation_is_rolled_back_or_cut_short_for_a_reason_and_while_it_is_open(bot: Bot) -> None:
    rotation, _ = begin(bot)
    for command in (rotations.roll_back, rotations.retire_old):
        with pytest.raises(Invalid):
            command(rotation, reason=" ", actor=register.SYSTEM)
    rotations.roll_back(rotation, reason="Broke", actor=register.SYSTEM)
    for command in (rotations.roll_back, rotations.retire_old):
        with pytest.raises(Conflict) as refusal:
            command(rotation, reason="Again", actor=register.SYSTEM)
        assert refusal.value.code == "rotation_ended"
    with pytest.raises(Conflict):
        rotations.mark_distributed(rotation, actor=register.SYSTEM, at=timezone.now())


def test_what_has_ended_is_not_gone_back_to(bot: Bot) -> None:
    rotation, _ = begin(bot)
    past = timezone.now() - MINUTE
    ClientSecret.objects.filter(pk=rotation.old_id).update(expires_at=past)
    with pytest.raises(Conflict) as refusal:
        rotations.roll_back(rotation, reason="Broke", actor=register.SYSTEM)
    assert refusal.value.code == "old_secret_ended"
    ClientSecret.objects.filter(pk=rotation.old_id).update(expires_at=None)
    ClientSecret.objects.filter(pk=rotation.new_id).update(expires_at=past)
    with pytest.raises(Conflict) as refusal:
        rotations.retire_old(rotation, reason="Quick", actor=register.SYSTEM)
    assert refusal.value.code == "new_secret_ended"


def test_an_unknown_rotation_is_nothing_to_advance() -> None:
    assert rotations.advance(Rotation().pk, at=timezone.now()) is None


# How it goes


def test_the_first_secret_begins_no_rotation_and_the_second_does(bot: Bot) -> None:
    assert not Rotation.objects.exists()
    rotation, _ = begin(bot, reason="Due", delivery=Delivery.VAULT)
    assert (rotation.state, rotation.reason, rotation.delivery) == (State.ISSUED, "Due", "vault")
    assert rotation.cutover_deadline - rotation.started_at == 48 * HOUR
    assert (rotation.silent_seconds, rotation.after_deadline) == (3600, "retire")
    record = AuditEvent.objects.get(type="credential.rotated")
    assert (record.details["old"], record.details["new"]) == (bot.secret[-4:], rotation.new.hint)


def test_the_policy_of_the_tenant_and_the_known_cadence_set_the_figures() -> None:
    slow = tokens.bot(risk_tier="low", expected_cadence="weekly", schedule_cadence_seconds=86_400)
    TenantStandards.objects.create(tenant=slow.identity.tenant, rules={"after_deadline": {"low": "retire"}})
    rotation, _ = begin(slow)
    assert rotation.silent_seconds == 14 * 86_400
    assert rotation.cutover_deadline - rotation.started_at == timedelta(days=28)
    assert rotation.after_deadline == "retire"


def test_both_secrets_let_in_until_the_old_one_was_silent_and_then_it_is_dead(bot: Bot) -> None:
    rotation, new_text = begin(bot)
    start = rotation.started_at
    use(rotation.old, start + 10 * MINUTE)
    use(rotation.new, start + 20 * MINUTE)
    seen = watch(rotation, start + 30 * MINUTE)
    assert (seen.state, seen.both_seen_at) == (State.BOTH_SEEN, start + 20 * MINUTE)
    assert authenticate(bot.client_id, bot.secret)
    assert authenticate(bot.client_id, new_text)
    assert watch(seen, start + 70 * MINUTE).state == State.BOTH_SEEN
    over = watch(seen, start + 70 * MINUTE + LATE)
    assert (over.state, over.ended_at) == (State.RETIRED, start + 70 * MINUTE + LATE)
    assert over.old_silent_at is not None
    assert authenticate(bot.client_id, bot.secret) is None
    assert authenticate(bot.client_id, new_text)
    assert events("credential.distributed", "credential.cut_over", "credential.retired", "credential.revoked") == [
        "credential.distributed",
        "credential.cut_over",
        "credential.retired",
    ]


def test_while_it_is_used_it_is_not_retired(bot: Bot) -> None:
    rotation, _ = begin(bot)
    use(rotation.new, rotation.started_at)
    for hours in range(1, 46):
        use(rotation.old, rotation.started_at + (hours - 0.5) * HOUR)
        rotation = watch(rotation, rotation.started_at + hours * HOUR, every=15 * MINUTE)
    assert rotation.state == State.BOTH_SEEN


def test_an_unused_new_one_leaves_the_old_one_alone(bot: Bot) -> None:
    rotation, _ = begin(bot)
    assert watch(rotation, rotation.started_at + 5 * HOUR).state == State.ISSUED
    assert authenticate(bot.client_id, bot.secret)


def test_saying_that_it_is_distributed_is_kept_once(bot: Bot) -> None:
    rotation, _ = begin(bot)
    at = timezone.now()
    for _ in range(2):
        held = rotations.mark_distributed(rotation, actor=register.SYSTEM, at=at, how="Put into the vault")
    assert (held.state, held.distributed_at) == (State.DISTRIBUTED, at)
    assert events("credential.distributed") == ["credential.distributed"]


def test_advancing_twice_does_nothing_twice(bot: Bot) -> None:
    rotation, _ = begin(bot)
    use(rotation.new, rotation.started_at)
    at = rotation.started_at + 2 * MINUTE
    rotations.advance(rotation.pk, at=at)
    before = events()
    rotations.advance(rotation.pk, at=at)
    assert events() == before


# Before the deadline, and past it


@pytest.mark.parametrize(("tier", "warned"), [("low", 0), ("medium", 1), ("high", 1)])
def test_owners_are_warned_once_before_an_old_one_that_is_used_is_slowed_or_ended(tier: str, warned: int) -> None:
    rotation, _ = begin(owned(risk_tier=tier))
    use(rotation.new, rotation.started_at)
    ahead = min(0.25 * (rotation.cutover_deadline - rotation.started_at), timedelta(days=2))
    at = rotation.cutover_deadline - ahead
    use(rotation.old, at - MINUTE)
    Rotation.objects.update(looked_at=at, consider_at=at - MINUTE)
    for moment in (at - MINUTE, at, at + MINUTE, at + 2 * MINUTE):
        rotations.tend(moment)
        Rotation.objects.update(consider_at=moment)
    assert told(rotation, "rotation_ending") == warned
    assert events("credential.cutover_warned") == ["credential.cutover_warned"] * warned
    held = Rotation.objects.get()
    assert (held.warned_at, held.overdue_at) == (at if warned else None, None)
    if warned:
        said = Notice.objects.get(key=f"rotation_ending-{rotation.pk}")
        assert "is still used" in said.text
        assert ("is retired" in said.text) is (tier == "high")


def test_whoever_waits_for_a_delivery_is_not_slowed_and_the_alert_says_what_stands_in_the_way() -> None:
    bot = owned(risk_tier="high")
    rotation, _ = begin(bot, delivery=Delivery.VAULT)
    late = rotation.cutover_deadline + MINUTE
    stuck = {"delivery_step": "write", "delivery_reason": "The vault is sealed."}
    Rotation.objects.update(**stuck, looked_at=late, consider_at=late)
    for minutes in range(2):
        rotations.advance(rotation.pk, at=late + minutes * MINUTE)
    assert ClientSecret.objects.get(pk=rotation.old_id).throttled_at is None
    said = Notice.objects.get(key=f"rotation_overdue-{rotation.pk}").text
    assert "is not in its vault yet: The vault is sealed." in said
    assert "works on as before" in said
    Rotation.objects.update(delivery_step="done", state=State.DISTRIBUTED, distributed_at=late)
    assert watch(rotation, late + HOUR).overdue_at == late
    assert ClientSecret.objects.get(pk=rotation.old_id).throttled_at is None
    watch(Rotation.objects.get(), late + HOUR + LATE)
    assert ClientSecret.objects.get(pk=rotation.old_id).throttled_at is not None


@pytest.mark.parametrize(("tier", "lets_in"), [("low", True), ("medium", True), ("high", False)])
def test_past_the_deadline_owners_are_told_once_and_the_tier_decides(tier: str, lets_in: bool) -> None:
    bot = owned(risk_tier=tier)
    rotation, _ = begin(bot)
    late = rotation.cutover_deadline + MINUTE
    use(rotation.new, rotation.started_at)
    use(rotation.old, late)
    Rotation.objects.update(looked_at=late, consider_at=late)
    for minutes in range(3):
        rotations.tend(late + minutes * MINUTE)
    assert told(rotation) == 1
    row = ManagedIdentity.objects.get(pk=bot.identity.pk)
    assert row.brittle
    assert "was not silent by the deadline" in row.brittle_reason
    assert events("credential.cutover_overdue", "identity.marked_brittle") == [
        "identity.marked_brittle",
        "credential.cutover_overdue",
    ]
    assert (authenticate(bot.client_id, bot.secret) is not None) is lets_in
    assert (ClientSecret.objects.get(pk=rotation.old_id).throttled_at is not None) is (tier == "medium")


def test_a_new_one_that_was_never_seen_slows_the_old_one_and_never_ends_it(bot: Bot) -> None:
    rotation, _ = begin(bot)
    late = rotation.cutover_deadline + MINUTE
    use(rotation.old, late - HOUR)
    Rotation.objects.update(looked_at=late, consider_at=late)
    rotations.tend(late)
    held = Rotation.objects.get(pk=rotation.pk)
    assert (held.state, held.overdue_at) == (State.ISSUED, late)
    assert "was not used by" in ManagedIdentity.objects.get(pk=bot.identity.pk).brittle_reason
    first, second = (authenticate(bot.client_id, bot.secret) for _ in range(2))
    assert first is not None
    assert second is not None
    assert (first.is_throttled, second.is_throttled) == (False, True)
    assert 0 < second.wait_seconds <= 60


def test_a_rotation_in_time_takes_brittle_back_and_a_late_one_does_not(bot: Bot) -> None:
    ManagedIdentity.objects.filter(pk=bot.identity.pk).update(brittle=True, brittle_reason="Last time")
    rotation, _ = begin(bot)
    use(rotation.new, rotation.started_at)
    over = watch(rotation, rotation.started_at + HOUR + LATE)
    assert over.state == State.RETIRED
    row = ManagedIdentity.objects.get(pk=bot.identity.pk)
    assert (row.brittle, row.brittle_reason) == (False, "")
    assert events("identity.brittle_cleared") == ["identity.brittle_cleared"]


def test_an_end_by_hand_proves_nothing_of_a_brittle_one(bot: Bot) -> None:
    ManagedIdentity.objects.filter(pk=bot.identity.pk).update(brittle=True)
    rotation, _ = begin(bot)
    rotations.retire_old(rotation, reason="Now", actor=register.SYSTEM)
    assert ManagedIdentity.objects.get(pk=bot.identity.pk).brittle


# Stopped, unobserved


def test_a_stopped_identity_is_not_judged_and_its_silence_counts_from_its_return(bot: Bot) -> None:
    rotation, _ = begin(bot)
    use(rotation.new, rotation.started_at)
    tokens.stop(bot.identity)
    assert watch(rotation, rotation.started_at + 60 * HOUR, every=10 * MINUTE).state == State.ISSUED
    back = rotation.started_at + 60 * HOUR
    ManagedIdentity.objects.filter(pk=bot.identity.pk).update(state="active", state_changed_at=back)
    going = watch(Rotation.objects.get(), back + HOUR)
    assert (going.state, going.overdue_at) == (State.BOTH_SEEN, None)
    assert watch(going, back + HOUR + LATE).state == State.RETIRED


def test_after_a_pause_of_the_clock_silence_is_counted_anew(bot: Bot) -> None:
    rotation, _ = begin(bot)
    use(rotation.new, rotation.started_at)
    watch(rotation, rotation.started_at + 10 * MINUTE)
    woken = rotation.started_at + 20 * HOUR
    rotations.tend(woken)
    going = Rotation.objects.get()
    assert (going.state, going.watched_since) == (State.BOTH_SEEN, woken)
    assert watch(going, woken + HOUR).state == State.BOTH_SEEN
    assert watch(going, woken + HOUR + LATE).state == State.RETIRED


# Ended by hand


def test_rolling_back_ends_the_new_one_and_gives_the_old_one_its_pace_back(bot: Bot) -> None:
    rotation, new_text = begin(bot)
    ClientSecret.objects.filter(pk=rotation.old_id).update(throttled_at=timezone.now())
    held = rotations.roll_back(rotation, reason="Broke the night run", actor=register.SYSTEM)
    assert (held.state, held.ended_reason, held.consider_at) == (State.ROLLED_BACK, "Broke the night run", None)
    assert authenticate(bot.client_id, new_text) is None
    for _ in range(2):
        found = authenticate(bot.client_id, bot.secret)
        assert found is not None
        assert not found.is_throttled
    assert credentials.issue(bot.identity, actor=register.SYSTEM).rotation is not None


@pytest.mark.parametrize(("which", "state"), [("old", State.RETIRED), ("new", State.ROLLED_BACK)])
def test_revoking_one_of_the_two_ends_the_rotation(bot: Bot, which: str, state: State) -> None:
    rotation, _ = begin(bot)
    credentials.revoke(getattr(rotation, which), reason="Leaked", actor=register.SYSTEM)
    over = Rotation.objects.get()
    assert (over.state, over.ended_reason) == (state, "Leaked")
    assert AuditEvent.objects.get(type="credential.revoked").details["rotation"] == state
    assert credentials.issue(bot.identity, actor=register.SYSTEM).rotation is not None


def test_one_that_dies_by_its_own_date_ends_the_rotation(bot: Bot) -> None:
    rotation, _ = begin(bot)
    at = timezone.now()
    ClientSecret.objects.filter(pk=rotation.old_id).update(expires_at=at)
    rotations.tend(at)
    assert Rotation.objects.get().state == State.RETIRED
    assert events("credential.retired") == ["credential.retired"]


# What is told of it, and what it costs


def test_keys_overlap_as_secrets_do(bot: Bot) -> None:
    rows = [
        ClientKey.objects.create(
            identity=bot.identity, kid=f"k{number}", alg="ES256", public_jwk={}, thumbprint=f"t{number}",
            rotate_by=timezone.now() + timedelta(days=30),
        )
        for number in range(2)
    ]  # fmt: skip
    at = timezone.now()
    with transaction.atomic():
        rotation = rotations.begin_keys(
            bot.identity, old_key=rows[0], new_key=rows[1], reason="Due", actor=register.SYSTEM, at=at
        )
    assert rotation.state == State.DISTRIBUTED
    with pytest.raises(Conflict, match="k0"):
        credentials.issue(bot.identity, actor=register.SYSTEM)
    use(rows[1], at)
    assert watch(rotation, at + HOUR + LATE).state == State.RETIRED
    assert ClientKey.objects.get(kid="k0").revoked_at is not None


def test_nothing_changes_but_the_credential(bot: Bot) -> None:
    tokens.grant(bot.identity, "run.read")
    policies.create_policy(tenant_id=bot.identity.tenant_id, name="p", text=pages.POLICY, actor=register.SYSTEM)

    def kept() -> dict[str, object]:
        row = ManagedIdentity.objects.filter(pk=bot.identity.pk).values().get()
        beside = {"updated_at", "last_rotated_at", "rotate_by", "assessed_at", "reassess_at", "triage_reasons"}
        return {
            "identity": {name: value for name, value in row.items() if name not in beside},
            "bindings": list(RoleBinding.objects.filter(identity=bot.identity).values("role_id", "valid_until")),
            "roles": [list(binding.role.permissions) for binding in RoleBinding.objects.filter(identity=bot.identity)],
            "policies": list(ResourcePolicy.objects.filter(tenant=bot.identity.tenant_id).values()),
        }

    before = kept()
    rotation, _ = begin(bot)
    assert kept() == before
    use(rotation.new, rotation.started_at)
    assert watch(rotation, rotation.started_at + HOUR + LATE).state == State.RETIRED
    assert kept() == before


def test_with_nothing_to_do_the_clock_asks_one_question(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert rotations.tend(timezone.now()) == 0


def test_many_that_wait_cost_as_much_as_one() -> None:
    counted = []
    for size in (1, 10):
        for _ in range(size):
            begin(tokens.bot())
        Rotation.objects.update(consider_at=timezone.now())
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert rotations.tend(timezone.now()) == 0
        counted.append(len([one for one in asked if not one["sql"].startswith(("SAVEPOINT", "RELEASE", "UPDATE"))]))
    assert counted[0] == counted[1]
