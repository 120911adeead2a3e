"""Pages of telling people: channels, subscriptions, deliveries, and the inbox's two halves."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor, Subject
from identities.notifications import channels, subscriptions
from identities.notifications.models import Channel, Delivery, DeliveryState, Subscription
from identities.people import notices
from identities.people.models import Notice, PortalRole, User
from tests.factories import pages, people, tokens
from tests.factories.receivers import receiving

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")
SLACK = "https://hooks.slack.example/services/T000/B000/canary"


@pytest.fixture
def admin() -> User:
    return people.person()


@pytest.fixture
def browser(admin: User) -> Client:
    return pages.signed_in(admin)


@pytest.fixture
def hook(admin: User) -> Channel:
    made, _ = channels.create(tenant_id=admin.tenant_id, name="quay-chat", kind="slack", secret=SLACK, actor=SYSTEM)
    return made


def text(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_channels_and_deliveries_are_for_those_who_govern(admin: User, hook: Channel, role: PortalRole) -> None:
    browser = pages.signed_in(people.person(of=admin.tenant, role=role))
    for address in (pages.listing(Channel), pages.page(hook), pages.listing(Delivery), pages.adding(Channel)):
        assert browser.get(address).status_code == 403
    assert browser.post(pages.command(hook, "test")).status_code == 403


def test_an_analyst_subscribes_nobody_else_and_sees_no_other_subscription(admin: User, hook: Channel) -> None:
    analyst = people.person(of=admin.tenant, role=PortalRole.ANALYST)
    theirs = subscriptions.create(
        tenant_id=admin.tenant_id, by=admin, actor=SYSTEM, name="of the admins", types=["run.*"], audience="admins"
    )
    browser = pages.signed_in(analyst)
    form = {"name": "mine", "types": "run.failed", "digest_minutes": "0", "is_enabled": "on"}
    forged = {**form, "audience": "admins", "channel_id": str(hook.pk), "person_id": str(admin.pk)}
    assert browser.post(pages.adding(Subscription), forged).status_code == 302
    made = Subscription.objects.get(name="mine")
    assert (made.audience, made.person_id, made.channel_id) == ("person", analyst.pk, None)
    assert "of the admins" not in text(browser, pages.listing(Subscription))
    for address in (pages.page(theirs), pages.command(theirs, "edit"), pages.command(theirs, "remove")):
        assert browser.get(address).status_code == 404
    assert browser.get(pages.command(made, "edit")).status_code == 403
    assert browser.post(pages.command(made, "remove"), {"reason": "enough"}).status_code == 302


def test_an_event_nobody_records_is_refused_beside_its_field(browser: Client) -> None:
    form = {"name": "x", "types": "run.exploded", "digest_minutes": "0", "audience": "admins"}
    answer = browser.post(pages.adding(Subscription), form)
    assert "there is no event" in answer.content.decode()
    assert not Subscription.objects.exists()


def test_what_steward_tells_by_itself_stands_on_top(browser: Client) -> None:
    page = text(browser, pages.listing(Subscription))
    for said in ("Told by Steward itself", "run.credential_failed", "agent.refresh.failure.detected"):
        assert said in page


def test_a_webhook_is_made_its_secret_is_shown_once_and_a_test_arrives(browser: Client, settings: Any) -> None:
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW = ["127.0.0.0/8"]
    with receiving() as receiver:
        form = {"name": "hook", "kind": "webhook", "webhook__url": receiver.url}
        shown = browser.post(pages.adding(Channel), form).content.decode()
        assert "whsec_" in shown
        hook = Channel.objects.get()
        for address in (pages.page(hook), pages.command(hook, "edit"), pages.page(hook, "timeline")):
            assert "whsec_" not in text(browser, address)
        browser.post(pages.command(hook, "test"))
        assert b"steward.test" in receiver.bodies[0]
        receiver.answers = [500]
        failed = browser.post(pages.command(hook, "test")).content.decode()
        assert "The receiver answered 500." in failed
    assert "failing" in text(browser, pages.listing(Channel))


def test_a_chats_address_is_never_shown_again(browser: Client, hook: Channel) -> None:
    for address in (
        pages.page(hook),
        pages.command(hook, "edit"),
        pages.listing(Channel),
        pages.page(hook, "timeline"),
    ):
        assert "canary" not in text(browser, address)


def test_a_wrong_address_is_said_beside_its_field(browser: Client) -> None:
    form = {"name": "hook", "kind": "webhook", "webhook__url": "http://169.254.169.254/latest"}
    assert "private address" in browser.post(pages.adding(Channel), form).content.decode()
    assert not Channel.objects.exists()


def test_dead_letters_stand_first_and_are_sent_again(browser: Client, hook: Channel) -> None:
    rows = {
        state: Delivery.objects.create(tenant=hook.tenant, channel=hook, subject=f"it is {state}", state=state)
        for state in (DeliveryState.DEAD, DeliveryState.SENT, DeliveryState.WAITING)
    }
    page = text(browser, pages.listing(Delivery))
    assert page.index("it is dead") < page.index("it is waiting") < page.index("it is sent")
    assert "/do/resend/" in text(browser, pages.page(rows[DeliveryState.DEAD]))
    assert "/do/resend/" not in text(browser, pages.page(rows[DeliveryState.SENT]))
    browser.post(pages.command(rows[DeliveryState.DEAD], "resend"))
    assert Delivery.objects.get(pk=rows[DeliveryState.DEAD].pk).state == DeliveryState.WAITING


def test_another_tenants_rows_do_not_exist_here(hook: Channel) -> None:
    stranger = pages.signed_in(people.person())
    row = Delivery.objects.create(tenant=hook.tenant, channel=hook, subject="theirs")
    for one in (hook, row):
        assert stranger.get(pages.page(one)).status_code == 404
    assert "quay-chat" not in text(stranger, pages.listing(Channel))


@pytest.mark.parametrize("model", [Channel, Subscription, Delivery])
def test_lists_and_pages_cost_few_queries(browser: Client, admin: User, hook: Channel, model: Any) -> None:
    for number in range(15):
        Delivery.objects.create(tenant=admin.tenant, channel=hook, subject=str(number))
        Channel.objects.create(tenant=admin.tenant, name=f"c{number}", kind="email", settings={"to": "a@example.com"})
        Subscription.objects.create(tenant=admin.tenant, name=str(number), types=["run.*"], channel=hook)
    for address in (pages.listing(model), pages.page(model.objects.first())):
        with CaptureQueriesContext(connection) as found:
            text(browser, address)
        assert len(found) <= 12, [query["sql"][:120] for query in found]


def test_what_asks_for_something_stays_until_it_is_done_and_is_counted(browser: Client, admin: User) -> None:
    bot = tokens.identity(of=admin.tenant)
    about = Subject("identity", str(bot.pk), bot.name, bot.tenant_id)
    notices.tell(
        [admin], tenant_id=admin.tenant_id, kind="transfer_asked", key="k", subject="Take over the bot?", about=about,
        waits=True, due_at=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    notices.tell([admin], tenant_id=admin.tenant_id, kind="told", key="t", subject="By the way")
    page = text(browser, reverse("admin:notices"))
    assert page.index("Take over the bot?") < page.index("By the way")
    assert "overdue" in page
    browser.post(reverse("admin:notices"))
    page = text(browser, reverse("admin:notices"))
    assert "1 notices wait" in page or "sw-bell-rings" in page
    assert notices.settle("transfer_asked", about_id=bot.pk, at=timezone.now()) == 1
    page = text(browser, reverse("admin:notices"))
    assert "sw-bell-rings" not in page
    assert "Nothing waits for you" in page
    assert page.index("Nothing waits for you") < page.index("Take over the bot?")


def test_the_sidebar_counts_what_waits_and_says_nothing_of_none(browser: Client, admin: User) -> None:
    assert "waiting_for" not in text(browser, reverse("admin:programme"))
    Notice.objects.create(tenant=admin.tenant, person=admin, kind="x", key="x", subject="x", waits=True)
    assert '<span class="sw-badge sw-bad ml-2">1</span>' in text(browser, reverse("admin:programme"))
