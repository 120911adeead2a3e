"""What holds for every report: its words, its tenant, its count, its cost; and what each of them lists."""

from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor, Subject
from identities.access.models import Role, RoleBinding
from identities.credentials.models import ClientKey, ExternalCredential
from identities.inventory.models import ManagedIdentity
from identities.programme.reports.base import Line, kinds, reports
from identities.programme.reports.privileged import POINTS, explained
from identities.programme.slices import Slice
from tests.factories import client_keys, estates, tokens

pytestmark = pytest.mark.django_db
NAMES = [kind.name for kind in reports()]
EXPECTED = {
    "privileged", "friday", "shared-secrets", "orphaned", "unclear-owner", "ad-hoc", "removed", "data-reach",
    "rotation-overdue", "unmanaged-credentials", "expired-credentials", "live-tokens",
}  # fmt: skip


@pytest.fixture
def at():
    return timezone.now() + timedelta(minutes=1)


@pytest.fixture
def ours(at):
    return estates.varied(at)


def of(name, tenant, at, asked=None, **narrow):
    return kinds[name](Slice(frozenset({tenant.pk}), **narrow), at, asked)


def first_cells(report):
    return [line.cells[0] for line in report.lines(0, 100)]


def test_the_reports_that_are_asked_for_are_there():
    assert set(NAMES) >= EXPECTED


@pytest.mark.parametrize("name", NAMES)
def test_each_says_why_it_matters_and_fills_its_columns(ours, at, name):
    report = of(name, ours.tenant, at)
    assert len(report.why) > 60
    assert report.title
    for line in report.lines(0, 50):
        assert len(line.cells) == len(report.columns)
        assert all(cell is None or isinstance(cell, str | int | float | date | datetime) for cell in line.cells)


@pytest.mark.parametrize("name", NAMES)
def test_the_count_is_that_of_the_rows_and_a_file_has_the_same(ours, at, name):
    report = of(name, ours.tenant, at)
    lines = report.lines(0, 1000)
    assert report.count() == len(lines)
    assert [line.cells for line in report.every_line(1000)] == [line.cells for line in lines]
    assert len(list(report.every_line(1))) <= 1


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_another_tenant_or_team_is_in_it(ours, at, name):
    theirs = estates.varied(at)
    assert of(name, ours.tenant, at).count() == of(name, theirs.tenant, at).count()
    names = {row.pk for row in theirs.identities.values()}
    assert not {line.identity_id for line in of(name, ours.tenant, at).lines(0, 100)} & names
    team = {row.pk for row in ManagedIdentity.objects.filter(owner_team=ours.harbour)}
    found = {line.identity_id for line in of(name, ours.tenant, at, team_id=ours.harbour.pk).lines(0, 100)}
    assert found - {None} <= team


@pytest.mark.parametrize("name", NAMES)
def test_a_page_of_it_costs_few_statements_however_long_it_is(ours, at, name, django_assert_max_num_queries):
    for number in range(6):
        tokens.grant(ours.identities["green"], "run.read", name=f"r{number}")
    report = of(name, ours.tenant, at)
    with django_assert_max_num_queries(5):
        report.lines(0, 50)
        report.count()


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_option_finds_everything(ours, at, name):
    assert of(name, ours.tenant, at, {"life": "x", "no": "y"}).count() == of(name, ours.tenant, at).count()


def test_the_top_fifth_is_by_score_and_explained(ours, at):
    ManagedIdentity.objects.filter(pk=ours.identities["shared"].pk).update(
        privilege_level="admin", internet_exposed=True, business_criticality="critical"
    )
    report = of("privileged", ours.tenant, at)
    lines = report.lines(0, 10)
    assert len(lines) == 2, "a fifth of seven, rounded up"
    assert lines[0].cells[0] == "shared-bot"
    score, because = lines[0].cells[4], str(lines[0].cells[5])
    assert score == 30 + 15 + 10 + 10
    assert because.startswith("admin privilege +30")


def test_the_explanation_of_a_score_adds_up_to_it(ours, at):
    for line in of("privileged", ours.tenant, at).lines(0, 10):
        said = explained(ManagedIdentity.objects.get(pk=line.identity_id))
        assert sum(int(text.rsplit("+", 1)[1]) for text in said) == line.cells[4]
    assert sum(points for points, _, words in POINTS if words.startswith("admin")) == 30


def test_vendors_with_gaps_come_first_on_a_friday(ours, at):
    ManagedIdentity.objects.filter(pk__in=[ours.identities[name].pk for name in ("green", "unowned")]).update(
        ownership_class="vendor"
    )
    ManagedIdentity.objects.filter(pk=ours.identities["green"].pk).update(
        technical_owner=ours.owner, revocation_procedure="Call them.", revocation_tested_at=at
    )
    lines = of("friday", ours.tenant, at).lines(0, 10)
    assert [line.cells[0] for line in lines] == ["unowned-bot", "green-bot"]
    assert lines[0].cells[3] == (
        "no business owner, no technical owner, no revocation procedure, revocation never tested"
    )
    assert lines[1].cells[3] == "none"


def test_a_secret_of_two_identities_is_shared_by_place_or_by_name(ours, at):
    for name, facts in (("green", {"stored_at": "vault://prod/key"}), ("ending", {"external_id": "AKIA1"})):
        values = {"external_id": f"x-{name}", **facts}
        ExternalCredential.objects.create(identity=ours.identities[name], kind="access_key", source="aws/1", **values)
    found = sorted((line.cells[3], line.cells[0]) for line in of("shared-secrets", ours.tenant, at).lines(0, 10))
    assert found == [
        ("ending-bot", "AKIA1"),
        ("green-bot", "x-green"),
        ("overdue-bot", "AKIA1"),
        ("overdue-bot", "AKIA2"),
    ]


def test_orphans_the_unowned_and_the_overdue_are_listed(ours, at):
    assert sorted(first_cells(of("orphaned", ours.tenant, at))) == ["blank-bot", "shared-bot", "unowned-bot"]
    assert sorted(first_cells(of("unclear-owner", ours.tenant, at))) == ["blank-bot", "shared-bot", "unowned-bot"]
    assert first_cells(of("rotation-overdue", ours.tenant, at)) == ["overdue-bot"]
    assert sorted(first_cells(of("ad-hoc", ours.tenant, at))) == ["overdue-bot", "shared-bot"]


def test_an_owner_that_was_never_matched_stands_in_brackets(ours, at):
    ManagedIdentity.objects.filter(pk=ours.identities["unowned"].pk).update(business_owner_label="Bob in Ops")
    lines = {line.cells[0]: line.cells for line in of("unclear-owner", ours.tenant, at).lines(0, 10)}
    assert "(Bob in Ops)" in lines["unowned-bot"]


def test_expired_credentials_are_others_and_ours(ours, at):
    found = {
        (line.cells[0], line.cells[2], line.cells[3])
        for line in of("expired-credentials", ours.tenant, at).lines(0, 10)
    }
    assert found == {("p", "aws/1", "unowned-bot"), ("abcd", "Steward", "ending-bot")}


def test_a_key_of_ours_that_ended_is_among_the_expired(ours, at):
    made = client_keys.signing(of=ours.identities["green"]).key
    ClientKey.objects.filter(pk=made.pk).update(expires_at=at - timedelta(days=1))
    lines = of("expired-credentials", ours.tenant, at).lines(0, 10)
    assert [tuple(line.cells[1:4]) for line in lines if line.cells[0] == made.kid] == [
        ("public_key", "Steward", "green-bot")
    ]


def test_live_tokens_are_told_by_how_long_they_were_issued_for(ours, at):
    assert first_cells(of("live-tokens", ours.tenant, at, {"life": "long"})) == ["rotated-bot"]
    assert first_cells(of("live-tokens", ours.tenant, at, {"life": "short"})) == ["green-bot"]


def test_what_was_removed_is_told_with_who_and_why(ours, at):
    subject = Subject("identity", str(ours.identities["green"].pk), "green-bot", ours.tenant.pk)
    with transaction.atomic():
        audit.record("identity.retired", actor=Actor.system("tests"), subject=subject, reason="project ended")
        audit.record("identity.changed", actor=Actor.system("tests"), subject=subject, reason="not a removal")
    lines = of("removed", ours.tenant, at).lines(0, 10)
    assert [(line.cells[1], line.cells[4], line.cells[5]) for line in lines] == [
        ("identity.retired", "tests", "project ended")
    ]
    assert isinstance(lines[0], Line)
    assert of("removed", ours.tenant, at, team_id=ours.harbour.pk).count() == 1
    assert of("removed", ours.tenant, at, team_id=ours.night.pk).count() == 0


def test_a_removal_of_long_ago_is_out_of_sight_unless_asked_for(ours, at):
    subject = Subject("identity", "x", "old-bot", ours.tenant.pk)
    with transaction.atomic():
        audit.record("identity.retired", actor=Actor.system("tests"), subject=subject)
    later = at + timedelta(days=200)
    assert of("removed", ours.tenant, later).count() == 0
    assert of("removed", ours.tenant, later, {"back": "year"}).count() == 1


def test_each_class_of_data_shows_who_reaches_it_by_which_role_and_why(ours, at):
    role = Role.objects.create(tenant=ours.tenant, name="payer", permissions=["run.read"])
    for name, until in (("green", at + timedelta(days=1)), ("rotated", at - timedelta(hours=1))):
        RoleBinding.objects.create(
            identity=ours.identities[name], role=role, reason=f"{name} pays", valid_from=at - timedelta(days=2),
            valid_until=until,
        )  # fmt: skip
    lines = {line.cells[1]: line.cells for line in of("data-reach", ours.tenant, at).lines(0, 10)}
    assert lines["green-bot"][4:6] == ["payer", "green pays"]
    assert lines["rotated-bot"][4] is None, "its role has ended"
    assert lines["blank-bot"][0] == "not classified"
    assert next(iter(lines)) in {"green-bot", "rotated-bot"}, "what is classified comes first"
