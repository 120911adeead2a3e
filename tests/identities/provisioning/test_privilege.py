"""What widens is told as widening, what narrows is not."""

import pytest

from identities.provisioning.planning import Change, Risk
from identities.provisioning.privilege import weigh_identity

BEFORE = {"name": "bot"}


@pytest.mark.parametrize(
    ("member", "narrow", "wide"),
    [
        ("privilege_level", "low", "admin"),
        ("privilege_level", "", "high"),
        ("blast_radius", "read_only", "human_impersonating"),
        ("environment", "staging", "production"),
        ("risk_tier", "high", "low"),
        ("issuance", "external", "portal"),
        ("expires_at", "2027-01-01T00:00:00+00:00", "2028-01-01T00:00:00+00:00"),
        ("expires_at", "2027-01-01T00:00:00+00:00", None),
        ("trust_boundary", "internal", "regulated_data"),
        ("internet_exposed", False, True),
        ("state", "disabled", "active"),
        ("downstream_permissions", ["s3:Get"], ["s3:Get", "s3:Put"]),
    ],
)
def test_the_way_up_widens_and_the_way_down_does_not(member, narrow, wide):
    up = weigh_identity(BEFORE, [Change(member, narrow, wide)])
    down = weigh_identity(BEFORE, [Change(member, wide, narrow)])
    assert up.risk is Risk.HIGH
    assert len(up.widens) == 1
    assert down.widens == ()


def test_a_new_identity_widens_only_where_it_begins_with_much():
    assert weigh_identity(None, [Change("privilege_level", None, "low")]).risk is Risk.LOW
    assert weigh_identity(None, [Change("environment", None, "production")]).risk is Risk.MEDIUM
    assert weigh_identity(None, [Change("privilege_level", None, "admin")]).risk is Risk.HIGH
    assert weigh_identity(None, [Change("blast_radius", None, "privileged")]).risk is Risk.HIGH


def test_an_owner_deserves_a_look_and_a_ticket_does_not():
    assert weigh_identity(BEFORE, [Change("technical_owner", "a", "b")]).risk is Risk.MEDIUM
    assert weigh_identity(BEFORE, [Change("ticket", "a", "b")]).risk is Risk.LOW
