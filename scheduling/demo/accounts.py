"""The service users of the demo company: automation that signs in with an account, one of it on the way out."""

from collections.abc import Mapping
from dataclasses import dataclass

from scheduling.demo.people import DATA, FINANCE, SECURITY, WAREHOUSE
from scheduling.demo.shapes import documented


@dataclass(frozen=True)
class Call:
    """What an account calls, by the permission that a managed identity would need (none: it could not), and how often
    a day."""

    permission: str
    kind: str
    a_day: int
    machine: str = ""


@dataclass(frozen=True)
class Account:
    """`login` and `role` of the account, `facts` for its row in the register, and what it calls.

    `age` and `password_age` in days; `used` is its last use, in hours before now. `is_marked`: whether somebody said
    that it is a service user.
    """

    login: str
    first_name: str
    role: str
    facts: Mapping[str, object]
    calls: tuple[Call, ...] = ()
    age: int = 400
    password_age: int = 380
    used: float = 0.3
    is_marked: bool = True


#: Refreshes in time, and has a way out that nobody has taken: its page plans it from what it calls.
HEALTHY = "reports-agent"
#: Somebody forced a reset, and nobody told the agent.
FAILING = "evidence-agent"
#: A managed identity takes over; the account is quiet since this morning.
REPLACED = "timesheet-agent"
#: Its address says that it is a service user, and the account does not.
UNMARKED = "labels-agent"

ACCOUNTS = (
    Account(
        HEALTHY,
        "Reports",
        "ANALYST",
        documented(
            "noor.haddad", DATA, "Data", "Weekly figures", "DATA-260", environment="production",
            purpose="Fetches the reports on Monday and lays them into the board's folder", expected_cadence="hourly",
        ),
        calls=(Call("report.read", "report", 3, "report.read"), Call("run.read", "run", 2, "run.read"),
               Call("own_profile", "user", 1)),
    ),
    Account(
        FAILING,
        "Evidence",
        "READ_ONLY",
        documented(
            "priya.raman", SECURITY, "Security", "Evidence store", "SEC-118", environment="production",
            purpose="Copies findings into the evidence store of the auditors",
        ),
        calls=(Call("finding.read", "finding", 3, "finding.read"),),
        used=2.4,
    ),
    Account(
        REPLACED,
        "Timesheet",
        "ANALYST",
        documented(
            "ines.marchetti", FINANCE, "Finance", "Timesheets", "FIN-231", environment="production",
            purpose="Starts the month's payroll run once the timesheets are signed",
        ),
        calls=(Call("schedule.run", "schedule", 1, "schedule.run"), Call("run.read", "run", 4, "run.read")),
        used=5.2,
    ),
    Account(
        UNMARKED,
        "Label",
        "READ_ONLY",
        documented(
            "jonas.lindqvist", WAREHOUSE, "Logistics", "Labels", "COLD-81", environment="production",
            purpose="Prints labels for what the cold chain checks",
        ),
        age=90,
        password_age=90,
        is_marked=False,
    ),
)  # fmt: skip

#: How the one is replaced: by whom, why, what the identity is called, where its secret lies, and how long ago.
REPLACEMENT_NAME, REPLACEMENT_SECRET = "timesheet-runner", "timesheet-runner-client-secret"
REPLACEMENT_REASON = "An account with a password does what a managed identity can do (FIN-231)"
FORCED_BECAUSE = "A laptop with its configuration was lost (SEC-212)"
