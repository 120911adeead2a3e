"""What the programme measures: every number with its words. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from identities.detections.categories import TOP_TEN
from identities.programme.measure import Group, Measure, Unit, counted, elsewhere, share, took

_ESTATE = (
    counted("total", "Identities", "Every non-human identity that is not retired.", Group.ESTATE, of=""),
    counted("red", "Red", "High privilege, or nobody answers for it: mend these first.", Group.ESTATE, better=-1),
    counted("amber", "Amber", "Owned, but something is overdue, dormant or not known.", Group.ESTATE, better=-1),
    counted(
        "green", "Green", "Bounded scope, documented lifecycle, nothing speaks against it.", Group.ESTATE, better=1
    ),
)
_OWNERSHIP = (
    share("owned", "Owned", "A named person answers for it.", Group.OWNERSHIP, gap="unowned"),
    share(
        "bounded",
        "With expiry or review",
        "It ends on a day, or somebody looks at it again by a day.",
        Group.OWNERSHIP,
        gap="unbounded",
    ),
    counted(
        "orphaned",
        "Orphaned",
        "No active owner in the chain technical, business, team: suspect until proven necessary.",
        Group.OWNERSHIP,
        better=-1,
    ),
    counted("review_overdue", "Reviews overdue", "The review date has passed.", Group.OWNERSHIP, better=-1),
    elsewhere(
        "recertified",
        "Recertified on schedule",
        "Reviewed in the last campaign before its date.",
        Group.OWNERSHIP,
        unit=Unit.SHARE,
        better=1,
        of="total",
        listed="",
        source="Known once review campaigns have been held.",
    ),
)
_CREDENTIALS = (
    share(
        "rotated_in_time",
        "Rotated within policy",
        "Of those that hold something to rotate, those whose rotation date lies ahead.",
        Group.CREDENTIALS,
        gap="not_rotated",
        of="rotating",
        unknown="rotation_unknown",
    ),
    counted(
        "rotation_overdue",
        "Rotation overdue",
        "The rotation date has passed.",
        Group.CREDENTIALS,
        better=-1,
        of="rotating",
        unknown="rotation_unknown",
    ),
    share(
        "short_lived",
        "Short-lived",
        "It proves itself by something that ends by itself: federation, a dynamic secret, a delegated or brokered "
        "token.",
        Group.CREDENTIALS,
        gap="not_short_lived",
        unknown="method_unknown",
    ),
    elsewhere(
        "tokens_short_lived",
        "Tokens of an hour or less",
        "Of the tokens alive now, those issued for an hour or less.",
        Group.CREDENTIALS,
        unit=Unit.SHARE,
        better=1,
        of="tokens_alive",
        listed="reports/live-tokens",
        query="life=short",
        gap="life=long",
    ),
    elsewhere(
        "unmanaged",
        "Unmanaged credentials",
        "Credentials of others' issue whose identity nobody owns, or that rest in no known vault.",
        Group.CREDENTIALS,
        better=-1,
        of="credentials",
        listed="reports/unmanaged-credentials",
    ),
    elsewhere(
        "expired",
        "Expired credentials",
        "Past their end and still there: to be removed.",
        Group.CREDENTIALS,
        better=-1,
        of="every_credential",
        listed="reports/expired-credentials",
    ),
    Measure(
        "rotation_age",
        "Median rotation age",
        "Half of all that hold something to rotate were rotated longer ago than this.",
        Group.CREDENTIALS,
        unit=Unit.DAYS,
        better=-1,
        of="rotating",
        unknown="never_rotated",
        query="number=rotation_known",
    ),
    counted(
        "ad_hoc",
        "Working with an ad hoc key",
        "It holds a static key that rests in no known vault.",
        Group.CREDENTIALS,
        better=-1,
    ),
    counted(
        "shared",
        "Shared accounts",
        "A human-shared admin account, or one identity used by several workloads.",
        Group.CREDENTIALS,
        better=-1,
    ),
    counted(
        "worst",
        "Ad hoc keys and shared accounts",
        "The invisible mix: either of the two.",
        Group.CREDENTIALS,
        better=-1,
    ),
)
_USE = (
    counted("dormant", "Dormant", "Silent for longer than it should be.", Group.USE, better=-1),
    counted("unobserved", "Not observed", "No telemetry tells whether it is used.", Group.USE, better=-1),
    elsewhere(
        "tokens_today",
        "Tokens issued in 24 hours",
        "Access tokens that Passport issued.",
        Group.USE,
        listed="audit",
        query="type=token.issued&when=day",
    ),
    elsewhere(
        "failed_sign_ins",
        "Failed authentications in 24 hours",
        "Token requests refused for a wrong secret or a stopped identity, by environment.",
        Group.USE,
        better=-1,
        listed="audit",
        query="type=token.refused&when=day",
    ),
    elsewhere(
        "violations",
        "Policy violations in 24 hours",
        "Questions that were answered no, by environment.",
        Group.USE,
        better=-1,
        listed="decisions",
        query="outcome=deny&when=day",
    ),
    elsewhere(
        "anomalous",
        "Anomalous usage",
        "Use from a new network, or at an unusual hour.",
        Group.USE,
        better=-1,
        listed="",
        source="Known once usage is compared with what is usual.",
    ),
)
_FINDINGS = (
    elsewhere(
        "findings", "Open findings", "What the rules hold against the estate now.", Group.FINDINGS, better=-1,
        listed="findings", query="state=open",
    ),
    *(
        elsewhere(
            risk.code.lower(), f"{risk.code} {risk.title}", f"{risk.text} Open findings of it.", Group.FINDINGS,
            better=-1, of="findings", listed="findings", query=f"category={risk.code}&state=open",
        )
        for risk in TOP_TEN
    ),
)  # fmt: skip
_PROGRAMME = (
    share(
        "unique",
        "One identity per workload",
        "Not shared by people and not used by several workloads.",
        Group.PROGRAMME,
        gap="shared",
    ),
    share(
        "separated",
        "Environments apart",
        "It works in one known environment.",
        Group.PROGRAMME,
        gap="not_separated",
        unknown="environment_unknown",
    ),
    share(
        "reminded",
        "Rotation reminders",
        "Of those that hold something to rotate, those with a rotation date that alarms.",
        Group.PROGRAMME,
        gap="rotation_unknown",
        of="rotating",
    ),
    share(
        "classified",
        "Phase 1: inventoried and classified",
        "Environment, purpose, way of authentication, privilege and data classification are known.",
        Group.PROGRAMME,
        gap="unclassified",
    ),
    share(
        "contained",
        "Phase 2: owned, not shared, wrapped",
        "Somebody owns it, it is no shared account, and no long-lived key of it lies about.",
        Group.PROGRAMME,
        gap="uncontained",
    ),
    share(
        "federated",
        "Phase 3: federated or conditional",
        "It proves itself by federation, certificate, dynamic secret, delegation or under conditions.",
        Group.PROGRAMME,
        gap="not_federated",
        unknown="method_unknown",
    ),
    share(
        "watched",
        "Phase 4: watched and reviewed",
        "Its use is observed, and its review is planned and not overdue.",
        Group.PROGRAMME,
        gap="unwatched",
    ),
)


_DELIVERY = (
    took(
        "time_to_provision", "Time to provision", "From request to working identity, on average and by risk tier.",
        "Known once an identity has been asked for and issued in the last 90 days.",
    ),
    took(
        "time_to_approve", "Time to approve", "From the request to its last yes, on average and by risk tier.",
        "Known once an identity has been asked for and issued in the last 90 days.",
    ),
    took(
        "time_to_rotate", "Time to rotate", "From the new secret to the end of the old one, on average.",
        "Known once a secret has been replaced by another in the last 90 days.",
    ),
    took(
        "time_to_revoke", "Time to revoke", "From the day a leak was noticed to its end, on average.",
        "Known once a leaked secret has been dealt with in the last 90 days.",
    ),
)  # fmt: skip

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        measure.key: measure
        for measure in (*_ESTATE, *_OWNERSHIP, *_CREDENTIALS, *_USE, *_FINDINGS, *_PROGRAMME, *_DELIVERY)
    }
)
#: The first five controls (S3-54) and the four phases, in order.
CONTROLS = ("unique", "short_lived", "separated", "owned", "reminded")
PHASES = ("classified", "contained", "federated", "watched")
