"""Which identities stand behind a number: one condition each, used to count and to list, so that the two agree."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import Q, Subquery

from identities.credentials.models import ExternalCredential, ExternalKind
from identities.detections.models import Finding, FindingState
from identities.inventory.vocabulary import AuthMethod, Triage, UseState

#: Ways of authentication that end by themselves within hours.
SHORT_LIVED = (
    AuthMethod.FEDERATED,
    AuthMethod.VAULT_DYNAMIC,
    AuthMethod.OAUTH_DELEGATED,
    AuthMethod.AGENT_BROKER,
)
#: Phase 3: the same, and those that hold something long under conditions or behind a key that never leaves.
FEDERATED = (*SHORT_LIVED, AuthMethod.MTLS, AuthMethod.CONDITIONAL_SERVICE_ACCOUNT)
#: Ways that hold something which somebody must rotate.
ROTATING = (
    AuthMethod.STATIC_API_KEY,
    AuthMethod.LONG_LIVED_SECRET,
    AuthMethod.CONDITIONAL_SERVICE_ACCOUNT,
    AuthMethod.PASSWORD,
    AuthMethod.HUMAN_SHARED_ADMIN,
)
#: Credentials that are a text which works until somebody ends it.
STATIC_KINDS = (
    ExternalKind.ACCESS_KEY,
    ExternalKind.API_TOKEN,
    ExternalKind.CLIENT_SECRET,
    ExternalKind.PASSWORD,
    ExternalKind.SSH_KEY,
)
UNOWNED = Q(business_owner=None, technical_owner=None)
Condition = Callable[[datetime], Q]


def in_use(path: str = "") -> Q:
    """An external credential that its source still reports as active."""
    return Q(**{f"{path}gone_at": None, f"{path}is_active": True})


def unmanaged(path: str = "") -> Q:
    """An external credential that rests in no known vault, or whose identity nobody owns (S4-74)."""
    nobody = Q(**{f"{path}identity__business_owner": None, f"{path}identity__technical_owner": None})
    return Q(**{f"{path}stored_at": ""}) & ~Q(**{f"{path}kind": ExternalKind.FEDERATED}) | nobody


def _with_finding(*categories: str) -> Q:
    found = Finding.objects.filter(category__in=categories, state=FindingState.OPEN)
    return Q(pk__in=Subquery(found.order_by().values("identity_id")))


def _ad_hoc(at: datetime) -> Q:
    keys = ExternalCredential.objects.filter(in_use(), kind__in=STATIC_KINDS, stored_at="")
    return Q(pk__in=Subquery(keys.order_by().values("identity_id")))


def _shared(at: datetime) -> Q:
    return Q(auth_method=AuthMethod.HUMAN_SHARED_ADMIN) | _with_finding("NHI9")


def _rotating(at: datetime) -> Q:
    return Q(rotate_by__isnull=False) | Q(auth_method__in=ROTATING)


def _separated(at: datetime) -> Q:
    return ~Q(environment="") & ~_with_finding("NHI8")


def _classified(at: datetime) -> Q:
    blank = Q()
    for member in ("environment", "purpose", "privilege_level", "data_classification"):
        blank |= Q(**{member: ""})
    return ~blank & ~Q(auth_method=AuthMethod.UNKNOWN)


def _contained(at: datetime) -> Q:
    return ~UNOWNED & ~_shared(at) & ~_ad_hoc(at)


def _watched(at: datetime) -> Q:
    return ~Q(use_state=UseState.UNOBSERVED) & Q(review_by__gte=at.date())


def _not(condition: Condition) -> Condition:
    return lambda at: ~condition(at)


def _bounded(at: datetime) -> Q:
    return Q(expires_at__isnull=False) | Q(review_by__isnull=False)


def _in_time(at: datetime) -> Q:
    return Q(rotate_by__gte=at)


def _short(at: datetime) -> Q:
    return Q(auth_method__in=SHORT_LIVED)


def _federated(at: datetime) -> Q:
    return Q(auth_method__in=FEDERATED)


#: Each is also a word of the list's filter `number`: renaming one breaks links that people keep.
CONDITIONS: dict[str, Condition] = {
    "total": lambda at: Q(),
    "red": lambda at: Q(triage=Triage.RED),
    "amber": lambda at: Q(triage=Triage.AMBER),
    "green": lambda at: Q(triage=Triage.GREEN),
    "owned": lambda at: ~UNOWNED,
    "unowned": lambda at: UNOWNED,
    "bounded": _bounded,
    "unbounded": _not(_bounded),
    "orphaned": lambda at: Q(is_orphaned=True),
    "review_overdue": lambda at: Q(review_by__lt=at.date()),
    "rotating": _rotating,
    "rotated_in_time": _in_time,
    "rotation_overdue": lambda at: Q(rotate_by__lt=at),
    "rotation_unknown": lambda at: _rotating(at) & Q(rotate_by=None),
    "not_rotated": lambda at: _rotating(at) & (Q(rotate_by=None) | Q(rotate_by__lt=at)),
    "rotation_known": lambda at: _rotating(at) & Q(last_rotated_at__isnull=False),
    "never_rotated": lambda at: _rotating(at) & Q(last_rotated_at=None),
    "short_lived": _short,
    "not_short_lived": _not(_short),
    "method_unknown": lambda at: Q(auth_method=AuthMethod.UNKNOWN),
    "ad_hoc": _ad_hoc,
    "shared": _shared,
    "worst": lambda at: _ad_hoc(at) | _shared(at),
    "dormant": lambda at: Q(use_state=UseState.DORMANT),
    "unobserved": lambda at: Q(use_state=UseState.UNOBSERVED),
    "unique": _not(_shared),
    "separated": _separated,
    "not_separated": _not(_separated),
    "environment_unknown": lambda at: Q(environment=""),
    "reminded": lambda at: _rotating(at) & Q(rotate_by__isnull=False),
    "classified": _classified,
    "unclassified": _not(_classified),
    "contained": _contained,
    "uncontained": _not(_contained),
    "federated": _federated,
    "not_federated": _not(_federated),
    "watched": _watched,
    "unwatched": lambda at: Q(use_state=UseState.UNOBSERVED) | Q(review_by=None) | Q(review_by__lt=at.date()),
}


def condition(key: str, at: datetime) -> Q:
    """Which identities stand behind the number `key`; KeyError for a word there is none for."""
    return CONDITIONS[key](at)
