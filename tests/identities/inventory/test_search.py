"""Free search finds the rows that reading every member would find, and no others, at whatever size."""

from functools import reduce
from operator import and_, or_
from unittest.mock import patch

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings, strategies as st
from hypothesis.extra.django import TestCase

from identities.discovery.models import SourceRecord
from identities.inventory import search, selectors
from identities.inventory.models import ManagedIdentity
from identities.people.models import Team, Tenant
from tests.factories import register

pytestmark = pytest.mark.django_db
MEMBERS = (
    "name", "client_id", "purpose", "description", "application", "ticket",
    "business_owner_label", "technical_owner_label", "deputy_owner_label", "owner_team__name",
)  # fmt: skip


def named(text: str, of: Tenant | None = None) -> list[str]:
    return [row.name for row in selectors.identities([of.pk] if of else None).filter(search.matching(text))]


def read_through(text: str) -> Q:
    """What the search must find, by reading every member for every word."""
    words = search.words_of(text)
    if all(len(word) < search.SHORTEST for word in words):
        return Q(name__istartswith=text.strip()) if words else Q()
    return reduce(and_, (reduce(or_, (Q(**{f"{m}__icontains": word}) for m in MEMBERS)) for word in words))


@pytest.fixture
def here():
    return register.tenant()


def test_a_text_that_is_nowhere_finds_nothing(here):
    register.identity(here, name="payroll-bot")
    assert named("zzzz") == []


@pytest.mark.parametrize("text", ["", "   ", '""'])
def test_nothing_typed_finds_everything(here, text):
    register.identity(here, name="payroll-bot")
    assert named(text) == ["payroll-bot"]


def test_another_tenants_rows_are_not_found(here):
    register.identity(register.tenant(), name="payroll-theirs")
    register.identity(here, name="payroll-ours")
    assert named("payroll", here) == ["payroll-ours"]


@pytest.mark.parametrize("text", ["\x00", "bot\x00", "bot\x1fmi_"])
def test_what_no_member_may_hold_is_not_found(here, text):
    register.identity(here, name="bot")
    assert named(text) == []


@pytest.mark.parametrize(
    "text", ['"', "'", '"""', "%%%", "___", "\\\\\\", "a OR b", "bot*", "bot^2", "NEAR(bot)", "-bot", "é" * 300]
)
def test_signs_that_a_database_reads_otherwise_are_only_letters(here, text):
    register.identity(here, name="bot")
    assert named(text) == []


@pytest.mark.parametrize(
    "text",
    ["payroll", "ROLL", "PAYROLL-BOT", "mi_", "salar", "monthly", "Ledger", "JIRA-7", "dana", "harbour",
     "harbour salar", '"every month"', "pa", "P", "bot of", "arn:aws:iam::1"],
)  # fmt: skip
def test_a_word_is_found_wherever_it_stands(here, text):
    owner, team = register.person(here, email="dana@example.com"), register.team(here)
    Team.objects.filter(pk=team.pk).update(name="Harbour crew")
    found = register.identity(
        here, name="payroll-bot of one", purpose="Pays salaries every month", description="A monthly job",
        application="Ledger", ticket="JIRA-77", technical_owner=owner.email, owner_team=str(team.pk),
    )  # fmt: skip
    register.identity(here, name="other", purpose="None")
    SourceRecord.objects.create(
        tenant=here, identity=found, kind="aws", source="aws/1", record_type="user", key="arn:aws:iam::1:user/x",
        label="x",
    )  # fmt: skip
    expected = {"payroll-bot of one"} | ({"other"} if text == "mi_" else set())
    assert set(named(text)) == expected


def test_a_quoted_text_is_found_only_as_it_stands(here):
    register.identity(here, name="one", purpose="every month")
    register.identity(here, name="two", purpose="month by month, every one")
    assert named('"every month"') == ["one"]


def test_what_was_changed_is_found_by_its_new_words_only(here):
    bot = register.identity(here, name="payroll-bot")
    team = register.team(here)
    ManagedIdentity.objects.filter(pk=bot.pk).update(name="salary-bot", owner_team=team)
    Team.objects.filter(pk=team.pk).update(name="Night shift")
    assert (named("payroll-bot"), named("salary"), named("night sh")) == ([], ["salary-bot"], ["salary-bot"])


def test_a_row_that_is_gone_leaves_nothing_to_be_found(here):
    bot = register.identity(here, name="payroll-bot")
    ManagedIdentity.objects.filter(pk=bot.pk).delete()
    assert not search.SearchEntry.objects.exists()
    assert named("payroll") == []


@pytest.mark.parametrize("few", [-1, 2, 200])
@pytest.mark.parametrize("common", [2, 10_000])
def test_however_common_a_word_is_it_finds_the_same(here, monkeypatch, few, common):
    monkeypatch.setattr(search, "COMMON", common)
    monkeypatch.setattr(search, "FEW", few)
    # PostgreSQL's ways: gathered, read first, and asked row by row.
    monkeypatch.setattr(search, "GATHERED", common if few > 0 else -1)
    monkeypatch.setattr(search, "READ_FIRST", few)
    for number in range(6):
        register.identity(here, name=f"payroll-{number}", purpose="rare-word" if number == 3 else "Pays.")
    assert len(named("payroll")) == 6
    assert named("payroll rare-word") == ["payroll-3"]
    assert len(named("pa")) == 6


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite is asked")
def test_the_search_asks_one_question_however_many_words(here):
    with CaptureQueriesContext(connection) as found:
        search.matching("one-word two-words three-words a b")
    assert len(found) == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL believes something of a word")
def test_what_is_believed_of_a_word_is_asked_once_and_decides_how_it_is_read(here, monkeypatch):
    ways = {"= ANY (ARRAY(": (9**9, 9**9), f"LIMIT {search.EVERY}": (-1, 9**9), "EXISTS(": (-1, -1)}
    for way, (gathered, read_first) in ways.items():
        monkeypatch.setattr(search, "GATHERED", gathered)
        monkeypatch.setattr(search, "READ_FIRST", read_first)
        with CaptureQueriesContext(connection) as asked:
            found = search.matching("payroll")
        assert len(asked) == 1
        assert asked[0]["sql"].startswith("EXPLAIN")
        assert way in str(ManagedIdentity.objects.filter(found).query), way


LETTERS = st.sampled_from("abcAB x-_%'\"*é")
TEXTS = st.text(LETTERS, max_size=12).filter(str.strip)


class TestAgainstReading(TestCase):
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(
        rows=st.lists(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), min_size=1, max_size=6),
        text=st.text(LETTERS, min_size=1, max_size=7),
    )
    def test_it_finds_the_rows_that_reading_every_member_finds(self, rows, text):
        here = Tenant.objects.create(name="Here", slug="here")
        for number, (name, purpose, label, team) in enumerate(rows):
            ManagedIdentity.objects.create(
                tenant=here, client_id=f"mi_{number}", name=f"{name}{number}", purpose=purpose,
                technical_owner_label=label, owner_team=Team.objects.create(tenant=here, name=f"{team}{number}"),
                state="retired",
            )  # fmt: skip
        expected = set(ManagedIdentity.objects.filter(read_through(text)))
        for few, common in ((200, 10_000), (1, 10_000), (-1, 10_000), (-1, 1)):
            with patch.multiple(search, FEW=few, COMMON=common, GATHERED=common if few > 0 else -1, READ_FIRST=common):
                assert set(ManagedIdentity.objects.filter(search.matching(text))) == expected
                leading = search.leading_to(text, "identity_id")
                if leading is not None:
                    entries = search.SearchEntry.objects.filter(leading)
                    assert {entry.identity_id for entry in entries} == {row.pk for row in expected}
