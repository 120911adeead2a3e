"""Merging two rows: what is refused, what moves, and that parting brings everything back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials import services as credentials
from identities.credentials.models import ExternalCredential
from identities.discovery import merging
from identities.discovery.records import ReportedCredential
from identities.errors import Conflict, Invalid
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.lifecycle.quarantines import quarantine
from tests.factories import imports, register, runs
from tests.factories.imports import SYSTEM, applied, record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kinds():
    with imports.fake_kinds():
        yield


@pytest.fixture
def tenant():
    return register.tenant()


def key(number: int) -> ReportedCredential:
    return ReportedCredential(kind="access_key", external_id=f"AKIA{number}")


@pytest.fixture
def pair(tenant):
    """Two imported rows: `kept` knows its purpose, `absorbed` its application and has a key."""
    applied(tenant, record("a", name="kept", purpose="Builds."))
    applied(
        tenant, record("b", name="absorbed", purpose="Other.", application="shop", credentials=(key(1),)), kind="stone"
    )
    return fresh("kept"), fresh("absorbed")


def fresh(name: str) -> ManagedIdentity:
    return ManagedIdentity.objects.get(name=name)


def test_without_a_reason_nothing_is_merged_or_parted(pair):
    kept, absorbed = pair
    with pytest.raises(Invalid):
        merging.merge(kept=kept, absorbed=absorbed, reason=" ", actor=SYSTEM)
    merge = merging.merge(kept=kept, absorbed=absorbed, reason="Same.", actor=SYSTEM)
    with pytest.raises(Invalid):
        merging.part(merge, reason="", actor=SYSTEM)


@pytest.mark.parametrize("which", [0, 1])
def test_an_incident_is_not_ended_by_a_merge(pair, which):
    kept, absorbed = pair
    quarantine(pair[which], reason="incident", actor=SYSTEM)
    with pytest.raises(Conflict, match="quarantined"):
        merging.merge(kept=kept, absorbed=absorbed, reason="Same.", actor=SYSTEM)
    assert fresh(pair[which].name).state == "quarantined"


def test_a_row_is_not_merged_into_itself_or_across_tenants(pair):
    kept, _ = pair
    stranger = register.identity(register.tenant())
    for other in (kept, stranger):
        with pytest.raises(Conflict):
            merging.merge(kept=kept, absorbed=other, reason="Same.", actor=SYSTEM)


def test_one_with_a_live_secret_of_ours_is_not_absorbed(tenant, pair):
    ours = register.identity(tenant)
    credentials.issue(ours, actor=SYSTEM)
    with pytest.raises(Conflict, match="live secret"):
        merging.merge(kept=pair[0], absorbed=ours, reason="Same.", actor=SYSTEM)
    merging.merge(kept=ours, absorbed=pair[0], reason="Same.", actor=SYSTEM)


def test_one_with_a_role_or_a_schedule_is_not_absorbed(tenant, pair):
    held = register.identity(tenant)
    register.grant(held, "identity.read")
    with pytest.raises(Conflict, match="role"):
        merging.merge(kept=pair[0], absorbed=held, reason="Same.", actor=SYSTEM)
    runner = register.identity(tenant)
    runs.schedule(running=runs.workflow(of=tenant), managed_identity_id=runner.pk)
    with pytest.raises(Conflict, match="schedule runs as"):
        merging.merge(kept=pair[0], absorbed=runner, reason="Same.", actor=SYSTEM)


def test_what_would_happen_is_seen_beforehand(pair):
    kept, absorbed = pair
    found = merging.foresee(kept=kept, absorbed=absorbed)
    assert (found.records, found.credentials, found.refused) == (1, 1, "")
    assert found.filled == {"application": "shop"}
    assert found.stays["purpose"] == ("Builds.", "Other.")
    assert "itself" in merging.foresee(kept=kept, absorbed=kept).refused


def test_merging_moves_records_and_credentials_and_fills_what_is_missing(pair):
    kept, absorbed = pair
    merging.merge(kept=kept, absorbed=absorbed, reason="Same robot.", actor=SYSTEM)
    kept, absorbed = fresh("kept"), fresh("absorbed")
    assert (kept.purpose, kept.application) == ("Builds.", "shop")
    assert kept.provenance["application"]["origin"] == "derived"
    assert kept.reported_by == ["paper/default", "stone/default"]
    assert kept.source_records.count() == 2
    assert ExternalCredential.objects.get().identity == kept
    assert (absorbed.state, absorbed.merged_into) == ("retired", kept)
    assert AuditEvent.objects.filter(type="identity.merged").count() == 2


def test_the_next_import_finds_the_row_that_was_kept(tenant, pair):
    merging.merge(kept=pair[0], absorbed=pair[1], reason="Same.", actor=SYSTEM)
    run = applied(tenant, record("b", name="absorbed", purpose="Other.", application="shop"), kind="stone")
    assert run.counts["new"] == 0
    assert fresh("kept").name == "kept"
    assert fresh("absorbed").state == "retired"


def test_parting_brings_everything_back(pair):
    kept, absorbed = pair
    merge = merging.merge(kept=kept, absorbed=absorbed, reason="Same.", actor=SYSTEM)
    merging.part(merge, reason="They are two.", actor=SYSTEM)
    kept, absorbed = fresh("kept"), fresh("absorbed")
    assert (kept.application, kept.reported_by) == ("", ["paper/default"])
    assert "application" not in kept.provenance
    assert (absorbed.state, absorbed.merged_into, absorbed.application) == ("active", None, "shop")
    assert absorbed.reported_by == ["stone/default"]
    assert ExternalCredential.objects.get().identity == absorbed
    assert absorbed.source_records.count() == 1
    with pytest.raises(Conflict, match="already"):
        merging.part(merge, reason="Again.", actor=SYSTEM)


def test_what_was_changed_since_the_merge_stays_when_they_are_parted(pair):
    merge = merging.merge(kept=pair[0], absorbed=pair[1], reason="Same.", actor=SYSTEM)
    inventory.change(
        fresh("kept"),
        facts={"application": "bank", "review_by": timezone.now().date() + timedelta(days=9)},
        actor=SYSTEM,
    )
    merging.part(merge, reason="They are two.", actor=SYSTEM)
    assert fresh("kept").application == "bank"


def test_a_name_that_was_taken_meanwhile_gets_a_number(tenant, pair):
    merge = merging.merge(kept=pair[0], absorbed=pair[1], reason="Same.", actor=SYSTEM)
    applied(tenant, record("c", name="absorbed"))
    merging.part(merge, reason="They are two.", actor=SYSTEM)
    assert ManagedIdentity.objects.filter(name="absorbed (2)", state="active").exists()
