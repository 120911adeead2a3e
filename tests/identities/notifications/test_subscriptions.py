"""Subscriptions: words that nobody records are refused, and nobody sets for others what they may not."""

from typing import Any
from uuid import uuid4

import pytest

from identities.errors import Conflict, Invalid, Refused
from identities.notifications import channels, subscriptions, vocabulary
from identities.notifications.models import Channel, Subscription
from identities.people.models import PortalRole, User
from tests.factories import people
from tests.identities.notifications.conftest import SYSTEM, Subscribe

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "types",
    [
        [], ["run.exploded"], ["run."], ["*"], ["nothing.*"], ["run.*", "x"], "run.*", [5], None, ["r.*"], ["run*"],
        ["notice.mailed"], ["notice.*"], ["notification.delivery_died"], ["notification.*"], ["identity.created"] * 0,
    ],
)  # fmt: skip
def test_words_that_nobody_records_or_that_tell_of_telling_are_refused(types: Any) -> None:
    with pytest.raises(Invalid) as refused:
        vocabulary.check(types)
    assert list(refused.value.errors) == ["types"]


def test_words_of_every_room_and_of_the_scheduler_are_known() -> None:
    wanted = ["run.credential_failed", "schedule.*", "finding.opened", "identity.owner_lost", "campaign.*"]
    assert vocabulary.check(wanted) == wanted


def test_what_hears_and_what_is_asked_of_the_database_are_the_same() -> None:
    assert vocabulary.hears(["run.*"], "run.failed")
    assert not vocabulary.hears(["run.*"], "runner.failed")
    assert not vocabulary.hears(["run.failed"], "run.failed_twice")


@pytest.mark.parametrize(
    ("facts", "member"),
    [
        ({"name": " "}, "name"),
        ({"tiers": ["huge"]}, "tiers"),
        ({"environments": ["moon"]}, "environments"),
        ({"digest_minutes": -1}, "digest_minutes"),
        ({"digest_minutes": 9999}, "digest_minutes"),
        ({"audience": "everybody"}, "audience"),
        ({"audience": "nobody"}, "channel_id"),
        ({"audience": "person"}, "person_id"),
        ({"audience": "person", "person_id": uuid4()}, "person_id"),
        ({"channel_id": uuid4()}, "channel_id"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_member(subscribe: Subscribe, facts: dict[str, Any], member: str) -> None:
    with pytest.raises(Invalid) as refused:
        subscribe("run.*", **facts)
    assert list(refused.value.errors) == [member]


def test_people_and_channels_of_another_tenant_look_like_none(subscribe: Subscribe) -> None:
    stranger = people.person()
    theirs, _ = channels.create(
        tenant_id=stranger.tenant_id, name="x", kind="email", settings={"to": "a@example.com"}, actor=SYSTEM
    )
    for facts in ({"audience": "person", "person_id": stranger.pk}, {"channel_id": theirs.pk}):
        with pytest.raises(Invalid):
            subscribe("run.*", **facts)


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.AUDITOR])
def test_who_may_not_report_subscribes_to_nothing(subscribe: Subscribe, role: PortalRole) -> None:
    person = people.person(role=role)
    with pytest.raises(Refused):
        subscribe("run.*", by=person, audience="person", person_id=person.pk)


def test_an_analyst_subscribes_only_themselves_and_to_no_channel(admin: User, webhook: Channel) -> None:
    analyst = people.person(of=admin.tenant, role=PortalRole.ANALYST)
    agent = people.agent(of=admin.tenant)
    ways: list[tuple[User | None, dict[str, Any]]] = [
        (analyst, {"audience": "admins"}),
        (analyst, {"audience": "person", "person_id": admin.pk}),
        (analyst, {"audience": "person", "person_id": analyst.pk, "channel_id": webhook.pk}),
        (analyst, {"audience": "nobody", "channel_id": webhook.pk}),
        (agent, {"audience": "person", "person_id": agent.pk}),
        (None, {"audience": "admins"}),
    ]
    for by, facts in ways:
        with pytest.raises(Refused):
            subscriptions.create(tenant_id=admin.tenant_id, by=by, actor=SYSTEM, name="x", types=["run.*"], **facts)
    assert not Subscription.objects.exists()


def test_an_analyst_does_not_turn_their_own_into_somebody_elses(admin: User, subscribe: Subscribe) -> None:
    analyst = people.person(of=admin.tenant, role=PortalRole.ANALYST)
    own = subscribe("run.*", by=analyst, audience="person", person_id=analyst.pk)
    others = subscribe("run.*", name="others")
    with pytest.raises(Refused):
        subscriptions.change(own, by=analyst, actor=SYSTEM, audience="admins")
    for act in (subscriptions.change, subscriptions.remove):
        with pytest.raises(Refused):
            act(others, by=analyst, actor=SYSTEM)
    assert subscriptions.change(own, by=analyst, actor=SYSTEM, digest_minutes=5).digest_minutes == 5
    subscriptions.remove(own, by=analyst, actor=SYSTEM)


def test_two_of_one_name_are_not_made(subscribe: Subscribe) -> None:
    subscribe("run.*")
    with pytest.raises(Conflict):
        subscribe("run.*")
