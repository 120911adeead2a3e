"""How an event ended. Event types themselves belong to the rooms that record them: `subject.past_participle`."""

from enum import StrEnum


class Outcome(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"
    DENIED = "denied"


class InstallationEvent(StrEnum):
    """Of the whole of Steward, and of no tenant."""

    RESTORED = "installation.restored"
    KEY_REPLACED = "installation.key_replaced"
    VALUES_RESEALED = "installation.values_resealed"
