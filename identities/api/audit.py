"""Routes of the audit: read only, as far as the reader's role reaches."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit import selectors
from audit.actors import ActorKind
from audit.events import Outcome
from audit.models import AuditCheckpoint, AuditEvent, AuditEventQuerySet
from identities.access.matrix import Duty, Reach
from identities.api.schema import describe
from identities.api.serializers import ListQuery, Shape
from identities.api.views import PortalView
from identities.names import camel


class EventActorShape(Shape):
    """Who did it; an identity by name and client id."""

    kind = serializers.ChoiceField([kind.value for kind in ActorKind])
    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not the field's own label
    client_id = serializers.CharField()


class EventSubjectShape(Shape):
    """What it was done to."""

    kind = serializers.CharField()
    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not the field's own label


class Members(serializers.JSONField):
    """An object of ours: its own members are camelCase outside; what stands in them is shown as it is."""

    def to_representation(self, value: Any) -> Any:
        return {camel(member): inner for member, inner in value.items()} if isinstance(value, Mapping) else value


class EventShape(Shape):
    """One thing that happened. `seq` and `mac` are null until it is sealed, seconds later."""

    id = serializers.UUIDField(source="uuid")
    seq = serializers.IntegerField(allow_null=True)
    mac = serializers.CharField(allow_null=True)
    recorded_at = serializers.DateTimeField()
    tenant_id = serializers.UUIDField(allow_null=True)
    type = serializers.CharField()
    outcome = serializers.ChoiceField([outcome.value for outcome in Outcome])
    reason = serializers.CharField()
    actor = serializers.SerializerMethodField()
    subject = serializers.SerializerMethodField()
    changes = Members(help_text="What was before and what is now, by member.")
    details = Members()
    correlation_id = serializers.CharField()
    run_id = serializers.UUIDField(allow_null=True)
    address = serializers.CharField()

    @extend_schema_field(EventActorShape)
    def get_actor(self, row: AuditEvent) -> dict[str, Any]:
        return {
            "kind": row.actor_kind,
            "id": row.actor_id,
            "label": row.actor_label,
            "clientId": row.actor_client_id,
        }

    @extend_schema_field(EventSubjectShape)
    def get_subject(self, row: AuditEvent) -> dict[str, Any]:
        return {"kind": row.subject_kind, "id": row.subject_id, "label": row.subject_label}


class EventQuery(ListQuery):
    """The filters of the audit."""

    actor = serializers.CharField(max_length=300, required=False, help_text="An id, a client id or a label.")
    actor_kind = serializers.ChoiceField([kind.value for kind in ActorKind], required=False)
    subject = serializers.CharField(max_length=300, required=False, help_text="An id or a label.")
    type = serializers.CharField(max_length=80, required=False, help_text="A whole type, or `token.` for all of them.")
    outcome = serializers.ChoiceField([outcome.value for outcome in Outcome], required=False)
    correlation_id = serializers.CharField(max_length=64, required=False)
    run_id = serializers.UUIDField(required=False)
    since = serializers.DateTimeField(required=False, help_text="From this moment on.")
    until = serializers.DateTimeField(required=False, help_text="Before this moment.")


class CheckpointShape(Shape):
    """A signed statement of how far the chain had come."""

    seq = serializers.IntegerField()
    mac = serializers.CharField()
    count = serializers.IntegerField()
    taken_at = serializers.DateTimeField()
    signature = serializers.CharField()


class TrailView(PortalView):
    """What the routes of the audit have in common."""

    resource_kind = "audit_event"
    duties: ClassVar = {"GET": Duty.READ_AUDIT}
    machine_permissions: ClassVar = {"GET": "audit.read"}
    tag = "audit"

    def narrowed(self, rows: AuditEventQuerySet) -> AuditEventQuerySet:
        """Own rows only, for a role that reaches no further."""
        is_own = not self.principal.is_machine and self.principal.reach(self.duty()) is Reach.OWN
        return rows.filter(actor_id=str(self.principal.user_id)) if is_own else rows


class EventsView(TrailView):
    """What happened, newest first."""

    orderings: ClassVar = {"recordedAt": "id"}
    ordering = "-recordedAt"

    @describe("List what happened", answer=EventShape, query=EventQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(EventQuery)
        rows = selectors.events(
            self.listed_tenant_ids(query.get("tenant_id")),
            actor=query.get("actor", ""),
            actor_kind=query.get("actor_kind", ""),
            subject=query.get("subject", ""),
            event=query.get("type", ""),
            outcome=query.get("outcome", ""),
            correlation_id=query.get("correlation_id", ""),
            run_id=query.get("run_id"),
            since=query.get("since"),
            until=query.get("until"),
        )
        return self.listing(self.narrowed(rows), EventShape, query)


class EventView(TrailView):
    """One event."""

    @describe("Read one event", answer=EventShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.get_or_404(self.narrowed(selectors.events(None)), id, key="uuid"), EventShape)


class CheckpointsView(TrailView):
    """How far the chain is signed."""

    resource_kind = "audit_checkpoint"
    orderings: ClassVar = {"seq": "seq"}
    ordering = "-seq"

    @describe("List the checkpoints of the chain", answer=CheckpointShape, query=ListQuery, listing=True)
    def get(self, request: Request) -> Response:
        return self.listing(AuditCheckpoint.objects.all(), CheckpointShape, self.read_query())


urlpatterns = [
    path("audit/events", EventsView.as_view(), name="events"),
    path("audit/events/<uuid:id>", EventView.as_view(), name="event"),
    path("audit/checkpoints", CheckpointsView.as_view(), name="checkpoints"),
]
