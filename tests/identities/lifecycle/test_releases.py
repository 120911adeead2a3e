"""The end of a quarantine: what is undone and what is not, and who alone may not decide it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.access.models import RoleBinding
from identities.credentials.authentication import authenticate
from identities.errors import Conflict, Invalid, Refused
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import actor_of as machine_of
from identities.lifecycle import drills, pausing, services as lifecycle
from identities.lifecycle.models import Quarantine
from identities.lifecycle.quarantines import quarantine
from identities.lifecycle.releases import ask, needs_two, release, release_or_ask
from identities.people import services as people
from identities.people.actors import actor_of
from identities.people.models import PortalRole, Tenant, User
from identities.tokens import selectors as issued, services as tokens
from scheduling.services import schedules
from tests.factories import passport, register, runs, tokens as made

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")
REASON = "It was a false alarm"


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


def admin(tenant: Tenant) -> User:
    """Somebody who was there before any quarantine of these tests."""
    return register.person(tenant, created_at=timezone.now() - timedelta(days=1))


def stopped(tenant: Tenant, **facts) -> Quarantine:
    return quarantine(made.identity(of=tenant, **facts), reason="incident", actor=SYSTEM)


def state(row: Quarantine) -> str:
    return ManagedIdentity.objects.get(pk=row.identity_id).state


def test_a_release_needs_a_reason(tenant: Tenant) -> None:
    with pytest.raises(Invalid):
        release(stopped(tenant), reason=" ", actor=actor_of(admin(tenant)))


@pytest.mark.parametrize("tier", ["low", "high"])
def test_no_machine_ends_an_incident(tenant: Tenant, tier: str) -> None:
    row = stopped(tenant, risk_tier=tier)
    agent = register.person(tenant, is_agent=True)
    for machine in (SYSTEM, machine_of(made.identity(of=tenant)), actor_of(agent)):
        for command in (release, ask, release_or_ask):
            with pytest.raises(Refused) as refused:
                command(row, reason=REASON, actor=machine)
            assert refused.value.code == "not_a_person"
    assert state(row) == "quarantined"


def test_what_was_active_works_again_and_its_old_tokens_do_not(tenant: Tenant) -> None:
    bot = made.bot(of=tenant)
    with passport.fresh():
        before = timezone.now()
        token = tokens.mint(bot.identity, scope="roles", at=before)
        row = quarantine(bot.identity, reason="incident", actor=SYSTEM)
        release(row, reason=REASON, actor=actor_of(admin(tenant)))
        assert authenticate(bot.client_id, bot.secret) is not None
        at = timezone.now()
        assert issued.live_token(token.jti, tenant.pk, int(before.timestamp()), at) is None
    row.refresh_from_db()
    assert (row.release_reason, row.closed_at is not None) == (REASON, True)
    assert AuditEvent.objects.filter(type="identity.released", subject_id=str(bot.identity.pk)).exists()


def test_a_token_minted_in_the_instant_of_the_stop_does_not_come_back(tenant: Tenant) -> None:
    bot = made.bot(of=tenant)
    with passport.fresh():
        row = quarantine(bot.identity, reason="incident", actor=SYSTEM)
        # A request that had read the row before the stop was committed, and signs a second later.
        late = timezone.now() + timedelta(seconds=1)
        token = tokens.mint(ManagedIdentity(**{**_plain(bot.identity), "tokens_revoked_at": None}), scope="", at=late)
        moment = int(late.timestamp())
        while timezone.now().timestamp() < moment + 1:
            pass
        release(row, reason=REASON, actor=actor_of(admin(tenant)))
        assert issued.live_token(token.jti, tenant.pk, moment, timezone.now()) is None


def _plain(identity: ManagedIdentity) -> dict[str, object]:
    return {field.attname: getattr(identity, field.attname) for field in identity._meta.concrete_fields}


def test_one_disabled_before_stays_disabled(tenant: Tenant) -> None:
    identity = made.identity(of=tenant)
    lifecycle.disable(identity, reason="holiday", actor=SYSTEM)
    row = quarantine(identity, reason="incident", actor=SYSTEM)
    release(row, reason=REASON, actor=actor_of(admin(tenant)))
    assert state(row) == "disabled"


def test_one_paused_before_is_disabled_and_not_left_to_resume_by_itself(tenant: Tenant) -> None:
    identity = made.identity(of=tenant)
    pausing.pause(identity, reason="test", until=timezone.now() + timedelta(hours=1), actor=SYSTEM)
    row = quarantine(identity, reason="incident", actor=SYSTEM)
    release(row, reason=REASON, actor=actor_of(admin(tenant)))
    assert state(row) == "disabled"
    assert pausing.due(timezone.now() + timedelta(days=1)) == []


def test_only_the_schedules_that_it_paused_are_resumed(tenant: Tenant) -> None:
    identity = made.identity(of=tenant)
    going, paused, taken = (runs.schedule(of=tenant, managed_identity_id=identity.pk) for _ in range(3))
    schedules.pause(paused, actor=SYSTEM, reason="by hand")
    row = quarantine(identity, reason="incident", actor=SYSTEM)
    schedules.resume(taken, actor=SYSTEM)
    schedules.pause(taken, actor=SYSTEM, reason="by hand, since then")
    release(row, reason=REASON, actor=actor_of(admin(tenant)))
    for schedule in (going, paused, taken):
        schedule.refresh_from_db()
    assert [going.is_enabled, paused.is_enabled, taken.is_enabled] == [True, False, False]
    assert going.next_run_at == runs.NOON


def test_bindings_of_an_external_one_are_given_back_to_their_old_end(tenant: Tenant) -> None:
    identity = made.identity(of=tenant, issuance="external")
    made.grant(identity, "run.read")
    ended = RoleBinding.objects.get()
    row = quarantine(identity, reason="incident", actor=SYSTEM)
    release(row, reason=REASON, actor=actor_of(admin(tenant)))
    back = RoleBinding.objects.effective(timezone.now()).get()
    assert (back.role_id, back.valid_until) == (ended.role_id, ended.valid_until)
    assert back.pk != ended.pk


def test_what_was_retired_meanwhile_stays_retired(tenant: Tenant) -> None:
    row = stopped(tenant)
    lifecycle.retire(row.identity, reason="over", actor=SYSTEM)
    release(row, reason=REASON, actor=actor_of(admin(tenant)))
    assert state(row) == "retired"


def test_it_ends_once(tenant: Tenant) -> None:
    row, who = stopped(tenant), actor_of(admin(tenant))
    release(row, reason=REASON, actor=who)
    with pytest.raises(Conflict) as refused:
        release(row, reason=REASON, actor=who)
    assert refused.value.code == "quarantine_closed"


# Four eyes


def refused_to(row: Quarantine, who: User) -> bool:
    with pytest.raises(Refused) as refused:
        release(row, reason=REASON, actor=actor_of(who))
    return refused.value.code == "second_person_needed" and state(row) == "quarantined"


def test_of_high_tier_one_person_alone_is_not_enough(tenant: Tenant) -> None:
    assert refused_to(stopped(tenant, risk_tier="high"), admin(tenant))


def test_of_high_tier_the_same_person_twice_is_one(tenant: Tenant) -> None:
    row, who = stopped(tenant, risk_tier="high"), admin(tenant)
    ask(row, reason=REASON, actor=actor_of(who))
    assert refused_to(row, who)
    release_or_ask(row, reason=REASON, actor=actor_of(who))
    assert refused_to(row, who)


def test_of_high_tier_the_same_person_under_another_address_is_one(tenant: Tenant) -> None:
    row, who = stopped(tenant, risk_tier="high"), admin(tenant)
    ask(row, reason=REASON, actor=actor_of(who))
    who.email = "other@example.com"
    who.save()
    assert refused_to(row, who)


def test_of_high_tier_two_people_are_enough(tenant: Tenant) -> None:
    row = stopped(tenant, risk_tier="high")
    first, second = actor_of(admin(tenant)), actor_of(admin(tenant))
    assert release_or_ask(row, reason=REASON, actor=first).closed_at is None
    assert release_or_ask(row, reason=REASON, actor=second).closed_at is not None
    assert state(row) == "active"
    asked = AuditEvent.objects.get(type="quarantine.release_asked")
    assert asked.actor_id == first.id


def test_who_called_the_quarantine_may_be_one_of_the_two_and_not_both(tenant: Tenant) -> None:
    caller = admin(tenant)
    row = quarantine(made.identity(of=tenant, risk_tier="high"), reason="incident", actor=actor_of(caller))
    ask(row, reason=REASON, actor=actor_of(caller))
    assert refused_to(row, caller)


def test_lowering_the_tier_in_between_changes_nothing(tenant: Tenant) -> None:
    row, who = stopped(tenant, risk_tier="high"), admin(tenant)
    inventory.change(row.identity, facts={"risk_tier": "low"}, actor=actor_of(who))
    row = Quarantine.objects.get(pk=row.pk)
    assert needs_two(row)
    assert refused_to(row, who)


def test_raising_the_tier_in_between_asks_for_two(tenant: Tenant) -> None:
    row, who = stopped(tenant, risk_tier="low"), admin(tenant)
    inventory.change(row.identity, facts={"risk_tier": "high"}, actor=SYSTEM)
    assert refused_to(row, who)


def test_the_word_of_somebody_who_left_counts_no_more(tenant: Tenant) -> None:
    row, gone, demoted, who = stopped(tenant, risk_tier="high"), admin(tenant), admin(tenant), admin(tenant)
    ask(row, reason=REASON, actor=actor_of(gone))
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert refused_to(row, who)
    ask(row, reason=REASON, actor=actor_of(demoted))
    User.objects.filter(pk=demoted.pk).update(role="READ_ONLY")
    assert refused_to(row, who)


def test_a_word_of_yesterday_counts_no_more(tenant: Tenant) -> None:
    row, first, second = stopped(tenant, risk_tier="high"), admin(tenant), admin(tenant)
    ask(row, reason=REASON, actor=actor_of(first))
    Quarantine.objects.filter(pk=row.pk).update(release_asked_at=timezone.now() - timedelta(hours=25))
    assert refused_to(row, second)


def test_an_account_made_after_the_stop_is_no_second_person(tenant: Tenant) -> None:
    row, first = stopped(tenant, risk_tier="high"), admin(tenant)
    newcomer = register.person(tenant)
    ask(row, reason=REASON, actor=actor_of(first))
    assert refused_to(row, newcomer)
    ask(row, reason=REASON, actor=actor_of(newcomer))
    assert refused_to(row, first)


def test_nobody_asks_where_one_is_enough(tenant: Tenant) -> None:
    with pytest.raises(Conflict) as refused:
        ask(stopped(tenant), reason=REASON, actor=actor_of(admin(tenant)))
    assert refused.value.code == "one_is_enough"


def test_a_drill_of_high_tier_is_ended_by_one(tenant: Tenant) -> None:
    identity = made.identity(of=tenant, risk_tier="high")
    row = drills.rehearse(identity, actor=SYSTEM, is_confirmed=True)
    release(row, reason=REASON, actor=actor_of(admin(tenant)))
    assert state(row) == "active"


def test_an_admin_who_set_the_other_ones_password_is_not_both_people(tenant: Tenant) -> None:
    row, first, second = stopped(tenant, risk_tier="high"), admin(tenant), admin(tenant)
    people.set_password(second, password="Another-Horse-2", actor=actor_of(first))
    ask(row, reason=REASON, actor=actor_of(first))
    assert refused_to(row, second)
    ask(row, reason=REASON, actor=actor_of(second))
    assert refused_to(row, first)
    people.set_password(second, password="My-Own-Horse-3", actor=actor_of(second))
    assert release(row, reason=REASON, actor=actor_of(first)).closed_at is not None


def test_two_accounts_of_one_person_are_one(tenant: Tenant) -> None:
    row = stopped(tenant, risk_tier="high")
    first = register.person(tenant, email="ann@example.com", created_at=timezone.now() - timedelta(days=1))
    other = register.person(tenant, email="ann+two@example.com", created_at=timezone.now() - timedelta(days=1))
    ask(row, reason=REASON, actor=actor_of(first))
    assert refused_to(row, other)


def test_who_was_made_an_admin_by_the_first_since_the_stop_is_no_second(tenant: Tenant) -> None:
    row, first = stopped(tenant, risk_tier="high"), admin(tenant)
    other = register.person(tenant, PortalRole.ANALYST, created_at=timezone.now() - timedelta(days=1))
    people.set_role(other, role=PortalRole.ADMIN, actor=actor_of(first))
    ask(row, reason=REASON, actor=actor_of(first))
    assert refused_to(row, other)
