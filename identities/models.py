"""The rooms' models under one app label, for Django; nobody imports this module."""

from identities.credentials.models import ClientSecret as ClientSecret
from identities.inventory.models import ManagedIdentity as ManagedIdentity
from identities.policies.models import AuthorizationDecision as AuthorizationDecision
from identities.policies.models import DecisionWriter as DecisionWriter
from identities.policies.models import ResourcePolicy as ResourcePolicy
