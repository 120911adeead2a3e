"""Rotating from the admin: the button, the page with its chart, and the way back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from identities.admin.rotation_use import chart
from identities.credentials import rotations, services as credentials, usage
from identities.credentials.models import ClientKey, Rotation, RotationState
from identities.credentials.rotation_use import MOST_COLUMNS, in_columns
from identities.credentials.usage import Source
from identities.inventory import usage as marks
from identities.people.models import PortalRole
from tests.factories import client_keys, pages, people, tokens

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


@pytest.fixture
def admin():
    return people.person(role=PortalRole.ADMIN, email="ada@example.com")


@pytest.fixture
def client(admin):
    return pages.signed_in(admin)


@pytest.fixture
def bot(admin):
    return tokens.identity(of=admin.tenant, name="payroll-bot")


def rotated(client, bot):
    credentials.issue(bot, actor=people.SYSTEM)
    answer = client.post(pages.command(bot, "rotate"), {"secret": "show", "reason": "Leaver"})
    assert answer.status_code == 200, answer.content
    return answer, Rotation.objects.get(identity=bot)


def test_nothing_to_rotate_is_said_on_the_form(client, bot):
    answer = client.post(pages.command(bot, "rotate"), {"secret": "show", "reason": "x"})
    assert answer.status_code == 422
    assert "no live secret" in answer.content.decode()


def test_the_form_promises_what_the_rotation_will_keep_to(client, bot):
    type(bot).objects.filter(pk=bot.pk).update(expected_cadence="weekly", risk_tier="low")
    page = client.get(pages.command(bot, "rotate")).content.decode()
    assert "at most 28 days" in page
    assert "after 14 days of silence" in page


def test_a_third_secret_is_refused_while_two_overlap(client, bot):
    rotated(client, bot)
    answer = client.post(pages.command(bot, "rotate"), {"secret": "show", "reason": "again"})
    assert answer.status_code == 422
    assert "being rotated" in answer.content.decode()


def test_the_new_secret_is_shown_once_and_the_page_says_how_far_it_is(client, bot):
    answer, rotation = rotated(client, bot)
    assert "nhi_" in answer.content.decode()
    page = client.get(pages.page(rotation)).content.decode()
    assert "nhi_" not in page
    assert "Neither was used yet" in page
    assert "waited for" in page


def test_the_page_tells_old_and_new_use_and_who_still_comes_with_the_old_one(client, bot):
    _, rotation = rotated(client, bot)
    at = timezone.now()
    usage.note(rotation.old_id, bot.pk, source=Source("10.0.0.7", "cron/1"), at=at)
    usage.note(rotation.new_id, bot.pk, source=Source("10.0.0.8", "web/2"), at=at)
    marks.flush()
    page = client.get(pages.page(rotation)).content.decode()
    assert "10.0.0.7" in page
    assert "cron/1" in page
    assert "since the rotation began" in page
    assert "with the old one <b>1</b>" in page


def rotated_key(bot):
    old = client_keys.signing(of=bot)
    new = client_keys.signing(of=bot)
    return old, new, Rotation.objects.get(identity=bot)


def test_a_key_that_is_replaced_has_the_same_page(client, bot):
    old, new, rotation = rotated_key(bot)
    at = timezone.now()
    for one, source in ((old, Source("10.0.0.7", "cron/1")), (new, Source("10.0.0.8", "web/2"))):
        usage.note(one.key.pk, bot.pk, source=source, at=at, kind=ClientKey)
    marks.flush()
    page = client.get(pages.page(rotation)).content.decode()
    for word in ("10.0.0.7", "cron/1", "web/2", "since the rotation began", "with the old one <b>1</b>"):
        assert word in page, word
    assert "brought by the client" in page


def test_going_back_ends_the_new_one(client, bot):
    _, rotation = rotated(client, bot)
    assert client.post(pages.command(rotation, "roll-back"), {"reason": "It broke"}).status_code == 302
    rotation.refresh_from_db()
    assert rotation.state == RotationState.ROLLED_BACK
    assert "Rolled back" in client.get(pages.page(rotation)).content.decode()


def test_the_old_one_can_be_retired_by_hand(client, bot):
    _, rotation = rotated(client, bot)
    assert client.post(pages.command(rotation, "retire-old"), {"reason": "Everybody moved"}).status_code == 302
    rotation.refresh_from_db()
    assert rotation.old.revoked_at is not None


def test_whoever_only_reads_has_no_button_and_a_stranger_no_page(client, bot, admin):
    _, rotation = rotated(client, bot)
    reader = pages.signed_in(people.person(role=PortalRole.READ_ONLY, of=admin.tenant, email="ro@example.com"))
    assert reader.get(pages.page(rotation)).context["ways"] == []
    assert reader.post(pages.command(rotation, "roll-back"), {"reason": "x"}).status_code == 403
    stranger = pages.signed_in(people.person(role=PortalRole.ADMIN, email="s@example.com"))
    assert stranger.get(pages.page(rotation)).status_code == 404


def test_the_list_narrows_by_state(client, bot):
    _, rotation = rotated(client, bot)
    listing = pages.listing(Rotation)
    for query, is_in in [("state=open", True), ("state=overdue", False), ("state=retired", False), ("q=payroll", True)]:
        assert (rotation in client.get(f"{listing}?{query}").context["cl"].result_list) is is_in, query
    Rotation.objects.update(cutover_deadline=timezone.now() - timedelta(hours=1))
    assert rotation in client.get(f"{listing}?state=overdue").context["cl"].result_list


def test_pages_ask_little(client, bot, django_assert_max_num_queries):
    _, rotation = rotated(client, bot)
    *_, of_key = rotated_key(tokens.identity(of=bot.tenant, name="signing-bot"))
    for address in (pages.listing(Rotation), pages.page(rotation), pages.page(of_key)):
        client.get(address)
        with django_assert_max_num_queries(MOST_QUERIES):
            client.get(address)


@pytest.mark.parametrize("days", [0, 1, 9, 90])
def test_a_chart_has_few_columns_and_loses_no_use(days, bot):
    until = timezone.now()
    since = until - timedelta(days=days, minutes=3)
    old, new = bot.pk, bot.tenant_id
    used = [(old, since + (until - since) * part / 20, 1) for part in range(21)] + [(new, until, 5)]
    drawn = chart(in_columns(used, old=old, new=new, since=since, until=until))
    assert len(drawn.days) <= MOST_COLUMNS
    assert drawn.lines[1].figure == 21
    assert drawn.lines[0].figure == 5


def test_an_overlap_that_is_over_says_who_was_retired(client, bot):
    _, rotation = rotated(client, bot)
    rotations.retire_old(rotation, reason="done", actor=people.SYSTEM)
    page = client.get(pages.page(rotation)).content.decode()
    assert "Old retired" in page
