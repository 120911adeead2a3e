"""What identities prove themselves with: secrets and keys of ours, credentials elsewhere, and how they are replaced."""

from identities.credentials.models.external import ExternalCredential, ExternalKind
from identities.credentials.models.keys import ClientKey, UsedAssertion
from identities.credentials.models.rotations import (
    AfterDeadline,
    Delivery,
    DeliveryStep,
    Listening,
    Reminder,
    Rotation,
    RotationState,
)
from identities.credentials.models.secrets import ClientSecret, SecretShowing, SecretSource, SecretUse

__all__ = [
    "AfterDeadline",
    "ClientKey",
    "ClientSecret",
    "Delivery",
    "DeliveryStep",
    "ExternalCredential",
    "ExternalKind",
    "Listening",
    "Reminder",
    "Rotation",
    "RotationState",
    "SecretShowing",
    "SecretSource",
    "SecretUse",
    "UsedAssertion",
]
