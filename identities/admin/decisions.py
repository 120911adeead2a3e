"""Decisions: every answer to "may it?", read only."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from identities.access.matrix import Duty, Reach
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.filters import WordFilter, by_choice
from identities.admin.history import KIND_WORDS
from identities.admin.pages import Page, Tab, list_of
from identities.admin.parts import Badge, Block, Code, Empty, Fact, Facts, Lines, Link, Moment, Quiet
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.admin.wording import tone_of
from identities.people.models import Tenant
from identities.policies.models import AuthorizationDecision, DecisionOutcome, DecisionStage


class WhoFilter(WordFilter):
    """People or machines."""

    title = "Who asked"
    parameter_name = "who"
    words = (("person", "People"), ("machine", "Identities and service users"))

    def where(self, value: str) -> Q:
        return Q(actor_kind="person") if value == "person" else Q(actor_kind__in=["identity", "service_user"])


class RecentFilter(WordFilter):
    """How long ago."""

    title = "When"
    parameter_name = "when"
    words = (("day", "Last 24 hours"), ("week", "Last 7 days"), ("month", "Last 30 days"))
    days: ClassVar[Mapping[str, int]] = {"day": 1, "week": 7, "month": 30}

    def where(self, value: str) -> Q:
        return Q(at__gte=timezone.now() - timedelta(days=self.days[value]))


def narrowed(rows: QuerySet[Any], scope: Scope, duty: Duty) -> QuerySet[Any]:
    """Rows that carry a plain tenant id: those of the scope, and only one's own where the reach is no wider."""
    tenants = scope.tenant_ids(duty)
    rows = rows if tenants is None else rows.filter(tenant_id__in=tenants)
    return rows.filter(actor_id=scope.actor.id) if scope.principal.reach(duty) is Reach.OWN else rows


@admin.register(AuthorizationDecision, site=site)
class DecisionAdmin(CommandAdmin):
    """The decisions of the guard and of the API."""

    read_duty: ClassVar[Duty] = Duty.READ_AUDIT
    called: ClassVar[str] = "Decisions"
    list_display = ("when", "answer", "asked_by", "permission", "resource", "reason")
    list_filter = (
        by_choice("outcome", "Answer", DecisionOutcome.choices),
        WhoFilter,
        RecentFilter,
        by_choice("stage", "Where", [(DecisionStage.GUARD, "Before a run"), (DecisionStage.API, "At a route")]),
    )
    search_fields = ("actor_label", "actor_id", "permission", "resource_id", "correlation_id")
    searched_whole = ("actor_id", "correlation_id")
    search_help_text = "Who, permission, resource, correlation id"
    ordering = ("-id",)
    empty_list = Empty(
        "No decisions yet", "Every time somebody asks to do something, the answer is kept here.", icon="gavel"
    )

    def rows(self, queryset: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
        return narrowed(queryset, scope, self.read_duty)

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset

    def tenant_of(self, obj: AuthorizationDecision) -> Any:
        return Tenant.objects.filter(pk=obj.tenant_id).first() if obj.tenant_id else None

    @column("When", order="id")
    def when(self, decision: AuthorizationDecision) -> object:
        return Moment(decision.at)

    @column("Answer", order="outcome")
    def answer(self, decision: AuthorizationDecision) -> object:
        return Badge(decision.outcome, tone_of(decision.outcome))

    @column("Who asked", order="actor_label")
    def asked_by(self, decision: AuthorizationDecision) -> object:
        return Lines([decision.actor_label or decision.actor_id, Quiet(KIND_WORDS.get(decision.actor_kind, ""))])

    @column("Resource")
    def resource(self, decision: AuthorizationDecision) -> object:
        return Lines([decision.resource_id or "–", Quiet(decision.resource_kind)])

    def page(self, request: HttpRequest, obj: AuthorizationDecision, scope: Scope) -> Page:
        badges = [Badge(obj.outcome, tone_of(obj.outcome))]
        lead = obj.reason or ("A role permits it." if obj.outcome == "allow" else "")
        return Page(
            f"{obj.permission} for {obj.actor_label or obj.actor_id}",
            [Tab("facts", "Facts", lambda: self._facts(obj))],
            badges,
            lead,
        )

    def _facts(self, it: AuthorizationDecision) -> list[Block]:
        facts = [
            Fact("When", Moment(it.at, exact=True)),
            Fact("Answer", Badge(it.outcome, tone_of(it.outcome)), it.reason),
            Fact("Who asked", it.actor_label, KIND_WORDS.get(it.actor_kind, "")),
            Fact("Permission", Code(it.permission)),
            *(
                [Fact("Asked of a managed identity", Code(it.machine_permission), "at the same door")]
                if it.machine_permission and it.machine_permission != it.permission
                else []
            ),
            Fact("Resource", it.resource_id, it.resource_kind),
            Fact("Rules that matched", ", ".join(it.policy_ids) or "none: the role decided"),
            Fact("Where", "before a run" if it.stage == DecisionStage.GUARD else "at a route"),
            Fact("Environment", it.environment),
            Fact("Address", it.address),
            Fact("Token issuer", it.token_issuer),
            Fact("Token id (jti)", Code(it.token_jti) if it.token_jti else ""),
            Fact(
                "Correlation id",
                Link(it.correlation_id, list_of(AuthorizationDecision, q=it.correlation_id))
                if it.correlation_id
                else "",
            ),
            Fact("Run", Code(str(it.run_id)) if it.run_id else ""),
        ]
        return [Facts("Decision", facts)]
