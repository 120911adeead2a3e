"""Imports of many rows: what a person set stays, what does not fit is left out, each row has its record."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from audit.models import AuditEvent
from identities.errors import Missing
from identities.inventory import bulk, services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.people.models import Tenant
from tests.factories import register

pytestmark = pytest.mark.django_db
AT = datetime(2027, 3, 1, 12, tzinfo=UTC)
SOURCE = "aws/644160558196"


@pytest.fixture
def tenant() -> Tenant:
    return register.tenant()


def enter(tenant: Tenant, *many: dict[str, Any], source: str = SOURCE) -> list[ManagedIdentity]:
    entries = [bulk.Entry(facts=facts, source=source, reported_by=(source,)) for facts in many]
    return bulk.enter_many(tenant_id=tenant.pk, entries=entries, actor=register.SYSTEM, at=AT)


def tell(tenant: Tenant, identity: ManagedIdentity, *, source: str = SOURCE, **facts: Any) -> bulk.Proposed:
    update = bulk.Update(identity=identity, facts=facts, source=source)
    return bulk.change_many(tenant_id=tenant.pk, updates=[update], actor=register.SYSTEM, at=AT)[0]


def saved(identity: ManagedIdentity) -> ManagedIdentity:
    return ManagedIdentity.objects.get(pk=identity.pk)


# Refused, or left as it was


def test_a_row_of_another_tenant_is_not_changed(tenant: Tenant) -> None:
    foreign = register.identity(register.tenant())
    with pytest.raises(Missing):
        tell(tenant, foreign, ticket="OPS-1")
    assert saved(foreign).ticket == ""


def test_what_a_person_set_is_kept_and_said(tenant: Tenant) -> None:
    [made] = enter(tenant, {"name": "deploy", "ticket": "OLD-1", "application": "shop"})
    inventory.change(made, facts={"ticket": "OPS-1"}, actor=register.SYSTEM)
    done = tell(tenant, made, ticket="OLD-2", application="web shop")
    assert done.kept == {"ticket": {"mine": "OPS-1", "theirs": "OLD-2"}}
    assert done.changes == {"application": {"previous": "shop", "current": "web shop"}}
    assert (saved(made).ticket, saved(made).application) == ("OPS-1", "web shop")


def test_what_a_person_emptied_stays_empty(tenant: Tenant) -> None:
    [made] = enter(tenant, {"name": "deploy", "ticket": "OLD-1"})
    inventory.change(made, facts={"ticket": ""}, actor=register.SYSTEM)
    assert tell(tenant, made, ticket="OLD-1").kept == {"ticket": {"mine": "", "theirs": "OLD-1"}}
    assert saved(made).ticket == ""


def test_what_a_person_confirmed_is_theirs_from_then_on(tenant: Tenant) -> None:
    [made] = enter(tenant, {"name": "deploy", "ticket": "OPS-1"})
    inventory.change(made, facts={"ticket": "OPS-1"}, actor=register.SYSTEM)
    tell(tenant, made, ticket="OPS-2")
    assert saved(made).ticket == "OPS-1"
    event = AuditEvent.objects.get(type="identity.changed")
    assert event.changes == {"provenance.ticket": {"previous": "imported", "current": "edited"}}


def test_two_sources_do_not_take_turns(tenant: Tenant) -> None:
    [made] = enter(tenant, {"name": "deploy", "application": "shop"})
    done = tell(tenant, made, source="github/acme", application="storefront", ticket="OPS-1")
    assert done.elsewhere == {"application": {"mine": "shop", "theirs": "storefront"}}
    assert done.changes.keys() == {"ticket"}


def test_a_retired_row_keeps_its_facts(tenant: Tenant) -> None:
    [made] = enter(tenant, {"name": "deploy"})
    inventory.set_state(made, target=State.RETIRED, reason="over", actor=register.SYSTEM)
    assert tell(tenant, saved(made), ticket="OPS-1").changes == {}
    assert saved(made).ticket == ""


def test_what_does_not_fit_is_left_out_and_the_record_says_why(tenant: Tenant) -> None:
    [made] = enter(
        tenant,
        {
            "name": "x" * 130,
            "environment": "moon",
            "review_by": "0000-00-00",
            "expires_at": "9999-12-31T00:00:00Z",
            "tags": 7,
            "colour": "red",
            "owner_team": "Nobody's",
        },
    )
    assert (len(saved(made).name), saved(made).environment, saved(made).review_by) == (120, "", None)
    dropped = AuditEvent.objects.get(type="identity.created").details["dropped"]
    assert dropped.keys() == {"environment", "review_by", "expires_at", "tags", "colour", "owner_team"}


def test_nobody_is_asked_for_what_an_export_does_not_hold(tenant: Tenant) -> None:
    [made] = enter(tenant, {"name": "deploy", "ownership_class": "vendor", "auth_method": "human_shared_admin"})
    row = saved(made)
    assert (row.state, row.issuance, row.purpose, row.review_by) == ("active", "external", "", None)
    assert row.auth_method == "human_shared_admin"
    assert (row.triage, row.is_orphaned) == ("red", True)


def test_no_source_says_that_a_token_comes_from_us(tenant: Tenant) -> None:
    [made] = enter(tenant, {"name": "deploy", "issuance": "portal"})
    assert saved(made).issuance == "external"


# Done


def test_each_row_has_its_record_and_each_member_its_source(tenant: Tenant) -> None:
    made = enter(tenant, {"name": "a", "ticket": "OPS-1"}, {"name": "b"})
    events = AuditEvent.objects.filter(type="identity.created").order_by("id")
    assert [event.subject_id for event in events] == [str(row.pk) for row in made]
    assert events[0].changes["ticket"] == {"previous": None, "current": "OPS-1"}
    assert events[0].details == {"client_id": made[0].client_id, "source": SOURCE}
    said = saved(made[0]).provenance
    assert said["ticket"] == {
        "origin": "imported", "source": SOURCE, "at": AT.isoformat(), "by": register.SYSTEM.label,
    }  # fmt: skip
    assert said.keys() == {"name", "ticket"}
    assert saved(made[0]).reported_by == [SOURCE]


def test_an_owner_is_matched_to_a_person_or_stays_a_label(tenant: Tenant) -> None:
    dana = register.person(tenant, email="dana@example.com")
    agent = register.person(tenant, email="health-agent@example.com", is_agent=True)
    foreign = register.person(register.tenant())
    team = register.team(tenant)
    [made] = enter(
        tenant,
        {
            "name": "deploy",
            "business_owner": "DANA@example.com",
            "technical_owner": agent.email,
            "deputy_owner": foreign.email,
            "owner_team": team.name.upper(),
        },
    )
    row = saved(made)
    assert (row.business_owner_id, row.technical_owner_id, row.deputy_owner_id) == (dana.pk, None, None)
    assert (row.technical_owner_label, row.owner_team_id) == (agent.email, team.pk)


def test_a_name_that_is_taken_gets_a_number(tenant: Tenant) -> None:
    register.identity(tenant, name="Default")
    register.identity(tenant, name="default (2)")
    made = enter(tenant, *({"name": "default"} for _ in range(20)))
    assert [row.name for row in made] == [
        "default (644160558196)",
        *(f"default ({number})" for number in range(3, 22)),
    ]
    assert tell(tenant, made[0], name="default").changes == tell(tenant, made[1], name="default").changes == {}


def test_a_new_name_that_is_taken_gets_a_number_as_well(tenant: Tenant) -> None:
    first, second = enter(tenant, {"name": "a"}, {"name": "b"})
    assert tell(tenant, second, name="A").changes == {"name": {"previous": "b", "current": "A (2)"}}
    assert tell(tenant, first, name="A").changes == {"name": {"previous": "a", "current": "A"}}


def test_the_same_words_twice_change_nothing(tenant: Tenant) -> None:
    facts: dict[str, Any] = {
        "name": "deploy",
        "ticket": "OPS-1",
        "tags": {"a": "b"},
        "expires_at": "2027-05-01T00:00:00+02:00",
    }
    [made] = enter(tenant, facts)
    before = saved(made).updated_at
    done = tell(tenant, made, **facts)
    assert (done.changes, done.kept) == ({}, {})
    assert saved(made).updated_at == before
    assert not AuditEvent.objects.filter(type="identity.changed").exists()


def test_a_row_changed_by_somebody_meanwhile_is_read_anew(tenant: Tenant) -> None:
    [made] = enter(tenant, {"name": "deploy", "ticket": "OLD-1"})
    inventory.change(saved(made), facts={"ticket": "OPS-1", "application": "shop"}, actor=register.SYSTEM)
    assert made.ticket == "OLD-1"
    done = tell(tenant, made, ticket="OLD-2", repository="acme/shop")
    assert done.kept.keys() == {"ticket"}
    row = saved(made)
    assert (row.ticket, row.application, row.repository) == ("OPS-1", "shop", "acme/shop")
    assert (made.ticket, made.repository) == ("OPS-1", "acme/shop")


def test_one_row_named_twice_takes_both(tenant: Tenant) -> None:
    [made] = enter(tenant, {"name": "deploy"})
    again = saved(made)
    updates = [
        bulk.Update(identity=made, facts={"ticket": "OPS-1"}, source=SOURCE),
        bulk.Update(identity=again, facts={"application": "shop"}, source=SOURCE, reported_by=(SOURCE, "github/acme")),
    ]
    bulk.change_many(tenant_id=tenant.pk, updates=updates, actor=register.SYSTEM, at=AT)
    row = saved(made)
    assert (row.ticket, row.application, row.reported_by) == ("OPS-1", "shop", [SOURCE, "github/acme"])
    assert (again.ticket, made.application) == ("OPS-1", "shop")


def test_a_use_is_only_ever_later(tenant: Tenant) -> None:
    [made] = enter(tenant, {"name": "deploy"})
    for used_at, expected in ((AT, AT), (AT - timedelta(days=1), AT), (AT + timedelta(days=1), AT + timedelta(days=1))):
        update = bulk.Update(identity=saved(made), facts={}, source=SOURCE, last_used_at=used_at)
        bulk.change_many(tenant_id=tenant.pk, updates=[update], actor=register.SYSTEM, at=AT)
        assert saved(made).last_used_at == expected
    assert not AuditEvent.objects.filter(type="identity.changed").exists()


def test_being_reported_again_ends_its_absence(tenant: Tenant) -> None:
    [made] = enter(tenant, {"name": "deploy"})
    ManagedIdentity.objects.filter(pk=made.pk).update(unreported_since=AT)
    update = bulk.Update(identity=saved(made), facts={}, source=SOURCE, reported_by=(SOURCE,))
    bulk.change_many(tenant_id=tenant.pk, updates=[update], actor=register.SYSTEM, at=AT)
    assert saved(made).unreported_since is None


def test_nothing_to_do_is_done(tenant: Tenant) -> None:
    assert enter(tenant) == []
    assert bulk.change_many(tenant_id=tenant.pk, updates=[], actor=register.SYSTEM, at=AT) == []


def test_a_hundred_rows_ask_the_database_as_often_as_ten(
    tenant: Tenant, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    register.person(tenant, email="dana@example.com")
    for batch, size in enumerate((10, 100)):
        facts: list[dict[str, Any]] = [
            {"name": f"{batch}-{number}", "technical_owner": "dana@example.com"} for number in range(size)
        ]
        with django_assert_max_num_queries(20):
            made = enter(tenant, *facts)
        updates = [bulk.Update(identity=row, facts={"ticket": "OPS-1"}, source=SOURCE) for row in made]
        with django_assert_max_num_queries(20):
            bulk.change_many(tenant_id=tenant.pk, updates=updates, actor=register.SYSTEM, at=AT)
    assert ManagedIdentity.objects.filter(ticket="OPS-1").count() == 110
