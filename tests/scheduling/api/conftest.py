"""A tenant with an identity and people, and the bodies that document 1 sends."""

from typing import Any

import pytest

from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole, Tenant, User
from identities.vaults import services as vaults
from scheduling.services import workflows
from tests.factories import register

WORKFLOWS, SCHEDULES, RUNS = "/flowstudio/api/workflows", "/flowstudio/api/schedules", "/flowstudio/api/runs"
REFERENCE = {"provider": "local", "vaultUri": "local://default", "secretName": "payroll-scheduler-client-secret"}
WORKFLOW: dict[str, Any] = {
    "id": "wf-monthly-payroll",
    "name": "Monthly payroll",
    "nodes": [{"id": "told", "kind": "log", "params": {"message": "Month {{input.payrollMonth}}"}}],
}


class House:
    """One tenant: an ADMIN, an ANALYST, the others when asked for, an identity and a workflow."""

    def __init__(self) -> None:
        vaults.ensure_default()
        self.tenant: Tenant = register.tenant()
        self.identity: ManagedIdentity = register.identity(self.tenant, name="payroll-bot")
        content = workflows.Content(name="Monthly payroll", nodes=list(WORKFLOW["nodes"]))
        self.workflow = workflows.create_workflow(
            tenant_id=self.tenant.pk, key=str(WORKFLOW["id"]), content=content, actor=register.SYSTEM
        )

    def person(self, role: PortalRole = PortalRole.ADMIN, **facts: Any) -> User:
        return register.person(self.tenant, role, **facts)

    def as_(self, role: PortalRole = PortalRole.ADMIN) -> Any:
        return register.client_of(self.person(role))

    def body(self, **changes: Any) -> dict[str, Any]:
        """Document 1's JSON, with this tenant's identity and the local vault."""
        return {
            "workflowId": "wf-monthly-payroll",
            "name": "Monthly Payroll Run",
            "cronExpression": "0 6 25 * *",
            "timezone": "UTC",
            "managedIdentityId": str(self.identity.pk),
            "secretReference": REFERENCE,
            "inputData": {"payrollMonth": "{{schedule.triggerMonth}}"},
            "retryPolicy": {"maxAttempts": 3, "backoffSeconds": 60},
            **changes,
        }

    def schedule(self, **changes: Any) -> dict[str, Any]:
        answer = self.as_().post(SCHEDULES, self.body(**changes), format="json")
        assert answer.status_code == 201, answer.content
        return dict(answer.json())


@pytest.fixture
def house(db: None) -> House:
    return House()


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The queue's bell: what it was told of."""
    told: list[Any] = []
    monkeypatch.setattr("scheduling.tasks.ring", told.extend)
    return told
