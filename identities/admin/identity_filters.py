"""The filters of the register, in groups. Parameters and words are addresses: numbers and reports link to them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.db.models.lookups import Contains
from django.http import HttpRequest
from django.utils import timezone

from identities.admin.filters import DayRange, WordFilter, WorkflowFilter, by_choice, by_row, exactly
from identities.admin.wording import words
from identities.credentials.models import ClientKey, ClientSecret
from identities.credentials.selectors import alive, with_several_secrets
from identities.inventory import selectors as inventory
from identities.inventory.completeness import FIELDS, MANDATORY_TAGS
from identities.inventory.states import State
from identities.inventory.triage import CODES
from identities.inventory.vocabulary import (
    AuthMethod,
    BlastRadius,
    Criticality,
    DisableStrategy,
    Environment,
    Function,
    Issuance,
    Kind,
    OwnershipClass,
    PrivilegeLevel,
    RiskTier,
    Triage,
    TrustBoundary,
    UseState,
)
from identities.people.models import Team, User
from identities.programme.conditions import CONDITIONS

SOON = timedelta(days=30)
UNOWNED = Q(business_owner=None, technical_owner=None)
Meaning = Callable[[datetime], Q]


class DatedFilter(WordFilter):
    """Words whose meaning depends on now."""

    meanings: ClassVar[Mapping[str, Meaning]] = {}

    def where(self, value: str) -> Q:
        return self.meanings[value](timezone.now())


class TextFilter(WordFilter):
    """What is typed stands somewhere in the member."""

    is_text = True
    path: ClassVar[str]
    hint: ClassVar[str] = ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = (self.value() or "").strip()[:200]
        return queryset.filter(self.where(value)) if value and "\x00" not in value else queryset

    def where(self, value: str) -> Q:
        # An index has what is known only, and is used where that is said.
        return Q(**{f"{self.path}__icontains": value}) & ~Q(**{self.path: ""})


def in_json(path: str, text: str) -> Q:
    """`text` stands in the JSON of `path`: the same question on SQLite and PostgreSQL, whose JSON prints alike."""
    return Q(Contains(Cast(path, TextField()), text))


def dated(name: str, title: str, meanings: Mapping[str, tuple[str, Meaning]]) -> type[DatedFilter]:
    """A filter whose words are conditions on now: `{word: (label, condition)}`."""
    members = {
        "title": title,
        "parameter_name": name,
        "words": [(word, label) for word, (label, _) in meanings.items()],
        "meanings": {word: meaning for word, (_, meaning) in meanings.items()},
    }
    return type(f"By{name.title().replace('_', '')}", (DatedFilter,), members)


def text(name: str, title: str, path: str, hint: str = "") -> type[TextFilter]:
    """A filter into which one types."""
    return type(
        f"By{name.title()}", (TextFilter,), {"title": title, "parameter_name": name, "path": path, "hint": hint}
    )


def known_or(name: str, title: str, choices: Any, path: str = "") -> type[WordFilter]:
    """A filter on a classification that may be missing: `unknown` finds the rows that lack it."""
    column = path or name
    found = by_choice(name, title, [*choices, ("unknown", "Not known")], path=column)

    def where(self: WordFilter, value: str) -> Q:
        return Q(**{column: "" if value == "unknown" else value})

    return type(found.__name__, (found,), {"where": where})


class RowFilter(WordFilter):
    """By an id: also by one beyond those that the list of words has room for."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        try:
            return queryset.filter(self.where(str(UUID(str(value)))))
        except ValueError:
            return super().queryset(request, queryset)


class OwnerFilter(RowFilter, by_row("owner", "Owner", User, "", says="email", is_agent=False)):  # type: ignore[misc]
    """By a person who is business, technical or deputy owner, or by nobody."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("nobody", "Nobody"), *super().lookups(request, model_admin)]

    def where(self, value: str) -> Q:
        if value == "nobody":
            return UNOWNED
        return Q(business_owner_id=value) | Q(technical_owner_id=value) | Q(deputy_owner_id=value)


class TeamFilter(RowFilter, by_row("team", "Owning team", Team, "owner_team_id")):  # type: ignore[misc]
    """By the team that owns it, or by none."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("none", "No team"), *super().lookups(request, model_admin)]

    def where(self, value: str) -> Q:
        return Q(owner_team=None) if value == "none" else Q(owner_team_id=value)


class RotationFilter(WordFilter):
    """By the age of what it proves itself with."""

    title = "Rotation"
    parameter_name = "rotation"
    words = (
        ("overdue", "Rotation overdue"), ("soon", "Due within 30 days"), ("unknown", "Age not known"),
        ("none", "No live secret or key of ours"), ("several", "Several live secrets of ours"),
    )  # fmt: skip

    def where(self, value: str) -> Q:
        now = timezone.now()
        live = ClientSecret.objects.filter(alive(now), identity=OuterRef("pk"))
        if value == "overdue":
            return Q(rotate_by__lt=now)
        if value == "soon":
            return Q(rotate_by__gte=now, rotate_by__lt=now + SOON)
        if value == "unknown":
            return Q(rotate_by=None)
        if value == "none":
            keys = ClientKey.objects.filter(alive(now), identity=OuterRef("pk"))
            return ~Q(Exists(live)) & ~Q(Exists(keys))
        return Q(pk__in=with_several_secrets(now))


class ReasonFilter(WordFilter):
    """By a reason for its colour."""

    title = "Reason"
    parameter_name = "reason"
    words = [(code, words(code)) for code in CODES]

    def where(self, value: str) -> Q:
        if connection.vendor == "postgresql":
            return Q(triage_reasons__contains=[{"code": value}])
        return in_json("triage_reasons", f'"code": "{value}"')


def _missing(member: str) -> Q:
    if member == "owner":
        return UNOWNED
    if member == "review_by":
        return Q(review_by=None, expires_at=None)
    if member in {"last_used_at", "rotate_by"}:
        return Q(**{member: None})
    if member == "rotation_interval_days":
        return Q(rotation_interval_days=None, rotate_by=None)
    if member == "auth_method":
        return Q(auth_method=AuthMethod.UNKNOWN)
    return Q(**{member: []}) if member == "downstream_permissions" else Q(**{member: ""})


class MissingFilter(WordFilter):
    """By a member of a usable record that is not known; the mandatory tags come first."""

    title = "Lacks"
    parameter_name = "missing"
    words = [
        ("any", "Any mandatory tag"),
        *((field.member, f"{field.label} (mandatory)") for field in FIELDS if field.member in MANDATORY_TAGS),
        ("team", "Team"),
        *((field.member, field.label) for field in FIELDS
          if field.member not in {*MANDATORY_TAGS, "name", "kind"}),
    ]  # fmt: skip

    def where(self, value: str) -> Q:
        if value == "team":
            return Q(owner_team=None)
        if value != "any":
            return _missing(value)
        lacks = Q()
        for member in MANDATORY_TAGS:
            lacks |= _missing(member)
        return lacks


class SourceFilter(TextFilter):
    """By a source that reports it, or whatever begins so: `aws` finds every account."""

    title = "Reported by"
    parameter_name = "source"
    hint = "aws/123456789012"

    def where(self, value: str) -> Q:
        return in_json("reported_by", f'"{value}')


class NumberFilter(DatedFilter):
    """What stands behind a number of the programme; not offered as a choice, only reached from there."""

    title = "Counted as"
    parameter_name = "number"
    is_offered = False
    words = [(word, words(word)) for word in CONDITIONS]
    meanings = CONDITIONS


_USE = dated("use", "Use", {
    "dormant": ("Dormant: silent beyond its cadence", lambda at: Q(use_state=UseState.DORMANT)),
    "unobserved": ("Not observed", lambda at: Q(use_state=UseState.UNOBSERVED)),
    "used": ("Used within its cadence", lambda at: Q(use_state=UseState.USED)),
    "day": ("Used in the last day", lambda at: Q(last_used_at__gte=at - timedelta(days=1))),
    "quiet": ("Not seen for 90 days", lambda at: inventory.unused_since(at - timedelta(days=90))),
    "never": ("Never seen", lambda at: inventory.NEVER_USED),
})  # fmt: skip
_REVIEW = dated("review", "Review", {
    "overdue": ("Overdue", lambda at: Q(review_by__lt=at.astimezone(UTC).date())),
    "soon": ("Due within 30 days", lambda at: Q(review_by__gte=at.date(), review_by__lt=(at + SOON).date())),
    "none": ("No review date", lambda at: Q(review_by=None)),
})  # fmt: skip
_EXPIRY = dated("expiry", "Purpose ends", {
    "ended": ("Has ended", lambda at: Q(expires_at__lte=at)),
    "soon": ("Within 30 days", lambda at: Q(expires_at__gt=at, expires_at__lt=at + SOON)),
    "none": ("No end set", lambda at: Q(expires_at=None)),
})  # fmt: skip
_ORPHANED = dated("orphaned", "Orphaned", {
    "yes": ("Orphaned: suspect until proven necessary", lambda at: Q(is_orphaned=True)),
    "no": ("Somebody answers for it", lambda at: Q(is_orphaned=False)),
})  # fmt: skip
_REPORTED = dated("reported", "In its sources", {
    "gone": ("No longer reported", lambda at: Q(unreported_since__isnull=False)),
    "never": ("Entered by hand only", lambda at: Q(reported_by=[], unreported_since=None)),
    "now": ("Reported", lambda at: ~Q(reported_by=[]) & Q(unreported_since=None)),
})  # fmt: skip
_COMPLETE = dated("complete", "Completeness", {
    "low": ("Below 50", lambda at: Q(completeness__lt=50)),
    "fair": ("50 to 79", lambda at: Q(completeness__gte=50, completeness__lt=80)),
    "good": ("80 and more", lambda at: Q(completeness__gte=80)),
})  # fmt: skip
_EXPOSED = dated("exposure", "Exposure", {
    "internet": ("Reachable from the internet", lambda at: Q(internet_exposed=True)),
    "customers": ("Customers depend on it", lambda at: Q(customer_facing=True)),
    "neither": ("Neither", lambda at: Q(internet_exposed=False, customer_facing=False)),
})  # fmt: skip

#: The groups as the page shows them. Everything in them, and NUMBER, is a filter.
GROUPS: Sequence[tuple[str, Sequence[Any]]] = (
    ("Verdict", (by_choice("triage", "Triage", Triage.choices), ReasonFilter, MissingFilter, _COMPLETE)),
    ("Who answers", (OwnerFilter, TeamFilter, _ORPHANED, by_choice("ownership", "Belongs to", OwnershipClass.choices,
                                                                   path="ownership_class"))),
    ("What it is", (by_choice("kind", "Kind", [(kind.value, words(kind.value)) for kind in Kind]),
                    known_or("environment", "Environment", Environment.choices),
                    by_choice("state", "State", [(state.value, words(state.value)) for state in State]),
                    known_or("function", "Function", Function.choices),
                    exactly("application", "Application", "application", hint="payroll"))),
    ("Risk", (by_choice("risk", "Risk tier", RiskTier.choices, path="risk_tier"),
              known_or("privilege", "Privilege", PrivilegeLevel.choices, path="privilege_level"),
              known_or("blast", "Blast radius", BlastRadius.choices, path="blast_radius"),
              known_or("boundary", "Trust boundary", TrustBoundary.choices, path="trust_boundary"),
              known_or("criticality", "Business criticality", Criticality.choices, path="business_criticality"),
              text("data", "Data classification", "data_classification", "confidential"), _EXPOSED)),
    ("Proof", (by_choice("auth", "Proves itself by", AuthMethod.choices, path="auth_method"),
               by_choice("issuance", "Gets its token", Issuance.choices), RotationFilter,
               known_or("disable", "Switch off", DisableStrategy.choices, path="disable_strategy"))),
    ("Time", (_USE, _REVIEW, _EXPIRY)),
    ("Source", (SourceFilter, _REPORTED)),
)  # fmt: skip
_OTHERS = (("last_used_at", DayRange), NumberFilter, WorkflowFilter)
LIST_FILTER = (*(each for _, members in GROUPS for each in members), *_OTHERS)
