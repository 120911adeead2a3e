"""What the demo company runs, when, and how it went in the weeks before: workflows and schedules as data."""

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
class Past:
    """How the runs of the last `days` days ended: well, but for every n-th, and for all since some days ago.

    Endings are words of `past_runs.ENDINGS`.
    """

    days: int = 30
    every: tuple[tuple[int, str], ...] = ()
    since: tuple[int, str] | None = None


@dataclass(frozen=True)
class Plan:
    """A schedule: when, and as whom. `past` None: it is new, and has not run yet."""

    name: str
    workflow: str
    cron: str
    timezone: str
    identity: str
    input_data: Mapping[str, object] = field(default_factory=dict)
    max_attempts: int = 1
    backoff_seconds: int = 60
    past: Past | None = None


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
    Flow(
        "wf-cold-chain",
        "Cold chain check",
        (
            {"id": "gather", "kind": "log", "params": {"message": "Reading the thermometers"}},
            {"id": "north", "kind": "log", "params": {"message": "North store is cold"}, "after": ["gather"]},
            {"id": "south", "kind": "log", "params": {"message": "South store is cold"}, "after": ["gather"]},
            {"id": "quay", "kind": "log", "params": {"message": "Quay store is cold"}, "after": ["gather"]},
            {"id": "report", "kind": "log", "params": {"message": "All cold"}, "after": ["north", "south", "quay"]},
        ),
    ),
    Flow(
        "wf-price-lists",
        "Price lists",
        (
            {"id": "fetch", "kind": "log", "params": {"message": "Fetching the suppliers' price lists"}},
            {"id": "compare", "kind": "log", "params": {"message": "Comparing with yesterday"}, "after": ["fetch"]},
        ),
    ),
    Flow(
        "wf-tax-archive",
        "Tax archive",
        ({"id": "archive", "kind": "log", "params": {"message": "Archiving the tax year before {{input.month}}"}},),
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
        past=Past(days=190, every=((4, "retried"),)),
    ),
    Plan(
        "Ledger export",
        "wf-ledger-export",
        "30 5 * * *",
        "Europe/Oslo",
        "ledger-exporter",
        {"month": "{{schedule.triggerMonth}}"},
        past=Past(since=(3, "denied")),
    ),
    Plan(
        "Weekly sales report",
        "wf-sales-report",
        "0 7 * * 1",
        "Europe/Oslo",
        "legacy-sales-report",
        past=Past(days=120, since=(15, "disabled")),
    ),
    Plan(
        "Cold chain check",
        "wf-cold-chain",
        "20 */2 * * *",
        "Europe/Oslo",
        "cold-chain-monitor",
        past=Past(every=((51, "failed"), (31, "skipped"))),
    ),
    Plan(
        "Nightly price lists",
        "wf-price-lists",
        "40 2 * * *",
        "Europe/Oslo",
        "price-list-fetcher",
        max_attempts=2,
        past=Past(every=((9, "retried"), (13, "failed"))),
    ),
    Plan(
        "Yearly tax archive",
        "wf-tax-archive",
        "0 4 5 1 *",
        "Europe/Oslo",
        "yearly-tax-archiver",
        {"month": "{{schedule.triggerMonth}}"},
        past=Past(days=750),
    ),
    # The last piece of the demo: once it stands, everything is there. It is new, so its first run is a real one.
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
