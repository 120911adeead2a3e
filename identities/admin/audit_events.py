"""The audit log: read only, with people and machines apart by one filter, and how far it is proven."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from audit import selectors as audit
from audit.actors import HUMAN_KINDS, MACHINE_KINDS
from audit.events import Outcome
from audit.models import AuditEvent
from identities import events
from identities.access.matrix import Duty
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.decisions import narrowed
from identities.admin.filters import DayRange, WordFilter, by_choice
from identities.admin.history import about, facts_of, say, who
from identities.admin.pages import Page, Tab, list_of
from identities.admin.parts import Badge, Block, Code, Empty, Fact, Facts, Lines, Link, Moment, Notice, Quiet, Source
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.admin.wording import pretty, tone_of
from identities.people.models import Tenant

SUBJECTS = (
    "identity", "credential", "token", "role", "role_binding", "policy", "vault_connection", "schedule", "run",
    "workflow", "user", "team", "tenant", "signing_key", "authorization",
)  # fmt: skip


class ActedFilter(WordFilter):
    """People or machines (S0-04)."""

    title = "Who acted"
    parameter_name = "who"
    words = (("people", "People"), ("machines", "Machines"))

    def where(self, value: str) -> Q:
        return Q(actor_kind__in=HUMAN_KINDS if value == "people" else MACHINE_KINDS)


class SubjectFilter(WordFilter):
    """What it was about."""

    title = "About"
    parameter_name = "about"
    words = tuple((name, name.replace("_", " ").capitalize()) for name in SUBJECTS)

    def where(self, value: str) -> Q:
        return Q(type__startswith=f"{value}.")


class TypeFilter(WordFilter):
    """One kind of event, by its whole name."""

    title = "Event"
    parameter_name = "type"
    words = tuple(
        (event.value, say(event.value))
        for kind in vars(events).values()
        if isinstance(kind, type) and issubclass(kind, StrEnum)
        for event in kind
    )


class RecentFilter(WordFilter):
    """How long ago."""

    title = "When"
    parameter_name = "when"
    words = (("hour", "Last hour"), ("day", "Last 24 hours"), ("week", "Last 7 days"), ("month", "Last 30 days"))
    spans: ClassVar[Mapping[str, timedelta]] = {
        "hour": timedelta(hours=1),
        "day": timedelta(days=1),
        "week": timedelta(days=7),
        "month": timedelta(days=30),
    }

    def where(self, value: str) -> Q:
        return audit.between(timezone.now() - self.spans[value], None)


class RecordedFilter(DayRange):
    """From a day to a day."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = self._day("from"), self._day("to")
        return queryset.filter(audit.between(first, last + timedelta(days=1) if last else None))


@admin.register(AuditEvent, site=site)
class AuditEventAdmin(CommandAdmin):
    """What happened, provably."""

    read_duty: ClassVar[Duty] = Duty.READ_AUDIT
    called: ClassVar[str] = "Audit log"
    list_display = ("when", "event", "about", "actor", "outcome_shown", "sealed")
    list_filter = (
        ActedFilter,
        SubjectFilter,
        TypeFilter,
        by_choice("outcome", "Outcome", [(o.value, o.value) for o in Outcome]),
        RecentFilter,
        ("recorded_at", RecordedFilter),
    )
    search_fields = ("subject_id",)
    search_help_text = "Who, what, type, correlation id: whole, or a part among the latest ten thousand"
    ordering = ("-id",)
    list_select_related = ("seal",)
    empty_list = Empty("Nothing recorded yet", "Every change and every refusal will be listed here.", icon="history")

    def rows(self, queryset: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
        return narrowed(queryset, scope, self.read_duty)

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("seal")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()[:300].replace("\x00", "")
        return (queryset.filter(audit.naming(term, queryset)) if term else queryset), False

    def tenant_of(self, obj: AuditEvent) -> Any:
        return Tenant.objects.filter(pk=obj.tenant_id).first() if obj.tenant_id else None

    def changelist_view(self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None) -> HttpResponse:
        notices = proof_notices() if self.has_view_permission(request) else []
        return super().changelist_view(request, {"list_notices": notices, **(extra_context or {})})

    @column("When", order="id")
    def when(self, event: AuditEvent) -> object:
        return Moment(event.recorded_at)

    @column("What", order="type")
    def event(self, event: AuditEvent) -> object:
        step = event.details.get("step") if isinstance(event.details, dict) else None
        return Lines([say(event.type), Quiet(step)]) if step else say(event.type)

    @column("About", order="subject_label")
    def about(self, event: AuditEvent) -> object:
        return Lines([about(event), Quiet(event.subject_kind.replace("_", " "))])

    @column("Who", order="actor_label")
    def actor(self, event: AuditEvent) -> object:
        return who(event)

    @column("Outcome", order="outcome")
    def outcome_shown(self, event: AuditEvent) -> object:
        return Badge(event.outcome, tone_of(event.outcome), event.reason)

    @column("Sealed")
    def sealed(self, event: AuditEvent) -> object:
        return f"#{event.seq}" if event.seq else Quiet("in a moment")

    def page(self, request: HttpRequest, obj: AuditEvent, scope: Scope) -> Page:
        badges = [
            Badge(obj.outcome, tone_of(obj.outcome)),
            Badge(f"sealed #{obj.seq}", "good") if obj.seq else Badge("not sealed yet"),
        ]
        return Page(
            f"{say(obj.type)}: {about(obj)}",
            [Tab("facts", "Facts", lambda: blocks_of(obj))],
            badges,
            obj.reason,
        )


def blocks_of(event: AuditEvent) -> list[Block]:
    """One event in full."""
    facts = [
        Fact("When", Moment(event.recorded_at, exact=True)),
        Fact("What", Code(event.type)),
        Fact("About", about(event), event.subject_kind.replace("_", " ")),
        Fact("Who", who(event), event.actor_client_id),
        Fact("From", event.address),
        Fact(
            "Correlation id",
            Link(event.correlation_id, list_of(AuditEvent, q=event.correlation_id)) if event.correlation_id else "",
        ),
        Fact("Run", Code(str(event.run_id)) if event.run_id else ""),
        Fact(
            "Seal",
            Code(event.mac[:24] + "…") if event.mac else "",
            f"record {event.seq} of the chain" if event.seq else "sealed within seconds",
        ),
    ]
    blocks: list[Block] = [Facts("Event", facts)]
    if event.changes:
        blocks.append(Facts("What changed", facts_of(event.changes)))
    if event.details:
        blocks.append(Source("Details", pretty(event.details)))
    return blocks


def proof_notices() -> Iterable[Notice]:
    """How far the trail is proven, above the list."""
    state = audit.verification_state()
    many = "10,000 records or more" if state.unsealed >= audit.MOST_UNSEALED else f"{state.unsealed} records"
    waiting = f"{many} wait for their seal." if state.unsealed else "Every record is sealed."
    if state.is_intact is False:
        return [
            Notice(f"The chain is broken at record {state.break_seq}.", f"{state.message} {waiting}", "bad", "gpp_bad")
        ]
    if state.is_intact is None:
        return [
            Notice(
                "Not verified yet.",
                f"{state.sealed:,} records sealed. {waiting} verify_audit walks the chain.",
                "info",
                "shield",
            )
        ]
    walked = Lines(
        ["Last walk", Moment(state.verified_at), f"over {state.verified_up_to:,} records. {waiting}"], row=True
    )
    return [Notice("The chain is intact.", walked, "good", "verified_user")]
