"""The words the audit uses for what happens to identities: `subject.past_participle`, one class a subject."""

from enum import StrEnum


class StandardsEvent(StrEnum):
    CHANGED = "standards.changed"


class TenantEvent(StrEnum):
    CREATED = "tenant.created"
    CHANGED = "tenant.changed"
    REMOVED = "tenant.removed"


class TeamEvent(StrEnum):
    CREATED = "team.created"
    CHANGED = "team.changed"
    MEMBER_ADDED = "team.member_added"
    MEMBER_REMOVED = "team.member_removed"


class PersonEvent(StrEnum):
    CREATED = "user.created"
    CHANGED = "user.changed"
    ROLE_CHANGED = "user.role_changed"
    PASSWORD_SET = "user.password_set"  # noqa: S105 - an event name
    ENABLED = "user.enabled"
    DISABLED = "user.disabled"
    SIGNED_IN = "user.signed_in"
    SIGN_IN_REFUSED = "user.sign_in_refused"
    SIGNED_OUT = "user.signed_out"
    SESSION_CONTINUED = "user.session_continued"
    TOKEN_ISSUED = "user.token_issued"  # noqa: S105 - an event name
    REFRESH_FAILED = "user.refresh_failed"
    RESET_FORCED = "user.reset_forced"
    SECOND_FACTOR_ADDED = "user.second_factor_added"
    SECOND_FACTOR_REMOVED = "user.second_factor_removed"
    SECOND_FACTOR_PROVED = "user.second_factor_proved"
    SECOND_FACTOR_REFUSED = "user.second_factor_refused"
    RECOVERY_CODES_MADE = "user.recovery_codes_made"
    PROVIDER_LINKED = "user.provider_linked"
    PROVIDER_UNLINKED = "user.provider_unlinked"


class AgentEvent(StrEnum):
    REFRESH_FAILURE_DETECTED = "agent.refresh.failure.detected"


class ReplacementEvent(StrEnum):
    BEGUN = "replacement.begun"
    MOVED = "replacement.moved"
    OVERDUE = "replacement.overdue"
    CANCELLED = "replacement.cancelled"


class NoticeEvent(StrEnum):
    SEEN = "notice.seen"
    MAILED = "notice.mailed"
    MAIL_FAILED = "notice.mail_failed"


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


class ApprovalEvent(StrEnum):
    ASKED = "approval.asked"
    VOTED = "approval.voted"
    VOTE_REFUSED = "approval.vote_refused"
    APPROVED = "approval.approved"
    REJECTED = "approval.rejected"
    WITHDRAWN = "approval.withdrawn"
    SUPERSEDED = "approval.superseded"
    EXPIRED = "approval.expired"


class RequestEvent(StrEnum):
    OPENED = "request.opened"
    CHANGED = "request.changed"
    APPROVED = "request.approved"
    ISSUED = "request.issued"
    ISSUE_FAILED = "request.issue_failed"
    REJECTED = "request.rejected"
    CANCELLED = "request.cancelled"
    EXPIRED = "request.expired"
    SECRET_COLLECTED = "request.secret_collected"  # noqa: S105 - an event name


class CampaignEvent(StrEnum):
    PLANNED = "campaign.planned"
    PLAN_CHANGED = "campaign.plan_changed"
    PLAN_REMOVED = "campaign.plan_removed"
    LAUNCHED = "campaign.launched"
    OPENED = "campaign.opened"
    CHANGED = "campaign.changed"
    CLOSED = "campaign.closed"
    CANCELLED = "campaign.cancelled"
    REPORTED = "campaign.report_made"


class ReviewEvent(StrEnum):
    ASKED = "review.asked"
    REMINDED = "review.reminded"
    ESCALATED = "review.escalated"
    DECIDED = "review.decided"
    UNANSWERED = "review.unanswered"
    REMEDIATED = "review.remediated"
    REMEDIATION_FAILED = "review.remediation_failed"
    UNDONE = "review.undone"
    REASSIGNED = "review.reassigned"
    DROPPED = "review.dropped"


class ElevationEvent(StrEnum):
    ASKED = "elevation.asked"
    GIVEN = "elevation.given"
    REJECTED = "elevation.rejected"
    CANCELLED = "elevation.cancelled"
    ENDED = "elevation.ended"


class BreakGlassEvent(StrEnum):
    ASKED = "break_glass.asked"
    ARMED = "break_glass.armed"
    REJECTED = "break_glass.rejected"
    CANCELLED = "break_glass.cancelled"
    USED = "break_glass.used"
    USE_ENDED = "break_glass.use_ended"
    ROTATED = "break_glass.rotated"
    REVIEW_LATE = "break_glass.review_late"
    REVIEWED = "break_glass.reviewed"
    EXPIRED = "break_glass.expired"


class SuccessionEvent(StrEnum):
    OPENED = "succession.opened"
    STEP_ASKED = "succession.step_asked"
    STEP_PASSED = "succession.step_passed"
    SETTLED = "succession.settled"
    MOOT = "succession.moot"


class TransferEvent(StrEnum):
    ASKED = "transfer.asked"
    ACCEPTED = "transfer.accepted"
    DECLINED = "transfer.declined"
    WITHDRAWN = "transfer.withdrawn"
    EXPIRED = "transfer.expired"


class ChannelEvent(StrEnum):
    CREATED = "channel.created"
    CHANGED = "channel.changed"
    REMOVED = "channel.removed"
    TESTED = "channel.tested"


class SubscriptionEvent(StrEnum):
    CREATED = "subscription.created"
    CHANGED = "subscription.changed"
    REMOVED = "subscription.removed"


class DeliveryEvent(StrEnum):
    DIED = "notification.delivery_died"
    RESENT = "notification.delivery_resent"
