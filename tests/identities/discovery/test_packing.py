"""Records as JSON and back: nothing is lost but what is empty."""

from datetime import UTC, date, datetime

from hypothesis import given, strategies as st

from identities.discovery import packing
from identities.discovery.records import Reported, ReportedCredential

FIRST, LAST = datetime(1990, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - hypothesis puts the zone to them
INSTANTS = st.none() | st.datetimes(min_value=FIRST, max_value=LAST, timezones=st.just(UTC))
TEXTS = st.text(max_size=20)
CREDENTIALS = st.builds(
    ReportedCredential,
    kind=st.sampled_from(["access_key", "password"]),
    external_id=TEXTS,
    name=TEXTS,
    scope=st.lists(TEXTS, max_size=3).map(tuple),
    exposed_in=TEXTS,
    is_active=st.booleans(),
    created_at=INSTANTS,
    expires_at=INSTANTS,
)


def record(**members):
    return Reported(record_type="bot", key="k", label="bot", place="row 1", **members)


@given(st.lists(CREDENTIALS, max_size=4), INSTANTS)
def test_credentials_and_the_last_use_come_back_as_they_were(credentials, used):
    packed = packing.pack(record(credentials=tuple(credentials), last_used_at=used), source="paper/1")
    assert packing.credentials_of(packed) == credentials
    assert packing.last_use_of(packed) == used


@given(st.dictionaries(TEXTS, TEXTS, max_size=4))
def test_the_digest_heeds_no_order(facts):
    one = packing.pack(record(facts=facts), source="s")
    other = packing.pack(record(facts=dict(reversed(facts.items()))), source="s")
    assert packing.digest(one) == packing.digest(other)


def test_days_and_instants_come_back_as_such_and_what_is_none_as_it_was_said():
    at = datetime(2030, 1, 2, 3, tzinfo=UTC)
    facts = {"expires_at": at, "review_by": date(2030, 1, 2), "vendor_renewal_on": "soon", "purpose": ""}
    assert packing.facts_of(packing.pack(record(facts=facts), source="s")) == {
        "expires_at": at,
        "review_by": date(2030, 1, 2),
        "vendor_renewal_on": "soon",
    }


def test_an_address_of_an_owner_is_written_small_and_a_name_is_not():
    facts = {"technical_owner": " Ann@Example.com", "business_owner": "Bo B", "description": "Mail@Example.com"}
    assert packing.pack(record(facts=facts), source="s")["facts"] == {
        "technical_owner": "ann@example.com",
        "business_owner": "Bo B",
        "description": "Mail@Example.com",
    }


def test_a_name_that_holds_within_its_source_is_joined_to_it():
    packed = packing.pack(record(aliases=("arn:x", "./bot", "arn:x", "")), source="paper/1")
    assert packed["aliases"] == ["arn:x", "paper/1/bot"]
