"""The rooms' models under one app label, for Django; nobody imports this module."""

from identities.access.models import Role as Role, RoleBinding as RoleBinding
from identities.credentials.models import ClientSecret as ClientSecret, ExternalCredential as ExternalCredential
from identities.detections.models import Finding as Finding, FindingComment as FindingComment
from identities.discovery.models import (
    ImportRow as ImportRow,
    ImportRun as ImportRun,
    Merge as Merge,
    Questionnaire as Questionnaire,
    SourceAlias as SourceAlias,
    SourceRecord as SourceRecord,
)
from identities.inventory.models import (
    ManagedIdentity as ManagedIdentity,
    SearchEntry as SearchEntry,
    TenantStandards as TenantStandards,
)
from identities.people.models import RefreshToken as RefreshToken, Team as Team, Tenant as Tenant, User as User
from identities.policies.models import (
    AuthorizationDecision as AuthorizationDecision,
    DecisionWriter as DecisionWriter,
    ResourcePolicy as ResourcePolicy,
)
from identities.programme.models import DailySnapshot as DailySnapshot, SavedFilter as SavedFilter
from identities.tokens.models import IssuedToken as IssuedToken, OAuthClient as OAuthClient, SigningKey as SigningKey
from identities.vaults.models import LocalSecret as LocalSecret, VaultConnection as VaultConnection
