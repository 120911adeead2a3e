"""The rooms' models under one app label, for Django; nobody imports this module."""

from identities.access.models import Role as Role
from identities.access.models import RoleBinding as RoleBinding
from identities.credentials.models import ClientSecret as ClientSecret
from identities.inventory.models import ManagedIdentity as ManagedIdentity
from identities.people.models import RefreshToken as RefreshToken
from identities.people.models import Team as Team
from identities.people.models import Tenant as Tenant
from identities.people.models import User as User
from identities.policies.models import AuthorizationDecision as AuthorizationDecision
from identities.policies.models import DecisionWriter as DecisionWriter
from identities.policies.models import ResourcePolicy as ResourcePolicy
from identities.tokens.models import IssuedToken as IssuedToken
from identities.tokens.models import OAuthClient as OAuthClient
from identities.tokens.models import SigningKey as SigningKey
from identities.vaults.models import LocalSecret as LocalSecret
from identities.vaults.models import VaultConnection as VaultConnection
