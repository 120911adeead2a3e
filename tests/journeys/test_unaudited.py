"""What is not audited does not happen: with an audit that takes nothing, no command leaves anything behind.

Every command is given twice: first while the table takes no row, when nothing may change; then while it does, when
something must, with a record: so that none is a command that would have done nothing anyway.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils import timezone

from audit.actors import Actor, ActorKind
from audit.models import AuditEvent
from identities.access import secret_grants, services as access
from identities.access.models import Role, RoleBinding, SecretGrant
from identities.credentials import services as credentials
from identities.credentials.models import ClientSecret
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.people import services as people, sign_in
from identities.people.models import Team, Tenant, User
from identities.policies import services as policies
from identities.policies.models import ResourcePolicy
from identities.tokens import services as tokens
from identities.tokens.models import IssuedToken
from identities.vaults import services as vaults
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference
from scheduling.models import RunState, Schedule, ScheduleRun, Workflow
from scheduling.preflight.services import preflight
from scheduling.services import firing, ledger, recovery, runs, schedules, workflows
from scheduling.services.facts import Facts
from tests.factories import pages, passport, people as cast, runs as made_runs, tokens as made

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
AT = SecretReference("local", "local://default", "payroll")
OTHER_PASSWORD = "Another-Horse-1"

#: Tables that hold no state of the product's own, and what they hold.
BESIDE = {
    "AuditEvent": "the records themselves",
    "AuditSeal": "made of records by the sealer",
    "AuditCheckpoint": "made of seals",
    "AuditVerification": "when the chain was last walked",
    "SealHead": "how far the sealer is",
    "AuditEra": "which key the chain stands under",
    "AuthorizationDecision": "a log beside the audit",
    "DecisionWriter": "which process writes that log",
    "Pulse": "the scheduler's sign of life",
    "AccessAttempt": "how often a password was wrong",
    "AccessLog": "when a password was right, for the same count",
    "Session": "a browser's cookie",
    "ContentType": "Django's",
    "Permission": "Django's",
}
#: Marks of use, written late and in batches.
LATE = {"last_used_at", "uses"}


@contextlib.contextmanager
def no_room_in_the_audit() -> Iterator[None]:
    """The table refuses every new row, in the database itself."""
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if sqlite:
            cursor.execute(
                "CREATE TRIGGER no_room BEFORE INSERT ON audit_auditevent BEGIN SELECT RAISE(ABORT, 'read-only'); END"
            )
        else:
            cursor.execute(
                "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'read-only'; END $$"
            )
            cursor.execute("CREATE TRIGGER no_room BEFORE INSERT ON audit_auditevent EXECUTE FUNCTION no_room()")
        try:
            yield
        finally:
            cursor.execute("DROP TRIGGER no_room" if sqlite else "DROP FUNCTION no_room() CASCADE")


@functools.cache
def questions() -> dict[str, str]:
    """What reads every row of a table that holds state, by the model's name: as it is stored, with no model made."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        if model.__name__ not in BESIDE and model._meta.managed and not model._meta.proxy:
            fields = [field for field in model._meta.concrete_fields if field.name not in LATE]
            names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
            found[model.__name__] = f"SELECT {names} FROM {connection.ops.quote_name(model._meta.db_table)}"
    return found


def state() -> dict[str, Any]:
    """Every row of every table that holds state."""
    found = {}
    with connection.cursor() as cursor:
        for name, question in questions().items():
            cursor.execute(question)
            found[name] = sorted(map(repr, cursor.fetchall()))
    return found


class World:
    """Everything the commands below speak of; each command finds its things anew."""

    def __init__(self) -> None:
        self.estate = pages.estate()
        self.tenant = self.estate.tenant
        self.second_admin = cast.person(of=self.tenant)
        self.chief = cast.platform_admin(of=self.tenant)
        self.bot = made.bot(of=self.tenant, permissions=("identity.write", "workflow.execute"))
        self.browser = pages.signed_in(self.second_admin)
        self.browser.raise_request_exception = False
        self.refresh_text = ""
        self.lease: Any = None

    @property
    def other(self) -> Actor:
        return Actor(ActorKind.PERSON, str(self.second_admin.pk), self.second_admin.email)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {tokens.mint_user_token(self.second_admin, session=uuid4()).access_token}"}

    def user(self, email: str) -> User:
        return User.objects.get(email=email)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> None:
        client = Client(raise_request_exception=False)
        answer = getattr(client, method)(
            path, body or {}, content_type="application/json", headers=headers or self.bearer
        )
        assert answer.status_code < 400, answer.content

    def press(self, row: Any, key: str, item: object = "", **values: Any) -> None:
        answer = self.browser.post(pages.command(row, key, item), values)
        assert answer.status_code in (200, 302), answer.content

    def refresh(self) -> None:
        self.refresh_text = sign_in.refresh(self.refresh_text).refresh_token

    def sign_in(self) -> None:
        self.refresh_text = sign_in.open_session(self.second_admin, source="tests").refresh_token

    def token(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": self.bot.client_id, "client_secret": self.bot.secret}
        answer = Client(raise_request_exception=False).post(
            "/passport/token",
            "&".join(f"{name}={value}" for name, value in form.items()),
            content_type="application/x-www-form-urlencoded",
        )
        assert answer.status_code == 200

    def enter_the_admin(self) -> None:
        client = Client(raise_request_exception=False)
        form = {"username": self.second_admin.email, "password": cast.PASSWORD}
        assert client.post("/admin/login/", form).status_code == 302

    def claim(self) -> None:
        # A minute that began meanwhile may have brought a run whose turn it is not yet.
        due = ScheduleRun.objects.filter(state=RunState.DUE).order_by("created_at").values_list("pk", flat=True)
        claims = (ledger.claim_run(key, worker="tests", at=timezone.now()) for key in due)
        self.lease = next(filter(None, claims))

    def facts(self, name: str) -> Facts:
        return Facts(
            workflow_id=self.estate.workflow.key,
            name=name,
            cron_expression="* * * * *",
            timezone="UTC",
            managed_identity_id=self.bot.identity.pk,
            secret_reference=made_runs.REFERENCE,
        )


Command = Callable[[World], Any]


def schedule() -> Schedule:
    return Schedule.objects.select_related("workflow").get(name="new schedule")


def run_of(state: RunState) -> ScheduleRun:
    return ScheduleRun.objects.select_related("schedule").filter(state=state).order_by("-created_at")[0]


def later() -> Any:
    return timezone.now() + timedelta(days=30)


def grant_in(state: str) -> SecretGrant:
    rows = SecretGrant.objects.filter(identity__name__startswith="bot-", state=state, ended_at=None)
    return rows.order_by("-asked_at")[0]


def identity(name: str) -> ManagedIdentity:
    return ManagedIdentity.objects.get(name=name)


PEOPLE: dict[str, Command] = {
    "make a tenant": lambda w: people.create_tenant(name="new company", actor=SYSTEM),
    "rename a tenant": lambda w: people.change_tenant(Tenant.objects.get(name="new company"), name="x", actor=SYSTEM),
    "make a person": lambda w: people.create_user(
        tenant=w.tenant, email="new@example.com", password=cast.PASSWORD, actor=SYSTEM
    ),
    "change a person": lambda w: people.change_user(w.user("new@example.com"), first_name="Ada", actor=SYSTEM),
    "give a portal role": lambda w: people.set_role(w.user("new@example.com"), role="ANALYST", actor=SYSTEM),
    "set a password": lambda w: people.set_password(w.user("new@example.com"), password=OTHER_PASSWORD, actor=SYSTEM),
    "disable a person": lambda w: lifecycle.disable_person(w.user("new@example.com"), reason="left", actor=SYSTEM),
    "enable a person": lambda w: people.enable_user(w.user("new@example.com"), actor=SYSTEM),
    "make a team": lambda w: people.create_team(tenant=w.tenant, name="new team", actor=SYSTEM),
    "change a team": lambda w: people.change_team(
        Team.objects.get(name="new team"), email="team@example.com", actor=SYSTEM
    ),
    "add a member": lambda w: people.add_member(
        Team.objects.get(name="new team"), w.user("new@example.com"), actor=SYSTEM
    ),
    "remove a member": lambda w: people.remove_member(
        Team.objects.get(name="new team"), w.user("new@example.com"), actor=SYSTEM
    ),
    "sign in": World.sign_in,
    "refresh": World.refresh,
    "sign in over the API": lambda w: w.call(
        "post", "/api/auth/login", {"email": w.second_admin.email, "password": cast.PASSWORD}, accept="*/*"
    ),
    "refresh over the API": lambda w: w.call(
        "post", "/api/auth/refresh", {"refreshToken": w.refresh_text}, accept="*/*"
    ),
    "sign in to the admin": World.enter_the_admin,
}
REGISTER: dict[str, Command] = {
    "make a role": lambda w: access.create_role(
        tenant=w.tenant, name="new role", permissions=["run.read"], actor=SYSTEM
    ),
    "change a role": lambda w: access.change_role(
        Role.objects.get(name="new role"), permissions=["run.read", "schedule.read"], actor=SYSTEM
    ),
    "grant a role": lambda w: access.grant(
        w.bot.identity, Role.objects.get(name="new role"), valid_until=later(), reason="tests", actor=SYSTEM
    ),
    "end a binding": lambda w: access.end_binding(
        RoleBinding.objects.get(role__name="new role"), reason="over", actor=SYSTEM
    ),
    "ask to read a secret": lambda w: secret_grants.ask(
        w.bot.identity, AT, valid_until=later(), reason="tests", actor=SYSTEM
    ),
    "refuse that": lambda w: secret_grants.refuse(grant_in("asked"), reason="no", actor=w.other),
    "ask again": lambda w: secret_grants.ask(w.bot.identity, AT, valid_until=later(), reason="tests", actor=SYSTEM),
    "grant that": lambda w: secret_grants.approve(grant_in("asked"), reason="yes", actor=w.other),
    "extend the grant": lambda w: secret_grants.extend(
        grant_in("granted"), valid_until=later() + timedelta(days=9), reason="longer", actor=SYSTEM
    ),
    "end the grant": lambda w: secret_grants.end(grant_in("granted"), reason="over", actor=SYSTEM),
    "let a secret be read": lambda w: secret_grants.grant(
        w.bot.identity, AT, valid_until=later(), reason="tests", actor=SYSTEM
    ),
    "make a role to remove": lambda w: access.create_role(
        tenant=w.tenant, name="gone role", permissions=[], actor=SYSTEM
    ),
    "remove a role": lambda w: access.remove_role(Role.objects.get(name="gone role"), actor=SYSTEM),
    "enter an identity with a secret": lambda w: lifecycle.onboard(
        tenant_id=w.tenant.pk,
        facts={"name": "new bot", "environment": "sandbox", "purpose": "tests"},
        issue_secret=True,
        actor=SYSTEM,
    ),
    "change an identity": lambda w: inventory.change(identity("new bot"), facts={"risk_tier": "high"}, actor=SYSTEM),
    "make a secret": lambda w: lifecycle.issue_secret(identity("new bot"), actor=SYSTEM),
    "revoke a secret": lambda w: credentials.revoke(
        ClientSecret.objects.filter(identity__name="new bot", revoked_at=None)[0], reason="lost", actor=SYSTEM
    ),
    "put a secret into a vault": lambda w: lifecycle.issue_secret(identity("new bot"), store_at=AT, actor=SYSTEM),
    "disable an identity": lambda w: lifecycle.disable(identity("new bot"), reason="tests", actor=SYSTEM),
    "enable an identity": lambda w: lifecycle.enable(identity("new bot"), reason="tests", actor=SYSTEM),
    "retire an identity": lambda w: lifecycle.retire(identity("new bot"), reason="tests", actor=SYSTEM),
    "connect a vault": lambda w: vaults.connect(
        tenant_id=w.tenant.pk, name="new vault", provider="local", vault_uri="local://new", actor=SYSTEM
    ),
    "change a vault": lambda w: vaults.change_connection(
        VaultConnection.objects.get(name="new vault"), environment="sandbox", actor=SYSTEM
    ),
    "remove a vault": lambda w: vaults.remove_connection(VaultConnection.objects.get(name="new vault"), actor=SYSTEM),
    "keep a policy": lambda w: policies.create_policy(
        tenant_id=w.tenant.pk, name="new policy", text=pages.POLICY, actor=SYSTEM
    ),
    "change a policy": lambda w: policies.change_policy(
        ResourcePolicy.objects.get(name="new policy"), text=pages.POLICY.replace("< 6", "< 5"), actor=SYSTEM
    ),
    "remove a policy": lambda w: policies.remove_policy(ResourcePolicy.objects.get(name="new policy"), actor=SYSTEM),
    "mint a token": World.token,
    "revoke a token": lambda w: tokens.revoke(IssuedToken.objects.filter(revoked_at=None)[0].jti, actor=SYSTEM),
    "kill the tokens of an identity": lambda w: tokens.kill_tokens(w.bot.identity, actor=SYSTEM),
    "rotate the signing key": lambda w: tokens.rotate_signing_key(actor=SYSTEM),
}
SCHEDULING: dict[str, Command] = {
    "make a workflow": lambda w: workflows.create_workflow(
        tenant_id=w.tenant.pk,
        key="wf-new",
        content=workflows.Content(name="new", nodes=[made_runs.SAY_HELLO], resource_policy=pages.POLICY),
        actor=SYSTEM,
    ),
    "change a workflow": lambda w: workflows.change_workflow(
        Workflow.objects.get(key="wf-new"),
        content=workflows.Content(name="newer", nodes=[made_runs.SAY_HELLO]),
        actor=SYSTEM,
    ),
    "remove a workflow": lambda w: workflows.remove_workflow(Workflow.objects.get(key="wf-new"), actor=SYSTEM),
    "make a schedule": lambda w: schedules.create_schedule(
        tenant_id=w.tenant.pk, facts=w.facts("new schedule"), actor=SYSTEM
    ),
    "change a schedule": lambda w: schedules.change_schedule(schedule(), changes={"jitter_seconds": 5}, actor=SYSTEM),
    "try a schedule": lambda w: preflight(schedule(), at=timezone.now(), actor=SYSTEM),
    "pause a schedule": lambda w: schedules.pause(schedule(), actor=SYSTEM),
    "resume a schedule": lambda w: schedules.resume(schedule(), actor=SYSTEM),
    "fire what is due": lambda w: firing.claim_due(timezone.now()),
    "run now over the API": lambda w: w.call("post", f"/flowstudio/api/schedules/{schedule().pk}/runNow"),
    "claim a run": World.claim,
    "start a run": lambda w: ledger.start_run(w.lease, at=timezone.now()),
    "put a run back": lambda w: ledger.retry_run(
        w.lease, available_at=timezone.now(), reason="again", code="x", actor=SYSTEM
    ),
    "claim it again": World.claim,
    "start it again": lambda w: ledger.start_run(w.lease, at=timezone.now()),
    "recover a lost run": lambda w: recovery.recover_lost(timezone.now() + timedelta(hours=1)),
    "cancel a run": lambda w: runs.cancel_run(run_of(RunState.DUE), actor=SYSTEM),
    "remove a schedule": lambda w: schedules.remove_schedule(schedule(), actor=SYSTEM),
}
FACES: dict[str, Command] = {
    "enter an identity over the API": lambda w: w.call(
        "post",
        "/api/identities",
        {"name": "api bot", "environment": "sandbox", "purpose": "tests", "issueSecret": True},
    ),
    "change it": lambda w: w.call("patch", f"/api/identities/{identity('api bot').pk}", {"description": "changed"}),
    "disable it": lambda w: w.call("post", f"/api/identities/{identity('api bot').pk}/disable", {"reason": "tests"}),
    "retire it": lambda w: w.call("delete", f"/api/identities/{identity('api bot').pk}", {"reason": "tests"}),
    "make a role over the API": lambda w: w.call("post", "/api/roles", {"name": "api role", "permissions": []}),
    "remove it": lambda w: w.call("delete", f"/api/roles/{Role.objects.get(name='api role').pk}"),
    "pause a schedule over the API": lambda w: w.call(
        "post", f"/flowstudio/api/schedules/{w.estate.schedule.pk}/pause"
    ),
    "disable an identity in the admin": lambda w: w.press(w.estate.identity, "disable", reason="tests"),
    "give a new password in the admin": lambda w: w.press(w.estate.person, "password"),
    "rename a team in the admin": lambda w: w.press(
        w.estate.team, "edit", name="other", email="", seen=w.estate.team.updated_at.isoformat()
    ),
}


@pytest.mark.parametrize("commands", [PEOPLE, REGISTER, SCHEDULING, FACES], ids=["people", "register", "runs", "faces"])
def test_nothing_happens_that_the_audit_does_not_take(commands: dict[str, Command]) -> None:
    left_behind, without_record = [], []
    with passport.fresh():
        tokens.ensure_signing_key()
        world = World()
        for name, command in commands.items():
            before = state()
            with no_room_in_the_audit(), contextlib.suppress(Exception):
                command(world)
            if differing := [table for table, rows in state().items() if rows != before[table]]:
                left_behind.append((name, differing))
            records = AuditEvent.objects.count()
            command(world)
            if state() == before or AuditEvent.objects.count() == records:
                without_record.append(name)
    assert not left_behind
    assert not without_record
