"""The tab that tells what breaks: a picture, a table, and whether it may be disabled at once."""

import pytest
from django.utils import timezone

from identities.people.models import PortalRole
from tests.factories import pages, people

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours():
    return pages.estate("harbour")


def tab(client, row):
    return client.get(pages.page(row, tab="dependencies"))


def change(identity, **facts):
    type(identity).objects.filter(pk=identity.pk).update(**facts)


def test_schedule_and_stated_systems_stand_in_picture_and_table(ours):
    change(ours.identity, downstream_systems=["Mail relay"], upstream_dependencies=["Ledger"])
    answer = tab(pages.signed_in(ours.person), ours.identity)
    text = answer.content.decode()
    graph = next(block for block in answer.context["blocks"] if hasattr(block, "ranks"))
    left, centre, right = graph.ranks
    assert [box.title for box in left] == ["Ledger"]
    assert [box.title for box in centre] == [ours.identity.name]
    assert {"Mail relay", ours.schedule.name} <= {box.title for box in right}
    assert pages.page(ours.schedule) in text
    assert "Stated in the register" in text


def test_an_identity_that_nothing_needs_says_so(ours):
    alone = pages.estate("mill").identity
    answer = tab(pages.signed_in(people.person(of=alone.tenant)), alone)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("strategy", "says", "not_says"),
    [
        ("", "Nobody has said whether", "In stages"),
        ("immediate", "may be disabled at once", "In stages"),
        ("staged", "In stages", "may be disabled at once"),
    ],
)
def test_how_it_may_be_disabled_is_said(ours, strategy, says, not_says):
    change(ours.identity, disable_strategy=strategy, revocation_procedure="Call the bank")
    text = tab(pages.signed_in(ours.person), ours.identity).content.decode()
    assert says in text
    assert not_says not in text.replace("Nobody has said whether it may be disabled at once", "")
    assert "Call the bank" in text


def test_a_reader_sees_it_without_the_button(ours):
    reader = pages.signed_in(people.person(of=ours.tenant, role=PortalRole.READ_ONLY))
    text = tab(reader, ours.identity).content.decode()
    assert "What it is joined to" in text
    assert "Say so" not in text


def test_the_page_stays_within_twelve_queries(ours, django_assert_max_num_queries):
    client = pages.signed_in(ours.person)
    change(ours.identity, last_used_at=timezone.now())
    tab(client, ours.identity)
    with django_assert_max_num_queries(12):
        tab(client, ours.identity)
