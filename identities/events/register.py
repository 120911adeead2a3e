"""Of identities: who they are, what they prove themselves with, what they may do, how they are found."""

from enum import StrEnum


class StandardsEvent(StrEnum):
    CHANGED = "standards.changed"


class IdentityEvent(StrEnum):
    CREATED = "identity.created"
    CHANGED = "identity.changed"
    ENABLED = "identity.enabled"
    DISABLED = "identity.disabled"
    RETIRED = "identity.retired"
    PAUSED = "identity.paused"
    RESUMED = "identity.resumed"
    QUARANTINED = "identity.quarantined"
    RELEASED = "identity.released"
    BRITTLE = "identity.marked_brittle"
    BRITTLE_CLEARED = "identity.brittle_cleared"
    EXCEPTION_GRANTED = "identity.exception_granted"
    EXCEPTION_ENDED = "identity.exception_ended"
    OWNER_LOST = "identity.owner_lost"
    ORPHANED = "identity.orphaned"
    UNAPPROVED = "identity.unapproved"
    APPROVED = "identity.approved"
    CERTIFIED = "identity.certified"
    DRIFTED = "identity.drifted"
    UNREPORTED = "identity.unreported"
    MERGED = "identity.merged"
    PARTED = "identity.parted"


class CredentialEvent(StrEnum):
    ISSUED = "credential.issued"
    KEY_ADDED = "credential.key_added"
    STORED = "credential.stored"
    STORE_FAILED = "credential.store_failed"
    REVOKED = "credential.revoked"
    SHOWN = "credential.shown"
    ROTATED = "credential.rotated"
    DISTRIBUTED = "credential.distributed"
    DELIVERY_FAILED = "credential.delivery_failed"
    DELIVERY_RESUMED = "credential.delivery_resumed"
    CUT_OVER = "credential.cut_over"
    CUTOVER_WARNED = "credential.cutover_warned"
    CUTOVER_OVERDUE = "credential.cutover_overdue"
    THROTTLED = "credential.throttled"
    RETIRED = "credential.retired"
    ROLLED_BACK = "credential.rolled_back"
    RENEWED = "credential.renewed"
    REMINDED = "credential.reminded"
    ROTATION_ASKED = "credential.rotation_asked"
    DESCRIBED = "credential.described"
    REPORTED = "credential.reported"
    GONE = "credential.gone"


class QuarantineEvent(StrEnum):
    CALLED = "quarantine.called"
    CONTAINED = "quarantine.contained"
    LINE_DONE = "quarantine.line_done"
    LINE_CHANGED = "quarantine.line_changed"
    COMPLETED = "quarantine.completed"
    RELEASE_ASKED = "quarantine.release_asked"
    RELEASED = "quarantine.released"


class LeakEvent(StrEnum):
    REPORTED = "leak.reported"


class SecretGrantEvent(StrEnum):
    ASKED = "secret_grant.asked"
    GRANTED = "secret_grant.granted"
    REFUSED = "secret_grant.refused"
    ENDED = "secret_grant.ended"
    EXTENDED = "secret_grant.extended"


class TokenEvent(StrEnum):
    ISSUED = "token.issued"
    REFUSED = "token.refused"
    REVOKED = "token.revoked"


class SigningKeyEvent(StrEnum):
    CREATED = "signing_key.created"
    ROTATED = "signing_key.rotated"
    REVOKED = "signing_key.revoked"


class RoleEvent(StrEnum):
    CREATED = "role.created"
    CHANGED = "role.changed"
    REMOVED = "role.removed"


class BindingEvent(StrEnum):
    GRANTED = "role_binding.granted"
    APPROVED = "role_binding.approved"
    ENDED = "role_binding.ended"


class PolicyEvent(StrEnum):
    CREATED = "policy.created"
    CHANGED = "policy.changed"
    REMOVED = "policy.removed"


class VaultEvent(StrEnum):
    CONNECTED = "vault_connection.created"
    CHANGED = "vault_connection.changed"
    REMOVED = "vault_connection.removed"
    SECRET_READ = "vault.secret_read"  # noqa: S105 - an event name
    SECRET_WRITTEN = "vault.secret_written"  # noqa: S105 - an event name
    SECRET_PROMOTED = "vault.secret_promoted"  # noqa: S105 - an event name
    SECRET_DESTROYED = "vault.secret_destroyed"  # noqa: S105 - an event name


class AuthorizationEvent(StrEnum):
    DENIED = "authorization.denied"
    GAP = "authorization.gap"


class ProvisioningEvent(StrEnum):
    APPLIED = "provisioning.applied"


class ImportEvent(StrEnum):
    STARTED = "import.started"
    READ = "import.read"
    BEGUN = "import.begun"
    APPLIED = "import.applied"
    FAILED = "import.failed"
    DISCARDED = "import.discarded"


class QuestionnaireEvent(StrEnum):
    OPENED = "questionnaire.opened"
    ANSWERED = "questionnaire.answered"
    CLOSED = "questionnaire.closed"


class ProgrammeEvent(StrEnum):
    EXPORTED = "export.made"
    FILTER_SAVED = "saved_filter.created"
    FILTER_REMOVED = "saved_filter.removed"


class FindingEvent(StrEnum):
    OPENED = "finding.opened"
    RESOLVED = "finding.resolved"
    REOPENED = "finding.reopened"
    ACCEPTED = "finding.accepted"
    COMMENTED = "finding.commented"
    ASSIGNED = "finding.assigned"
