"""Of tenants, people and service users."""

from enum import StrEnum


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
