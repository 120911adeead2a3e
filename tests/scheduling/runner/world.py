"""A small estate in which a schedule can really fire: a bot whose secret is in the local vault, Passport over HTTP."""

from dataclasses import dataclass, field
from typing import Any

from audit.actors import Actor
from audit.models import AuditEvent
from identities.credentials.models import ClientSecret
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.people.models import Tenant
from identities.vaults.references import SecretReference
from scheduling import runner
from scheduling.models import RunState, RunStep, Schedule, ScheduleRun, Workflow
from scheduling.services import reading
from tests.factories import runs, tokens

ADMIN = Actor.system("tests")
SAY = {"id": "say", "kind": "log", "params": {"message": "paid"}}


def reference(name: str = "payroll") -> dict[str, str]:
    return {"provider": "local", "vaultUri": "local://default", "secretName": name}


def bot(tenant: Tenant, name: str, *permissions: str, environment: str = "production") -> ManagedIdentity:
    """An identity whose secret is in the vault under its own name, with a role when permissions are named."""
    onboarded = lifecycle.onboard(
        tenant_id=tenant.id,
        facts={"name": name, "environment": environment, "purpose": "pays", "technical_owner": "ann@example.com"},
        actor=ADMIN,
        store_secret_at=SecretReference.from_json(reference(name)),
    )
    if permissions:
        tokens.grant(onboarded.identity, *permissions, name=f"{name}-role")
    return onboarded.identity


@dataclass
class World:
    """One tenant, one bot `payer` that may run workflows, and whatever schedules a test makes."""

    tenant: Tenant = field(default_factory=tokens.tenant)

    def __post_init__(self) -> None:
        self.payer = bot(self.tenant, "payer", "workflow.execute")

    def schedule(self, *nodes: dict[str, Any], workflow: Workflow | None = None, **facts: Any) -> Schedule:
        hosts = facts.pop("allowed_hosts", [])
        policy = facts.pop("resource_policy", None)
        running = workflow or runs.workflow(
            of=self.tenant, nodes=list(nodes) or [SAY], allowed_hosts=hosts, resource_policy=policy
        )
        values = {"managed_identity_id": self.payer.id, "secret_reference": reference("payer"), "next_run_at": None}
        made = runs.schedule(of=self.tenant, running=running, **(values | facts))
        reading.settle(made, actor=ADMIN)  # as saving it does
        return made

    def fire(self, schedule: Schedule, **facts: Any) -> ScheduleRun:
        """A run that is due, worked on by one worker until it ends or waits."""
        run = runs.run(schedule, **facts)
        assert runner.execute(run.id, worker="w1")
        run.refresh_from_db()
        return run


def again(run: ScheduleRun) -> ScheduleRun:
    """Its backoff or pause is over: the next worker takes it."""
    ScheduleRun.objects.filter(id=run.id, state=RunState.DUE).update(available_at=run.created_at)
    assert runner.execute(run.id, worker="w2")
    run.refresh_from_db()
    return run


def outcome(run: ScheduleRun) -> tuple[str, str, int | None]:
    return run.state, run.code, run.status


def step(run: ScheduleRun, name: str, attempt: int = 1) -> RunStep:
    return RunStep.objects.get(run=run, name=name, attempt=attempt)


def trail(run: ScheduleRun) -> list[tuple[str, str]]:
    """What happened and in which step, oldest first: everything the audit holds of the run."""
    rows = AuditEvent.objects.filter(run_id=run.id).order_by("id")
    return [(row.type, str(row.details.get("step", ""))) for row in rows]


def text_of_secret(identity: ManagedIdentity) -> ClientSecret:
    return ClientSecret.objects.get(identity=identity)
