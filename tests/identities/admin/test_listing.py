"""Lists of tables that may hold millions: how many of another table belong to a row, and rows found by their keys."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identities.access.models import Role, RoleBinding
from identities.inventory.models import ManagedIdentity
from identities.people.models import Team, Tenant
from tests.factories import pages, people, tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours():
    return pages.estate("harbour")


def listed(ours, model, query=""):
    answer = pages.signed_in(ours.person).get(f"{pages.listing(model)}{query}")
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def test_two_counts_of_a_row_are_not_multiplied_with_each_other(ours):
    others = [people.person(of=ours.tenant, email=f"other{number}@example.com") for number in range(3)]
    ours.team.members.add(*others)
    for number in range(2):
        tokens.identity(of=ours.tenant, name=f"further-{number}", owner_team=ours.team)
    team = next(row for row in listed(ours, Team) if row.pk == ours.team.pk)
    assert (team.people, team.owns) == (4, 2)
    tenant = next(row for row in listed(ours, Tenant) if row.pk == ours.tenant.pk)
    assert (tenant.people, tenant.owns) == (4, 3)


def test_a_row_that_nothing_leads_to_counts_none(ours):
    empty = people.team(of=ours.tenant, name="nobody's team")
    team = next(row for row in listed(ours, Team) if row.pk == empty.pk)
    assert (team.people, team.owns) == (0, 0)


def test_who_holds_a_role_twice_holds_it_once(ours):
    tokens.grant(ours.identity, "run.read", name="another role")
    assert {role.held for role in listed(ours, Role)} == {1}


def test_the_rows_of_a_page_stand_in_the_order_that_was_asked_for(ours):
    for name in ("b team", "a team", "c team"):
        people.team(of=ours.tenant, name=name)
    names = [row.name for row in listed(ours, Team, "?o=-0")]
    assert names == sorted(names, reverse=True)
    assert [row.name for row in listed(ours, Team, "?o=1.0")][-1] == "harbour team"


def test_a_page_is_one_statement_that_finds_its_keys_first(ours):
    client = pages.signed_in(ours.person)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(pages.listing(Role)).status_code == 200
    said = [query["sql"] for query in asked if "LIMIT 50" in query["sql"] or " IN (SELECT" in query["sql"]]
    assert any('"identities_role"."id" IN (SELECT' in text for text in said), said


def test_a_search_finds_rows_by_their_identity_and_by_their_own_words(ours):
    other = tokens.identity(of=ours.tenant, name="night-crawler", description="moves crates")
    role = tokens.grant(other, "run.read", name="lamplighter")
    theirs = pages.estate("meadow")
    tokens.grant(tokens.identity(of=theirs.tenant, name="night-crawler-too"), "run.read", name="lamplighter-too")
    for word in ("night-crawl", "CRAWLER", "crates", "moves night", "lamplight", other.client_id):
        assert [row.role_id for row in listed(ours, RoleBinding, f"?q={word}")] == [role.pk], word
    for word in ("nobody", "crates lamplighter", "meadow"):
        assert not listed(ours, RoleBinding, f"?q={word}"), word


def test_a_search_of_the_register_is_looked_for_once_for_count_and_page(ours):
    for number in range(3):
        tokens.identity(of=ours.tenant, name=f"crawler-{number}")
    client = pages.signed_in(ours.person)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(f"{pages.listing(ManagedIdentity)}?q=crawler")
    assert [row.name for row in answer.context["cl"].result_list] == ["crawler-0", "crawler-1", "crawler-2"]
    assert sum("identities_searchentry" in query["sql"] and "ORDER BY" in query["sql"] for query in asked) <= 1
    looked = [query["sql"] for query in asked if "LIMIT 1001" in query["sql"] and "ORDER BY" in query["sql"]]
    assert len(looked) == 1
