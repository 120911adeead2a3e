"""Merging on the pages: what would happen is shown, the rows become one, and are parted under Sources."""

import pytest

from identities.discovery.models import Merge
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole
from tests.factories import imports, pages, people
from tests.factories.imports import applied, record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kinds():
    with imports.fake_kinds():
        yield


@pytest.fixture
def admin():
    return people.person()


@pytest.fixture
def client(admin):
    return pages.signed_in(admin)


@pytest.fixture
def pair(admin):
    applied(admin.tenant, record("a", name="kept", purpose="Builds."))
    applied(admin.tenant, record("b", name="absorbed", purpose="Other.", application="shop"), kind="stone")
    return ManagedIdentity.objects.get(name="kept"), ManagedIdentity.objects.get(name="absorbed")


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR])
def test_who_does_not_govern_merges_nothing(admin, pair, role):
    client = pages.signed_in(people.person(of=admin.tenant, role=role))
    sent = client.post(pages.command(pair[1], "merge"), {"into": str(pair[0].pk), "reason": "Same."})
    assert sent.status_code == 403
    assert not Merge.objects.exists()


def test_an_identity_of_another_tenant_is_no_choice(client, pair):
    other = people.person()
    applied(other.tenant, record("c", name="foreign"))
    foreign = ManagedIdentity.objects.get(name="foreign")
    sent = client.post(pages.command(pair[1], "merge"), {"into": str(foreign.pk), "reason": "Same."})
    assert sent.status_code == 422


def test_what_stands_against_it_is_said_beforehand_and_afterwards(client, pair):
    address, values = pages.command(pair[1], "merge"), {"into": str(pair[1].pk), "reason": "Same."}
    assert "into itself" in client.post(address, {**values, "preview": "1"}).content.decode()
    assert client.post(address, values).status_code == 422


def test_what_would_happen_is_shown_and_nothing_done(client, pair):
    text = client.post(pages.command(pair[1], "merge"), {"into": str(pair[0].pk), "preview": "1"}).content.decode()
    assert "Application is filled in" in text
    assert "Builds." in text
    assert "Other." in text
    assert not Merge.objects.exists()


def test_rows_are_merged_and_parted_by_buttons(client, pair):
    kept, absorbed = pair
    client.post(pages.command(absorbed, "merge"), {"into": str(kept.pk), "reason": "Same robot."})
    merge = Merge.objects.get()
    text = client.get(pages.page(kept, "sources")).content.decode()
    assert "Same robot." in text
    assert pages.command(kept, "part", merge.pk) in text
    assert client.get(pages.command(kept, "part", "nothing")).status_code == 404
    client.post(pages.command(kept, "part", merge.pk), {"reason": "They are two."})
    absorbed.refresh_from_db()
    assert absorbed.state == "active"


def test_sources_show_records_credentials_and_origins_in_few_queries(
    client, admin, pair, django_assert_max_num_queries
):
    with django_assert_max_num_queries(12):
        text = client.get(pages.page(pair[0], "sources")).content.decode()
    assert "paper/default" in text
    assert "imported" in text


def test_what_no_source_reports_any_more_says_so_on_every_tab(client, admin, pair):
    applied(admin.tenant, record("other"))
    assert "No source reports it any more." in client.get(pages.page(pair[0])).content.decode()
