"""The words in which an identity is described: every closed list of the register, in the glossary's terms."""

from django.db import models


class Kind(models.TextChoices):
    """What sort of thing it is (S3-21, S4-01)."""

    WORKLOAD = "workload"
    SERVICE_ACCOUNT = "service_account"
    SERVICE_USER = "service_user"
    API_CLIENT = "api_client"
    OAUTH_CLIENT = "oauth_client"
    BOT = "bot"
    CRON_JOB = "cron_job"
    DEPLOY_RUNNER = "deploy_runner"
    RPA = "rpa", "RPA"
    SAAS_CONNECTOR = "saas_connector", "SaaS connector"
    AI_AGENT = "ai_agent", "AI agent"
    CLOUD_KEY = "cloud_key"
    DATABASE_USER = "database_user"
    WEBHOOK = "webhook"


class Issuance(models.TextChoices):
    """How the identity comes to a token: from us by a secret, from us by federation, or not from us at all."""

    PORTAL = "portal"
    FEDERATED = "federated"
    EXTERNAL = "external"


class OwnershipClass(models.TextChoices):
    """To whom it belongs (S3-44)."""

    HUMAN = "human"
    WORKLOAD = "workload"
    VENDOR = "vendor"


class Environment(models.TextChoices):
    """Where it works (S3-38)."""

    PRODUCTION = "production"
    STAGING = "staging"
    DEVELOPMENT = "development"
    SANDBOX = "sandbox"


class RiskTier(models.TextChoices):
    """How closely it is watched (S4-64)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Function(models.TextChoices):
    """What it does for a living (S4-02)."""

    BUILD = "build"
    DEPLOY = "deploy"
    OBSERVE = "observe"
    SYNC = "sync"
    ENRICH = "enrich"
    NOTIFY = "notify"
    DECIDE = "decide"


class TrustBoundary(models.TextChoices):
    """Which line its calls cross (S4-03)."""

    INTERNAL = "internal"
    THIRD_PARTY_SAAS = "third_party_saas", "Third-party SaaS"
    INTERNET_EXPOSED = "internet_exposed"
    REGULATED_DATA = "regulated_data"


class BlastRadius(models.TextChoices):
    """How far the harm goes if it is misused (S4-04)."""

    READ_ONLY = "read_only", "Read-only"
    WRITE_LIMITED = "write_limited", "Write-limited"
    PRIVILEGED = "privileged"
    HUMAN_IMPERSONATING = "human_impersonating", "Human-impersonating"


class PrivilegeLevel(models.TextChoices):
    """How much it may do where it works (S3-43). HIGH and ADMIN count as high privilege (S3-45)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    ADMIN = "admin"


class Criticality(models.TextChoices):
    """What its failure costs the business (S3-43)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class AuthMethod(models.TextChoices):
    """How it proves itself where it works (S3-56, S4-83); `auth_methods.VERDICTS` judges each."""

    STATIC_API_KEY = "static_api_key", "Static API key"
    LONG_LIVED_SECRET = "long_lived_secret"  # noqa: S105 - a word of the vocabulary
    FEDERATED = "federated"
    MTLS = "mtls", "Mutual TLS"
    VAULT_DYNAMIC = "vault_dynamic", "Dynamic, from a vault"
    OAUTH_DELEGATED = "oauth_delegated", "OAuth, delegated"
    CONDITIONAL_SERVICE_ACCOUNT = "conditional_service_account"
    AGENT_BROKER = "agent_broker"
    PASSWORD = "password"  # noqa: S105 - a word of the vocabulary
    HUMAN_SHARED_ADMIN = "human_shared_admin", "Human-shared admin account"
    UNKNOWN = "unknown"


class DisableStrategy(models.TextChoices):
    """Whether it can be switched off at once (S3-68)."""

    IMMEDIATE = "immediate", "Immediate: safe to disable"
    STAGED = "staged", "Staged: needs a replacement first"


class Triage(models.TextChoices):
    """The colour of an identity (S3-45…47)."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"


class UseState(models.TextChoices):
    """What is known of its use: seen within its cadence, silent beyond it, or not observed at all."""

    USED = "used"
    DORMANT = "dormant"
    UNOBSERVED = "unobserved"


class Origin(models.TextChoices):
    """Where the value of a field came from."""

    EDITED = "edited"
    IMPORTED = "imported"
    DERIVED = "derived"
