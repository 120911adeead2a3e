"""The route table is whole, and no route shows or does anything across tenants."""

import re
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import transaction
from django.urls import get_resolver
from django.utils import timezone

from audit import services as audit
from audit.actors import Subject
from identities import throttle
from identities.access import matrix
from identities.access.matrix import Duty, Reach
from identities.access.models import SecretGrant
from identities.access.permissions import PERMISSIONS
from identities.admin.site import site
from identities.api.views import PortalView
from identities.approvals.models import ApprovalRequest
from identities.credentials import services as credentials
from identities.credentials.models import ExternalCredential
from identities.detections.models import Finding
from identities.discovery.models import ImportRun
from identities.elevations.models import BreakGlassGrant, Elevation
from identities.inventory.models import PolicyException
from identities.lifecycle.models import Quarantine
from identities.notifications.models import Channel, Delivery, Subscription
from identities.policies.models import ResourcePolicy
from identities.recertification.models import CampaignPlan, ReviewCampaign, ReviewItem
from identities.requests.models import IdentityRequest
from identities.service_users.models import Replacement
from identities.succession.models import OwnershipTransfer, SuccessionCase
from identities.vaults.models import VaultConnection
from tests.cases import named
from tests.factories import people as cast, runs as firings, tokens as bots
from tests.identities.api import route_table as table
from tests.identities.api.route_table import ROWS, Row

pytestmark = pytest.mark.django_db
ROLES = ("READ_ONLY", "ANALYST", "AUDITOR", "ADMIN")
WITH_ID = [row for row in ROWS if "<" in row.route]
WITHOUT_ID = [row for row in ROWS if "<" not in row.route]
NO_TENANTS_ROWS = {
    "api/auth/me",
    "api/users/me",
    "api/users/me/audits",
    "api/inbox",
    "api/subscriptions/vocabulary",
    "api/tenants",
    "api/audit/checkpoints",
    "api/reports",
    "api/roleBundles",
    "flowstudio/api/nodeKinds",
}
TENANT_LISTS = [row for row in WITHOUT_ID if row.method == "GET" and row.route not in NO_TENANTS_ROWS]


def label(value):
    return f"{value.method} {value.route}" if isinstance(value, Row) else str(value)


def test_every_route_has_a_row_and_says_what_the_row_says():
    said, open_to_all = set(), set()
    for route, view in table.routes().items():
        if route in table.ELSEWHERE:
            continue
        assert isinstance(view, type), f"{route} is not a view of the API: give it a row or a reason"
        assert issubclass(view, PortalView), f"{route} is not a view of the API: give it a row or a reason"
        for method in [name.upper() for name in view.http_method_names if name != "head" and hasattr(view, name)]:
            if method in view.open_methods:
                open_to_all.add((method, route))
                continue
            duty = view.duties.get(method)
            assert isinstance(duty, Duty), f"{method} {route} has no duty"
            said.add(Row(method, route, duty.value, view.machine_permissions.get(method, "")))
    assert said == set(ROWS)
    assert open_to_all == table.OPEN


def test_no_row_and_no_exception_speaks_of_a_route_that_is_gone():
    there = table.routes().keys()
    assert {row.route for row in ROWS} | {route for _, route in table.OPEN} | table.ELSEWHERE == there


def test_every_admin_page_has_a_row():
    pages = {
        f"{model._meta.app_label}.{model._meta.model_name}": getattr(page, "read_duty", None)
        for model, page in site._registry.items()
    }
    assert pages == table.PAGES


def test_the_admin_that_is_mounted_is_ours_and_no_other():
    """The libraries register their models on a site of Django's own, which nothing leads to."""
    mounted = [found for found in get_resolver().url_patterns if getattr(found, "app_name", None) == "admin"]
    assert [found.namespace for found in mounted] == [site.name]
    assert mounted[0].url_patterns[0].name == site.urls[0][0].name


@pytest.fixture(scope="module")
def standing(django_db_setup, django_db_blocker):
    """Made once for hundreds of tests: what one of them changes is undone with it, as all of this is at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield one_of_every_kind()
        transaction.set_rollback(True)


@pytest.fixture
def estate(standing, db):
    """The ids of one thing of every kind."""
    return dict(standing)


def one_of_every_kind():
    """One thing of every kind, in a tenant of its own; by the part of the route that names it."""
    tenant = cast.tenant("Elsewhere")
    member = cast.person(of=tenant)
    identity = bots.identity(of=tenant, name="their-bot")
    role = bots.grant(identity, "workflow.execute", name="their-role")
    schedule = firings.schedule(running=firings.workflow(of=tenant, key="wf-theirs"))
    stop = Quarantine.objects.create(tenant=tenant, identity=identity, reason="theirs", previous_state="active")
    at = timezone.now() + timedelta(days=1)
    campaign = ReviewCampaign.objects.create(tenant=tenant, name="theirs", due_at=at)
    hook = Channel.objects.create(tenant=tenant, name="their-channel", kind="webhook")
    with transaction.atomic():
        event = audit.record("identity.changed", actor=cast.SYSTEM, subject=Subject("identity", "x", "x", tenant.pk))
    return {
        "tenants": tenant.pk,
        "teams": cast.team(member, of=tenant, name="their-team").pk,
        "members": member.pk,
        "users": member.pk,
        "roles": role.pk,
        "roleBindings": role.bindings.get().pk,
        "identities": identity.pk,
        "credentials": credentials.issue(identity, actor=cast.SYSTEM).secret.pk,
        "externalCredentials": ExternalCredential.objects.create(
            identity=identity, kind="api_token", source="by hand", external_id="theirs"
        ).pk,
        "exceptions": PolicyException.objects.create(
            identity=identity,
            kind="rotation_beyond_maximum",
            reason="theirs",
            expires_at=timezone.now() + timedelta(days=1),
        ).pk,
        "elevations": Elevation.objects.create(tenant=tenant, identity=identity, role=role, minutes=5).pk,
        "breakGlass": BreakGlassGrant.objects.create(
            tenant=tenant, identity=identity, role=role, minutes=5, valid_until=timezone.now() + timedelta(days=1)
        ).pk,
        "rotations": getattr(credentials.issue(identity, actor=cast.SYSTEM).rotation, "pk", None),
        "channels": hook.pk,
        "subscriptions": Subscription.objects.create(tenant=tenant, name="theirs", channel=hook).pk,
        "deliveries": Delivery.objects.create(tenant=tenant, channel=hook, subject="theirs").pk,
        "vaultConnections": VaultConnection.objects.create(
            tenant=tenant, name="their-vault", provider="local", vault_uri="local://theirs"
        ).pk,
        "secretGrants": SecretGrant.objects.create(
            identity=identity,
            provider="local",
            vault_uri="local://default",
            secret_name="theirs",
            valid_until=timezone.now() + timedelta(days=1),
        ).pk,
        "policies": ResourcePolicy.objects.create(tenant=tenant, name="their-policy", text="", content_hash="x").pk,
        "quarantines": stop.pk,
        "identityRequests": IdentityRequest.objects.create(
            tenant=tenant,
            bundle="observability-bot",
            name="theirs",
            environment="sandbox",
            purpose="theirs",
            risk_tier="low",
            expires_at=timezone.now() + timedelta(days=1),
        ).pk,
        "approvals": ApprovalRequest.objects.create(
            tenant=tenant,
            subject_kind="elevation",
            subject_id=uuid4(),
            subject_label="theirs",
            content={},
            content_hash="x",
            risk_tier="high",
        ).pk,
        "campaigns": campaign.pk,
        "campaignItems": ReviewItem.objects.create(campaign=campaign, identity=identity, risk_tier="low").pk,
        "campaignPlans": CampaignPlan.objects.create(
            tenant=tenant, name="theirs", every_days=90, next_at=timezone.now() + timedelta(days=1)
        ).pk,
        "replacements": Replacement.objects.create(
            tenant=tenant, account=member, identity=identity, reason="theirs", overdue_at=at
        ).pk,
        "successions": SuccessionCase.objects.create(tenant=tenant, identity=identity, cause="theirs").pk,
        "transfers": OwnershipTransfer.objects.create(
            tenant=tenant, identity=identity, role="deputy_owner", receiver=member, reason="theirs", due_at=at
        ).pk,
        "lines": stop.lines.create(position=1, kind="procedure", text="theirs").pk,
        "findings": Finding.objects.create(tenant=tenant, identity=identity, code="NHI1-ORPHAN", category="NHI1").pk,
        "imports": ImportRun.objects.create(tenant=tenant, kind="csv").pk,
        "events": event.uuid,
        "reports": "no-such-report",  # a report is nobody's: its name says all
        "workflows": "wf-theirs",
        "schedules": schedule.pk,
        "runs": firings.run(schedule).pk,
    }


def filled(route, ids):
    """`route` with an id for each `<…>`, chosen by the word before it."""
    path = "/" + route
    while found := re.search(r"(\w+)/<[^>]+>", path):
        path = path.replace(found.group(0), f"{found.group(1)}/{ids[found.group(1)]}", 1)
    return path


def unknown(ids):
    return {name: "wf-nobody" if name == "workflows" else uuid4() for name in ids}


def ask(call, row, path):
    return call.ask(row.method.lower(), path, None if row.method == "GET" else {})


@contextmanager
def alone(row):
    """One row of hundreds in a test: what it did or used up is not there for the next, and a failure names it."""
    with named(label(row)), transaction.atomic():
        yield
        transaction.set_rollback(True)
    throttle.forget()
    cache.clear()


@pytest.mark.parametrize("role", ROLES)
def test_what_is_another_tenants_is_as_if_it_were_not_there(call, problem, estate, role):
    caller = call.as_(cast.person(role=role))
    for row in WITH_ID:
        with alone(row):
            reach = matrix.reach(role, Duty(row.duty))
            foreign = ask(caller, row, filled(row.route, estate))
            if reach is Reach.NONE:
                problem(foreign, 403, "forbidden")
            elif reach is Reach.EVERY:
                assert foreign.status_code == 200
            else:
                missing = ask(caller, row, filled(row.route, unknown(estate)))
                assert problem(foreign, 404, "not_found") == problem(missing, 404, "not_found")


def test_a_machine_with_every_permission_finds_nothing_of_another_tenant(call, problem, estate):
    caller = call.as_(bots.bot(permissions=tuple(PERMISSIONS)))
    for row in WITH_ID:
        with alone(row):
            answer = ask(caller, row, filled(row.route, estate))
            problem(answer, 404 if row.machine else 403)


def test_a_new_identity_that_an_admin_made_is_refused_everywhere(call, problem, estate):
    """S0-05: nothing comes to it from who made it or who owns it."""
    admin = cast.person()
    bot = bots.bot(of=admin.tenant, technical_owner=admin, business_owner=admin, created_by=admin.email)
    caller = call.as_(bot)
    for row in ROWS:
        with alone(row):
            answer = ask(caller, row, filled(row.route, estate))
            body = problem(answer, 403, "insufficient_scope")
            assert row.machine in body["detail"]
            assert answer["WWW-Authenticate"].startswith('Bearer error="insufficient_scope"') or not row.machine


def test_nobody_gets_in_without_a_token(call, problem, estate):
    for row in ROWS:
        with alone(row):
            problem(ask(call, row, filled(row.route, estate)), 401, "not_authenticated")


@pytest.mark.parametrize("role", ROLES)
def test_a_list_shows_no_row_of_another_tenant(call, estate, role):
    caller = call.as_(cast.person(role=role))
    for row in [row for row in WITHOUT_ID if row.method == "GET"]:
        with alone(row):
            answer = caller.get("/" + row.route)
            reach = matrix.reach(role, Duty(row.duty))
            if reach is Reach.NONE:
                assert answer.status_code == 403
            else:
                assert answer.status_code == 200
                shows_theirs = any(str(value) in answer.content.decode() for value in estate.values())
                assert not shows_theirs or reach is Reach.EVERY


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_does_not_reach_cannot_make_anything(call, problem, role):
    caller = call.as_(cast.person(role=role))
    for row in [row for row in WITHOUT_ID if row.method == "POST"]:
        with alone(row):
            answer = caller.post("/" + row.route, {})
            if matrix.reach(role, Duty(row.duty)) is Reach.NONE or row.route == "api/tenants":
                problem(answer, 403, "forbidden")
            else:
                # Files come as a form, everything else as JSON.
                problem(answer, 415 if row.route == "api/imports" else 400)


@pytest.mark.parametrize("role", ROLES)
def test_a_list_of_another_tenant_is_for_those_who_reach_it(call, problem, estate, role):
    caller = call.as_(cast.person(role=role))
    for row in TENANT_LISTS:
        with alone(row):
            reach = matrix.reach(role, Duty(row.duty))
            answers = [caller.get(f"/{row.route}?tenantId={tenant}") for tenant in (estate["tenants"], uuid4())]
            if reach is Reach.NONE:
                assert {answer.status_code for answer in answers} == {403}
            elif reach is Reach.EVERY:
                assert [answer.status_code for answer in answers] == [200, 400]
            else:
                assert [problem(answer, 400)["errors"] for answer in answers] == [
                    {"tenantId": ["There is no such tenant."]}
                ] * 2


def test_the_platform_administrator_governs_every_tenant_and_lists_the_own_one_unless_told(call, estate):
    admin = call.as_(cast.platform_admin())
    assert admin.get(f"/api/roles/{estate['roles']}").status_code == 200
    assert admin.get("/api/roles").json()["results"] == []
    theirs = admin.get(f"/api/roles?tenantId={estate['tenants']}").json()["results"]
    assert [role["name"] for role in theirs] == ["their-role"]
    body = {"name": "made-there", "permissions": [], "tenantId": str(estate["tenants"])}
    assert admin.post("/api/roles", body).json()["tenantId"] == str(estate["tenants"])
