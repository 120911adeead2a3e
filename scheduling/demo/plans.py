"""What the demo company runs, and when: workflows and schedules as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

EXPORT_POLICY = """\
@id("finance-may-export")
@reason("The ledger leaves the house by hand only")
permit (principal, action == Action::"workflow.execute", resource)
when { context.trigger == "manual" };

@id("no-unattended-export")
@reason("Unattended exports of the ledger are not allowed (FIN-2107)")
forbid (principal, action == Action::"workflow.execute", resource)
when { context.trigger == "schedule" };
"""


@dataclass(frozen=True)
class Flow:
    """A workflow. `{receiver}` in a url becomes the portal's own address, where the demo payroll system answers."""

    key: str
    name: str
    nodes: tuple[Mapping[str, object], ...]
    policy: str = ""
    input_schema: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Plan:
    """A schedule: when, and as whom."""

    name: str
    workflow: str
    cron: str
    timezone: str
    identity: str
    input_data: Mapping[str, object] = field(default_factory=dict)
    max_attempts: int = 1
    backoff_seconds: int = 60


FLOWS = (
    Flow(
        "wf-monthly-payroll",
        "Monthly payroll",
        (
            {"id": "announce", "kind": "log", "params": {"message": "Payroll for {{input.payrollMonth}}"}},
            {
                "id": "pay",
                "kind": "http_call",
                "params": {
                    "method": "POST",
                    "url": "{receiver}/demo/payroll/payments",
                    "json": {"month": "{{input.payrollMonth}}"},
                },
                "after": ["announce"],
            },
            {
                "id": "confirm",
                "kind": "log",
                "params": {"message": "Payroll for {{input.payrollMonth}} accepted"},
                "after": ["pay"],
            },
        ),
        input_schema={
            "type": "object",
            "properties": {"payrollMonth": {"type": "string"}},
            "required": ["payrollMonth"],
        },
    ),
    Flow(
        "wf-payroll-liveness",
        "Payroll liveness check",
        (
            {
                "id": "ping",
                "kind": "http_call",
                "params": {
                    "method": "POST",
                    "url": "{receiver}/demo/payroll/liveness",
                    "json": {"at": "{{input.at}}"},
                },
            },
            {"id": "note", "kind": "log", "params": {"message": "Payroll answered"}, "after": ["ping"]},
        ),
    ),
    Flow(
        "wf-ledger-export",
        "Ledger export",
        ({"id": "export", "kind": "log", "params": {"message": "Exporting the ledger of {{input.month}}"}},),
        policy=EXPORT_POLICY,
    ),
    Flow(
        "wf-sales-report",
        "Weekly sales report",
        ({"id": "report", "kind": "log", "params": {"message": "Building the report"}},),
    ),
)

PLANS = (
    Plan(
        "Monthly Payroll Run",
        "wf-monthly-payroll",
        "0 6 25 * *",
        "UTC",
        "payroll-scheduler",
        {"payrollMonth": "{{schedule.triggerMonth}}"},
        max_attempts=3,
    ),
    Plan(
        "Ledger export",
        "wf-ledger-export",
        "*/15 * * * *",
        "Europe/Oslo",
        "ledger-exporter",
        {"month": "{{schedule.triggerMonth}}"},
    ),
    Plan("Weekly sales report", "wf-sales-report", "*/20 * * * *", "Europe/Oslo", "legacy-sales-report"),
    Plan(
        "Payroll liveness check",
        "wf-payroll-liveness",
        "* * * * *",
        "UTC",
        "payroll-scheduler",
        {"at": "{{schedule.scheduledFor}}"},
        max_attempts=2,
        backoff_seconds=5,
    ),
)
