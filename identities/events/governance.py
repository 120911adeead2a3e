"""Of what people ask, approve, review and are told."""

from enum import StrEnum


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
