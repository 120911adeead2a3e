"""The reader: once for each subscription and event, in the order of the seals, cheap where nobody listens."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Subject
from audit.models import AuditSeal, SealHead
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import subject_of
from identities.notifications import reading
from identities.notifications.models import Channel, Delivery, Reading
from identities.people.models import Notice, PortalRole, Tenant, User
from tests.factories import people, runs, tokens
from tests.identities.notifications.conftest import SYSTEM, Happen, Subscribe, read

pytestmark = pytest.mark.django_db
CANARY = "nhi_prd_CANARYcanaryCANARYcanary12_abc123"


def told(person: User) -> list[str]:
    return list(Notice.objects.filter(person=person).order_by("created_at").values_list("subject", flat=True))


def test_the_first_reading_begins_at_the_end(happen: Happen, admin: User) -> None:
    happen("identity.owner_lost", tokens.identity(of=admin.tenant))
    assert (read(), read(), told(admin)) == (0, 0, [])
    happen("identity.owner_lost", tokens.identity(of=admin.tenant, name="late-bot"))
    assert (read(), told(admin)) == (1, ["late-bot is left without an owner"])


def test_who_subscribes_before_the_first_round_misses_nothing(
    happen: Happen, subscribe: Subscribe, admin: User
) -> None:
    subscribe("identity.changed")
    happen("identity.changed", tokens.identity(of=admin.tenant, name="early-bot"))
    assert (read(), told(admin)) == (1, ["early-bot: identity changed"])


def test_another_tenants_event_is_told_to_nobody_here(
    began: None, happen: Happen, subscribe: Subscribe, admin: User, webhook: Channel
) -> None:
    subscribe("identity.*", channel_id=webhook.pk)
    happen("identity.changed", tokens.identity())
    happen("identity.owner_lost", tokens.identity())
    read()
    assert (told(admin), Delivery.objects.count()) == ([], 0)


def test_an_event_that_names_another_tenants_identity_tells_its_owner_nothing(
    began: None, happen: Happen, admin: User
) -> None:
    theirs = tokens.identity(technical_owner=people.person())
    subject = Subject("run", str(theirs.pk), "run", admin.tenant_id)
    happen("run.credential_failed", subject, details={"identityId": str(theirs.pk)})
    read()
    assert (told(theirs.technical_owner), len(told(admin))) == ([], 1)  # type: ignore[arg-type]


def test_each_event_counts_once_for_each_subscription(
    began: None, happen: Happen, subscribe: Subscribe, admin: User, webhook: Channel, tenant: Tenant
) -> None:
    for name in ("one", "two"):
        subscribe("identity.changed", name=name, channel_id=webhook.pk)
    bot = tokens.identity(of=tenant)
    happen("identity.changed", bot)
    assert [read(), read(), read()] == [1, 0, 0]
    assert (Delivery.objects.count(), Notice.objects.count()) == (2, 2)


def test_what_fails_in_the_middle_is_read_again_whole(
    began: None, happen: Happen, subscribe: Subscribe, webhook: Channel, tenant: Tenant, monkeypatch: Any
) -> None:
    subscribe("identity.changed", channel_id=webhook.pk)
    happen("identity.changed", tokens.identity(of=tenant))
    with monkeypatch.context() as patch:
        patch.setattr(Reading, "save", _killed)
        with pytest.raises(KeyboardInterrupt):
            read()
    assert (Delivery.objects.count(), Notice.objects.count()) == (0, 0)
    assert read() == 1
    assert (Delivery.objects.count(), Notice.objects.count()) == (1, 1)


def _killed(*args: Any, **kwargs: Any) -> None:
    raise KeyboardInterrupt


def test_an_event_that_was_sealed_later_is_told_though_its_id_is_lower(
    began: None, subscribe: Subscribe, admin: User
) -> None:
    """Ids do not follow commits: whoever went by ids would pass over what a long transaction left behind."""
    subscribe("identity.changed")
    with transaction.atomic():
        first, second = (
            audit.record(
                "identity.changed", actor=SYSTEM, subject=subject_of(tokens.identity(of=admin.tenant, name=name))
            )
            for name in ("first", "second")
        )
    head = SealHead.present().seq
    for number, event in enumerate((second, first), start=head + 1):
        AuditSeal.objects.create(event=event, seq=number, mac="x")
        SealHead.objects.update(seq=number)
        assert read() == 1
    assert told(admin) == ["second: identity changed", "first: identity changed"]


def test_where_nothing_is_new_two_questions_are_asked(began: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        read()


def test_where_nobody_wants_to_hear_it_costs_no_more_for_many(
    began: None, happen: Happen, subscribe: Subscribe, tenant: Tenant, django_assert_max_num_queries: Any
) -> None:
    subscribe("policy.*")
    bot = tokens.identity(of=tenant)
    for _ in range(30):
        happen("token.issued", bot)
    with django_assert_max_num_queries(10):
        assert read() == 0


def test_a_long_log_is_read_in_bites(
    began: None, happen: Happen, subscribe: Subscribe, tenant: Tenant, monkeypatch: Any
) -> None:
    monkeypatch.setattr(reading, "BITE", 2)
    subscribe("identity.changed")
    for _ in range(5):
        happen("identity.changed", tokens.identity(of=tenant))
    assert read() == 5


def test_tier_and_environment_narrow(began: None, happen: Happen, subscribe: Subscribe, admin: User) -> None:
    subscribe("identity.changed", tiers=["high"], environments=["production"])
    low = tokens.identity(of=admin.tenant, risk_tier="low")
    high = tokens.identity(of=admin.tenant, risk_tier="high", name="mighty")
    away = tokens.identity(of=admin.tenant, risk_tier="high")
    ManagedIdentity.objects.filter(pk=away.pk).update(environment="staging")
    for bot in (low, high, away):
        happen("identity.changed", bot)
    happen("identity.changed", Subject("identity", "no-id", "x", admin.tenant_id))
    read()
    assert told(admin) == ["mighty: identity changed"]


def test_an_analyst_hears_only_of_what_they_answer_for(began: None, happen: Happen, subscribe: Subscribe) -> None:
    analyst = people.person(role=PortalRole.ANALYST)
    subscribe("identity.*", by=analyst, audience="person", person_id=analyst.pk)
    own = tokens.identity(of=analyst.tenant, technical_owner=analyst, name="own-bot")
    teams = tokens.identity(of=analyst.tenant, owner_team=people.team(analyst, of=analyst.tenant), name="team-bot")
    for bot in (own, teams, tokens.identity(of=analyst.tenant)):
        happen("identity.changed", bot)
    read()
    assert told(analyst) == ["own-bot: identity changed", "team-bot: identity changed"]


def test_who_left_or_moved_is_told_nothing(began: None, happen: Happen, subscribe: Subscribe, tenant: Tenant) -> None:
    other = people.person(of=tenant)
    subscribe("identity.*", audience="person", person_id=other.pk)
    User.objects.filter(pk=other.pk).update(is_active=False)
    happen("identity.changed", tokens.identity(of=tenant))
    read()
    assert told(other) == []


def test_a_failed_credential_reaches_the_technical_owner_and_the_team(began: None, happen: Happen, admin: User) -> None:
    owner, member = people.person(of=admin.tenant), people.person(of=admin.tenant)
    team = people.team(member, of=admin.tenant)
    bot = tokens.identity(of=admin.tenant, technical_owner=owner, owner_team=team, name="payroll-bot")
    run = runs.run(runs.schedule(of=admin.tenant, managed_identity_id=bot.pk))
    happen("run.credential_failed", run.subject, reason=f"the vault said {CANARY}")
    read()
    for person in (owner, member):
        assert told(person) == ["payroll-bot came to no secret or token for a run"]
    assert told(admin) == []
    assert "CANARY" not in Notice.objects.filter(person=owner).get().text


def test_eighty_in_a_day_are_one_notice_that_counts(began: None, happen: Happen, admin: User) -> None:
    bot = tokens.identity(of=admin.tenant, technical_owner=admin)
    for number in range(80):
        happen("run.credential_failed", Subject("run", str(number), "run", admin.tenant_id), details={
            "identityId": str(bot.pk)})  # fmt: skip
    assert read() == 80
    notice = Notice.objects.get(person=admin)
    assert notice.times == 80
    assert notice.last_at is not None


def test_an_agents_refresh_that_failed_reaches_the_owner_once_and_a_persons_nobody(
    began: None, happen: Happen, admin: User
) -> None:
    owner = people.person(of=admin.tenant, role=PortalRole.ANALYST)
    agent, lone = people.agent(of=admin.tenant), people.agent(of=admin.tenant)
    tokens.identity(of=admin.tenant, kind="service_user", name="renamed", account=agent, technical_owner=owner)
    for user in (agent, lone, admin):
        about = Subject("user", str(user.pk), user.email, user.tenant_id)
        happen("user.refresh_failed", about, reason="token-invalidated")
        if user.is_agent:
            happen("agent.refresh.failure.detected", about, reason="token-invalidated")
    read()
    assert told(owner) == ["renamed could not refresh its session"]
    assert told(admin) == [f"{lone.email} could not refresh its session"]
    notice = Notice.objects.get(person=owner)
    assert notice.times == 1
    assert notice.text == (
        "Its session was ended (token-invalidated). It stays out until it signs in again with its password."
    )


def test_an_orphan_is_told_to_team_deputy_and_admins(began: None, happen: Happen, admin: User) -> None:
    deputy, member = (people.person(of=admin.tenant, role=PortalRole.ANALYST) for _ in range(2))
    bot = tokens.identity(
        of=admin.tenant, deputy_owner=deputy, owner_team=people.team(member, of=admin.tenant), name="lost-bot"
    )
    happen("identity.owner_lost", bot)
    read()
    assert {len(told(person)) for person in (deputy, member, admin)} == {1}


def test_a_digest_is_one_notice_mailed_at_its_end(
    began: None, happen: Happen, subscribe: Subscribe, admin: User, settings: Any
) -> None:
    settings.MAIL_IS_ON = True
    subscribe("identity.changed", digest_minutes=1440)
    for _ in range(12):
        happen("identity.changed", tokens.identity(of=admin.tenant))
    read()
    notice = Notice.objects.get(person=admin)
    assert notice.times == 12
    assert notice.text.count("\n") == 11
    assert notice.mail_at is not None
    assert notice.mail_at > timezone.now() - timedelta(minutes=1)
