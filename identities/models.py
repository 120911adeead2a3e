"""The rooms' models under one app label, for Django; nobody imports this module."""

from identities.access.models import Role as Role, RoleBinding as RoleBinding, SecretGrant as SecretGrant
from identities.approvals.models import ApprovalRequest as ApprovalRequest, ApprovalVote as ApprovalVote
from identities.credentials.models import (
    ClientKey as ClientKey,
    ClientSecret as ClientSecret,
    ExternalCredential as ExternalCredential,
    Reminder as Reminder,
    Rotation as Rotation,
    SecretShowing as SecretShowing,
    SecretSource as SecretSource,
    SecretUse as SecretUse,
    UsedAssertion as UsedAssertion,
)
from identities.detections.models import (
    Finding as Finding,
    FindingComment as FindingComment,
    LeakMatch as LeakMatch,
    LeakReport as LeakReport,
)
from identities.discovery.models import (
    ImportRow as ImportRow,
    ImportRun as ImportRun,
    Merge as Merge,
    Questionnaire as Questionnaire,
    SourceAlias as SourceAlias,
    SourceRecord as SourceRecord,
)
from identities.elevations.models import BreakGlassGrant as BreakGlassGrant, Elevation as Elevation
from identities.inventory.models import (
    Knock as Knock,
    ManagedIdentity as ManagedIdentity,
    PolicyException as PolicyException,
    SearchEntry as SearchEntry,
    TenantStandards as TenantStandards,
)
from identities.lifecycle.models import Quarantine as Quarantine, QuarantineLine as QuarantineLine
from identities.notifications.models import (
    Channel as Channel,
    Delivery as Delivery,
    Reading as Reading,
    Subscription as Subscription,
)
from identities.people.models import (
    Notice as Notice,
    RefreshToken as RefreshToken,
    Team as Team,
    Tenant as Tenant,
    User as User,
)
from identities.policies.models import (
    AuthorizationDecision as AuthorizationDecision,
    DecisionWriter as DecisionWriter,
    ResourcePolicy as ResourcePolicy,
)
from identities.programme.models import DailySnapshot as DailySnapshot, SavedFilter as SavedFilter
from identities.recertification.models import (
    CampaignPlan as CampaignPlan,
    CertifiedSnapshot as CertifiedSnapshot,
    ReviewCampaign as ReviewCampaign,
    ReviewDecision as ReviewDecision,
    ReviewItem as ReviewItem,
)
from identities.requests.models import IdentityRequest as IdentityRequest
from identities.service_users.models import (
    HealthLook as HealthLook,
    RefreshIncident as RefreshIncident,
    Replacement as Replacement,
    ServiceUser as ServiceUser,
)
from identities.succession.models import OwnershipTransfer as OwnershipTransfer, SuccessionCase as SuccessionCase
from identities.tokens.models import IssuedToken as IssuedToken, OAuthClient as OAuthClient, SigningKey as SigningKey
from identities.vaults.models import LocalSecret as LocalSecret, VaultConnection as VaultConnection
