"""The demo company as data: who works there, what runs there, and what it may do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

TENANT = "DEMO Harbour Foods"
SLUG = "demo"
DOMAIN = "demo.steward.localhost"
VAULT = {"provider": "local", "vaultUri": "local://default"}


@dataclass(frozen=True)
class Person:
    """`login` is the part of the address before the @. Nobody knows their passwords: they are scenery."""

    login: str
    first_name: str
    last_name: str
    role: str
    team: str


@dataclass(frozen=True)
class Identity:
    """`facts` go to the register as they are, `roles` are bound, a secret goes into the vault under `vault_name`."""

    name: str
    purpose: str
    kind: str
    environment: str
    facts: Mapping[str, object] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    vault_name: str = ""
    disabled_because: str = ""


TEAMS = ("Finance automation", "Platform", "Data", "Customer care")

PEOPLE = (
    Person("ines.marchetti", "Ines", "Marchetti", "ANALYST", "Finance automation"),
    Person("tomasz.wrobel", "Tomasz", "Wróbel", "ANALYST", "Platform"),
    Person("amara.diallo", "Amara", "Diallo", "ADMIN", "Platform"),
    Person("henrik.aas", "Henrik", "Aas", "READ_ONLY", "Data"),
)

ROLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "payroll-executor": ("Runs the payroll workflows", ("workflow.execute",)),
    "ledger-exporter": ("Runs the export of the ledger", ("workflow.execute", "report.read")),
    "report-runner": ("Runs reports and reads what they need", ("workflow.execute", "report.read")),
    "run-observer": ("Watches runs and schedules", ("run.read", "schedule.read")),
    "token-checker": ("Asks whether a token is active", ("token.introspect",)),
}


def _owned(login: str, team: str, **facts: object) -> dict[str, object]:
    address = f"{login}@{DOMAIN}"
    return {"business_owner": address, "technical_owner": address, "owner_team": team, **facts}


IDENTITIES = (
    Identity(
        "payroll-scheduler",
        "Pays salaries on the 25th and checks every minute that the payroll system answers",
        "cron_job",
        "production",
        _owned(
            "ines.marchetti", "Finance automation", risk_tier="high", ticket="FIN-2041", data_classification="personal"
        ),
        roles=("payroll-executor",),
        vault_name="payroll-scheduler-client-secret",
    ),
    Identity(
        "ledger-exporter",
        "Exports the general ledger for the auditors",
        "bot",
        "production",
        _owned(
            "ines.marchetti", "Finance automation", risk_tier="high", ticket="FIN-2107", data_classification="financial"
        ),
        roles=("ledger-exporter",),
        vault_name="ledger-exporter-client-secret",
    ),
    Identity(
        "legacy-sales-report",
        "Built the weekly sales report until the warehouse moved",
        "service_account",
        "production",
        _owned("henrik.aas", "Data", risk_tier="medium", ticket="DATA-311"),
        roles=("report-runner",),
        vault_name="legacy-sales-report-client-secret",
        disabled_because="Replaced by the new warehouse in DATA-388; schedule still to be removed",
    ),
    Identity(
        "shop-deployer",
        "Deploys the web shop from the build pipeline",
        "deploy_runner",
        "production",
        _owned(
            "tomasz.wrobel",
            "Platform",
            risk_tier="high",
            issuance="federated",
            repository="harbour-foods/shop",
            ticket="PLAT-902",
            internet_exposed=True,
        ),
    ),
    Identity(
        "metrics-collector",
        "Reads run states for the operations wallboard",
        "api_client",
        "production",
        _owned("tomasz.wrobel", "Platform", risk_tier="low", ticket="PLAT-118"),
        roles=("run-observer",),
        vault_name="metrics-collector-client-secret",
    ),
    Identity(
        "support-assistant",
        "Drafts answers to customers' questions from the knowledge base",
        "ai_agent",
        "staging",
        _owned("amara.diallo", "Customer care", risk_tier="high", customer_facing=True, ticket="CARE-77"),
    ),
    Identity(
        "crm-connector",
        "Keeps customers in step between shop and CRM",
        "saas_connector",
        "production",
        _owned(
            "amara.diallo",
            "Customer care",
            risk_tier="high",
            ownership_class="vendor",
            issuance="external",
            revocation_procedure="Settings > Connected apps > Steward sync > Revoke; then tell the vendor's desk",
            ticket="CARE-12",
            data_classification="customer",
        ),
    ),
    Identity(
        "invoice-robot",
        "Types supplier invoices into the old bookkeeping screens",
        "rpa",
        "production",
        _owned("ines.marchetti", "Finance automation", risk_tier="medium", ticket="FIN-1650"),
    ),
    Identity(
        "warehouse-reader",
        "Reads order tables for the data team's notebooks",
        "database_user",
        "development",
        _owned("henrik.aas", "Data", risk_tier="low", issuance="external"),
    ),
    Identity(
        "backup-uploader",
        "Uploads the nightly backup to the object store",
        "cloud_key",
        "production",
        {"owner_team": "Platform", "business_owner": "former colleague", "risk_tier": "high", "issuance": "external"},
    ),
    Identity(
        "gateway-checker",
        "Lets the API gateway ask whether a token is active",
        "service_account",
        "production",
        _owned("tomasz.wrobel", "Platform", risk_tier="medium", ticket="PLAT-640"),
        roles=("token-checker",),
        vault_name="gateway-checker-client-secret",
    ),
    Identity(
        "sandbox-importer",
        "Tries out the supplier import with made-up data",
        "workload",
        "sandbox",
        {"risk_tier": "low"},
    ),
    Identity(
        "release-notifier",
        "Posts releases to the team chat",
        "webhook",
        "staging",
        _owned("tomasz.wrobel", "Platform", risk_tier="low", issuance="external"),
    ),
)
