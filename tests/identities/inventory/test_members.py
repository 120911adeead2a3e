"""Reading single values of the record: what is refused, and what is made of the rest."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, strategies as st

from identities.inventory.members import MAX_ITEMS, MEMBERS, Unfit
from identities.inventory.models import ManagedIdentity


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("name", "two\nlines"),
        ("name", "x" * 121),
        ("name", 7),
        ("purpose", "x" * 4001),
        ("purpose", "bell\x07"),
        ("repository", "right\u202eleft"),
        ("function", "dance"),
        ("trust_boundary", "moon"),
        ("blast_radius", "crater"),
        ("privilege_level", "Admin"),
        ("business_criticality", "yes"),
        ("auth_method", "smile"),
        ("disable_strategy", "later"),
        ("internet_exposed", "yes"),
        ("internet_exposed", 1),
        ("rotation_interval_days", 0),
        ("rotation_interval_days", 3651),
        ("rotation_interval_days", True),
        ("rotation_interval_days", "30"),
        ("review_by", "0000-00-00"),
        ("review_by", "2027-02-30"),
        ("review_by", "9999-12-31"),
        ("review_by", datetime(2027, 1, 1, tzinfo=UTC)),
        ("expires_at", "9999-12-31T23:59:59Z"),
        ("expires_at", "soon"),
        ("vendor_renewal_on", "31.12.2027"),
        ("expected_cadence", "now and then"),
        ("expected_cadence", "P0D"),
        ("expected_cadence", "PT"),
        ("protocols", "https"),
        ("protocols", ["https", 7]),
        ("protocols", ["bell\x07"]),
        ("downstream_permissions", ["x" * 401]),
        ("upstream_dependencies", [str(number) for number in range(MAX_ITEMS + 1)]),
        ("downstream_systems", {"a": "b"}),
        ("tags", "loose"),
        ("tags", {"a": ["b"]}),
        ("tags", {"a": "b\x00"}),
    ],
)
def test_what_does_not_fit_is_refused_in_words(member: str, value: object) -> None:
    with pytest.raises(Unfit) as refused:
        MEMBERS[member].read(value)
    assert str(refused.value).endswith((".", "M."))


@pytest.mark.parametrize(
    ("member", "value", "kept"),
    [
        ("name", "  payroll ", "payroll"),
        ("description", "one\ntwo", "one\ntwo"),
        ("kind", "", "workload"),
        ("function", None, ""),
        ("environment", "", ""),
        ("protocols", [" https ", "mcp", "https", ""], ["https", "mcp"]),
        ("downstream_systems", None, []),
        ("tags", None, {}),
        ("tags", ["a", "b"], ["a", "b"]),
        ("review_by", " 2027-03-31 ", date(2027, 3, 31)),
        ("expires_at", "2027-03-31T00:00:00", datetime(2027, 3, 31, tzinfo=UTC)),
        ("expires_at", "", None),
        ("expected_cadence", "Daily", "daily"),
        ("expected_cadence", "per_minute", "per_minute"),
        ("expected_cadence", "every_minute", "every_minute"),
        ("expected_cadence", "pt5m", "PT5M"),
        ("expected_cadence", "P1Y", "P1Y"),
        ("internet_exposed", None, False),
    ],
)
def test_what_fits_is_kept_as_the_column_keeps_it(member: str, value: object, kept: object) -> None:
    assert MEMBERS[member].read(value) == kept


def test_every_member_is_a_column_and_takes_its_default() -> None:
    silent = ManagedIdentity()
    for name, member in MEMBERS.items():
        value = getattr(silent, name)
        assert member.read(value) == value, name


@given(
    st.sampled_from(sorted(MEMBERS)),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40) | st.dates(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    ),
)
def test_whatever_is_read_reads_again_to_itself(name: str, value: object) -> None:
    try:
        kept = MEMBERS[name].read(value)
    except Unfit:
        return
    assert MEMBERS[name].read(kept) == kept
