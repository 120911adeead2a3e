"""The list of the register: colours with their reasons, what may be pressed, and a cost that stays with more rows."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identities.admin import identity_paging, identity_rows
from identities.admin.mends import MENDS
from identities.inventory.auth_methods import VERDICTS
from identities.inventory.models import ManagedIdentity
from identities.inventory.triage import CODES
from identities.people.models import PortalRole
from tests.factories import pages, people, register, tokens

pytestmark = pytest.mark.django_db
LIST = "/admin/identities/managedidentity/"
REASON = {"code": "no_owner", "colour": "red", "reason": "Nobody answers for it."}


@pytest.fixture
def here():
    return people.tenant("Harbour")


@pytest.fixture
def client(here):
    return pages.signed_in(people.person(of=here))


def rows(here, number, **facts):
    made = [
        ManagedIdentity(tenant=here, client_id=f"mi_{n}", name=f"row-{n:03}", **{"state": "active", **facts})
        for n in range(number)
    ]
    return ManagedIdentity.objects.bulk_create(made)


@pytest.mark.parametrize(
    "query", ["", "?q=row-0", "?triage=red&q=row", "?source=aws&missing=any&number=red", "?o=-7.1", "?p=2"]
)
def test_a_page_of_the_list_costs_at_most_nine_questions(here, client, query):
    team = people.team(of=here)
    rows(here, 120, triage="red", triage_reasons=[REASON], reported_by=["aws/1"], owner_team=team, state="disabled")
    with CaptureQueriesContext(connection) as found:
        assert client.get(LIST + query).status_code == 200
    assert len(found) <= 9, [query["sql"][:150] for query in found]


def test_a_colour_opens_its_reasons_with_the_button_that_mends_each(here, client):
    [row] = rows(here, 1, triage="red", triage_reasons=[REASON])
    text = client.get(LIST).content.decode()
    assert f'popovertarget="why-{row.pk}"' in text
    assert "Nobody answers for it." in text
    assert f"{row.pk}/do/edit/#id_technical_owner".replace("-", "_2D") in text.replace("-", "_2D")


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_who_only_reads_sees_reasons_but_no_button(here, role):
    rows(here, 1, triage="red", triage_reasons=[REASON])
    text = pages.signed_in(people.person(of=here, role=role)).get(LIST).content.decode()
    assert "Nobody answers for it." in text
    assert "Name an owner" not in text


def test_every_reason_that_speaks_against_an_identity_has_something_that_mends_it():
    assert set(MENDS) == {code for code in CODES if code not in {"bounded", "retired", "merged"}}


def test_every_mended_field_is_on_the_form(here, client):
    bot = register.identity(here)
    text = client.get(pages.command(bot, "edit")).content.decode()
    assert not [mend.field for mend in MENDS.values() if mend.field and f'id="id_{mend.field}' not in text]


@pytest.mark.parametrize("method", sorted(set(VERDICTS) - {"unknown"}))
def test_how_it_proves_itself_stands_beside_its_verdict(here, client, method):
    rows(here, 1, auth_method=method)
    assert VERDICTS[method].verdict in client.get(LIST).content.decode()


def test_rotation_and_use_are_told_from_the_row(here, client):
    now = timezone.now()
    late, old = now - timedelta(days=3, hours=1), now - timedelta(days=40)
    rows(here, 1, rotate_by=late, last_rotated_at=old, use_state="dormant", completeness=37)
    text = client.get(LIST).content.decode()
    assert all(word in text for word in ("3 days late", "1 month old", "dormant", 'value="37"'))


def test_a_long_list_is_counted_only_so_far(here, client, monkeypatch):
    monkeypatch.setattr("identities.admin.base.MOST", 60)
    rows(here, 90)
    response = client.get(LIST)
    assert response.context["paginator"].said == "60+"
    assert response.context["paginator"].num_pages == 2
    assert "search or filter to see the others" in response.content.decode()


def test_a_page_beyond_the_last_leads_back(here, client):
    rows(here, 60)
    assert client.get(f"{LIST}?p=999").status_code == 302


def test_filters_in_force_are_named_and_can_be_taken_away(here, client):
    rows(here, 1, triage="red")
    response = client.get(f"{LIST}?triage=red&q=row&number=red")
    assert [(chip.title, chip.word) for chip in response.context["chips"]] == [("Triage", "Red"), ("Counted as", "Red")]
    assert "triage" not in response.context["chips"][0].without
    assert response.context["kept"] == [("number", "red")]


def test_nothing_counts_further_than_its_bound(here):
    rows(here, 5)
    pager = identity_paging.BoundedPaginator(ManagedIdentity.objects.order_by("name"), 2, most=3)
    assert (pager.count, pager.is_capped, pager.said, pager.num_pages) == (3, True, "3+", 2)


def test_reasons_are_escaped():
    evil = {"code": "no_owner", "colour": "red", "reason": "<script>alert(1)</script>"}
    row = ManagedIdentity(name="<b>", triage_reasons=[evil])
    assert "<script>" not in identity_rows.reasons_of(row, may_mend=True)


def test_a_secret_of_ours_needs_no_guess_at_its_method(here, client):
    tokens.bot(of=here, name="ours")
    assert "Client secret" in client.get(LIST).content.decode()
