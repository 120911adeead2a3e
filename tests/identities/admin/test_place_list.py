"""The list of places in vaults: each place once, whatever is filtered, searched or ordered, and nobody else's."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identities.access.models import GrantState, SecretGrant
from identities.admin import place_list, secret_references
from identities.admin.secret_references import SecretReferenceAdmin
from tests.factories import pages, tokens

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
GRANTED, ASKED, REFUSED = GrantState.GRANTED, GrantState.ASKED, GrantState.REFUSED


@pytest.fixture
def ours():
    ours = pages.estate("harbour")
    SecretGrant.objects.all().delete()
    return ours


def granted(identity, name, state=GRANTED, *, days=30, ended=False, **more):
    at = timezone.now()
    return SecretGrant.objects.create(
        identity=identity, provider=more.get("provider", "local"), vault_uri="local://default", secret_name=name,
        state=state, reason="x", valid_until=at + days * DAY, ended_at=at if ended else None,
    )  # fmt: skip


def rows(client, query=""):
    answer = client.get(f"{pages.listing(SecretGrant)}{query}")
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def names(client, query=""):
    return [row.secret_name for row in rows(client, query)]


def several(ours):
    """A place for every pair of grants that two identities can have there."""
    other = tokens.identity(of=ours.tenant, name="another reader")
    kinds: list[dict[str, Any]] = [
        {"state": GRANTED}, {"state": GRANTED, "days": -1}, {"state": GRANTED, "ended": True}, {"state": ASKED},
        {"state": ASKED, "ended": True}, {"state": REFUSED},
    ]  # fmt: skip
    for number, (mine, theirs) in enumerate(product(kinds, kinds)):
        granted(ours.identity, f"place {number:02}", **mine)
        granted(other, f"place {number:02}", **theirs)


def held(state):
    """The same by reading every grant."""
    at = timezone.now()
    found: dict[str, tuple[bool, bool]] = {}
    for grant in SecretGrant.objects.all():
        may, asked = found.get(grant.secret_name, (False, False))
        stands = grant.ended_at is None
        may |= stands and grant.state == GRANTED and grant.valid_until > at
        found[grant.secret_name] = (may, asked or (stands and grant.state == ASKED))
    wanted = {"asked": lambda may, asked: asked, "readers": lambda may, asked: may}
    holds = wanted.get(state, lambda may, asked: not may and not asked)
    return sorted(name for name, it in found.items() if holds(*it))


def test_a_place_of_the_same_name_in_another_tenant_is_neither_shown_nor_counted(ours):
    theirs = pages.estate("meadow")
    granted(theirs.identity, "crm")
    granted(ours.identity, "crm")
    [row] = rows(pages.signed_in(ours.person))
    assert (row.identity.tenant_id, row.readers) == (ours.tenant.pk, 1)
    assert len(rows(pages.signed_in(ours.person), "?q=meadow")) == 0


def test_each_state_finds_what_reading_every_grant_finds(ours):
    several(ours)
    client = pages.signed_in(ours.person)
    assert len(names(client)) == 36
    for state in ("asked", "readers", "nobody"):
        assert names(client, f"?state={state}") == held(state) != [], state
        assert names(client, f"?state={state}&q=place") == held(state), state
    assert len(names(client, "?state=no-such-word")) == 36


def test_the_row_of_a_place_is_its_first_grant_in_every_order(ours):
    several(ours)
    client = pages.signed_in(ours.person)
    first: dict[str, Any] = {}
    for grant in SecretGrant.objects.order_by("pk"):
        first.setdefault(grant.secret_name, grant.pk)
    for query in ("", "?o=-0", "?o=1", "?q=place", "?q=place&o=-0", "?state=nobody", "?state=readers&o=-1"):
        found = {row.secret_name: row.pk for row in rows(client, query)}
        assert found == {name: first[name] for name in found}, query
        assert found, query


def test_pages_follow_each_other_in_both_directions(ours, monkeypatch):
    several(ours)
    granted(ours.identity, "place 07", provider="aws")
    monkeypatch.setattr(SecretReferenceAdmin, "list_per_page", 5)
    client = pages.signed_in(ours.person)
    for query in ("", "&o=0", "&q=place", "&o=1"):
        places = [(row.secret_name, row.provider) for page in range(1, 9) for row in rows(client, f"?p={page}{query}")]
        assert len(places) == len(set(places)) == 37, query
        assert query == "&o=1" or places == sorted(places), query
    back = [(row.secret_name, row.provider) for page in range(1, 9) for row in rows(client, f"?p={page}&o=-0")]
    assert back == sorted(back, reverse=True)
    assert len(back) == 37


def test_what_is_counted_no_further_says_so(ours, monkeypatch):
    several(ours)
    client = pages.signed_in(ours.person)
    monkeypatch.setattr(secret_references, "MOST", 20)
    for module in (secret_references, place_list):
        monkeypatch.setattr(module, "MOST_FOUND", 6)
    for query, said in (
        ("", "20+"),
        ("?q=place", "6+"),
        ("?state=readers", "6+"),
        ("?q=place 0", "6+"),
        ("?q=05", "1"),
    ):
        paginator = client.get(f"{pages.listing(SecretGrant)}{query}").context["cl"].paginator
        assert paginator.said == said, query


def test_the_file_holds_each_place_once(ours):
    several(ours)
    client = pages.signed_in(ours.person)
    lines = b"".join(client.get(f"{pages.listing(SecretGrant)}export/?format=csv&state=nobody").streaming_content)
    assert lines.count(b"place ") == len(held("nobody"))


def test_a_page_puts_together_no_more_places_than_it_shows(ours):
    several(ours)
    client = pages.signed_in(ours.person)
    with CaptureQueriesContext(connection) as asked:
        rows(client)
    grouped = [query["sql"] for query in asked if "GROUP BY 1, 2, 3, 4" in query["sql"] or "MIN(" in query["sql"]]
    assert len(grouped) == 2
    assert "LIMIT 10001" in grouped[0]
