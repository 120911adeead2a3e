"""Who works at the demo company, in which teams, and the roles that its machines may hold."""

from collections.abc import Mapping

from scheduling.demo.shapes import Person

FINANCE, PLATFORM, DATA, CARE = "Finance automation", "Platform", "Data", "Customer care"
WAREHOUSE, SECURITY = "Warehouse and cold chain", "Security"
TEAMS = (FINANCE, PLATFORM, DATA, CARE, WAREHOUSE, SECURITY)

PEOPLE = (
    Person("ines.marchetti", "Ines", "Marchetti", "ANALYST", FINANCE),
    Person("sofie.berg", "Sofie", "Berg", "READ_ONLY", FINANCE),
    Person("tomasz.wrobel", "Tomasz", "Wróbel", "ANALYST", PLATFORM),
    Person("amara.diallo", "Amara", "Diallo", "ADMIN", PLATFORM),
    Person("olek.brandt", "Olek", "Brandt", "ANALYST", PLATFORM, has_left="Left the company in spring (HR-1180)"),
    Person("henrik.aas", "Henrik", "Aas", "READ_ONLY", DATA),
    Person("noor.haddad", "Noor", "Haddad", "ANALYST", DATA),
    Person("lena.okafor", "Lena", "Okafor", "ANALYST", CARE),
    Person("jonas.lindqvist", "Jonas", "Lindqvist", "ANALYST", WAREHOUSE),
    Person("lucia.ferrante", "Lucía", "Ferrante", "ANALYST", WAREHOUSE),
    Person("priya.raman", "Priya", "Raman", "ADMIN", SECURITY),
    Person("marek.dvorak", "Marek", "Dvořák", "AUDITOR", SECURITY),
)

ROLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "payroll-executor": ("Runs the payroll workflows", ("workflow.execute",)),
    "ledger-exporter": ("Runs the export of the ledger", ("workflow.execute", "report.read")),
    "report-runner": ("Runs reports and reads what they need", ("workflow.execute", "report.read")),
    "cold-chain-runner": ("Runs the checks of the cold stores", ("workflow.execute",)),
    "supply-runner": ("Runs the workflows of purchasing and stock", ("workflow.execute",)),
    "run-observer": ("Watches runs and schedules", ("run.read", "schedule.read")),
    "token-checker": ("Asks whether a token is active", ("token.introspect",)),
    "register-keeper": ("Reads findings and mends the register", ("finding.read", "audit.read", "identity.write")),
}

#: Of the identity policy, what the company says differently from the defaults.
STANDARDS: Mapping[str, object] = {"naming": {"deploy_runner": "[a-z0-9-]+-deployer", "bot": "[a-z0-9-]+"}}
