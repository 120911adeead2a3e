"""What happened to an account: one feed for people and service users, and the refreshes that failed."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit import selectors as trail
from audit.actors import ActorKind
from identities.access.matrix import Duty
from identities.api.audit import EventShape
from identities.api.schema import a_page, describe
from identities.api.serializers import ListQuery, Shape
from identities.api.user_shapes import AN_ID, HistoryQuery
from identities.api.users import AccountView
from identities.api.views import PortalView
from identities.events import PersonEvent
from identities.people.models import User
from identities.people.refresh_reasons import RefreshReason

_METADATA = {"refreshTokenId": "3f0d3a52-5f6e-4a0f-9b7e-0a6f8a3f9f10", "cause": "reset-forced"}
_CHANGE = {
    "previous": "active",
    "current": "invalidated",
    "reason": "token-invalidated",
    "metadata": _METADATA,
}
ENTRY = {
    "id": "6a2f8d0e-3c55-4d0c-8a3e-6f1f7c0f2b10",
    "seq": 4711,
    "mac": "9f1c…",
    "recordedAt": "2026-03-01T09:00:00Z",
    "tenantId": "7d1b2f7a-9f6c-4f51-9a53-9a3f0d0f4e11",
    "type": "user.refresh_failed",
    "outcome": "failure",
    "reason": "token-invalidated",
    "actor": {"kind": "service_user", "id": AN_ID, "label": "reports-agent@aegis.local", "clientId": ""},
    "subject": {"kind": "user", "id": AN_ID, "label": "reports-agent@aegis.local"},
    "changes": {"refreshToken": _CHANGE},
    "details": {},
    "correlationId": "4f1c0d3e8b7a4c2f9d6e5b3a1c0f7e8d",
    "runId": None,
    "address": "192.0.2.10",
}
FAILURE = {
    "id": "6a2f8d0e-3c55-4d0c-8a3e-6f1f7c0f2b10",
    "userId": AN_ID,
    "email": "reports-agent@aegis.local",
    "isAgent": True,
    "tenantId": "7d1b2f7a-9f6c-4f51-9a53-9a3f0d0f4e11",
    "reason": "token-invalidated",
    "metadata": _METADATA,
    "createdAt": "2026-03-01T09:00:00Z",
    "correlationId": "4f1c0d3e8b7a4c2f9d6e5b3a1c0f7e8d",
    "address": "192.0.2.10",
}


class RefreshFailureShape(Shape):
    """A refresh that opened nothing."""

    id = serializers.UUIDField(source="uuid", help_text="The audit event that tells of it.")
    user_id = serializers.CharField(source="subject_id", help_text="Whose token it was.")
    email = serializers.CharField(source="subject_label", help_text="The address of the account at that time.")
    is_agent = serializers.SerializerMethodField(help_text="Whether it was a service user.")
    tenant_id = serializers.UUIDField(allow_null=True, help_text="The tenant of the account.")
    reason = serializers.ChoiceField([reason.value for reason in RefreshReason], help_text="One of seven.")
    metadata = serializers.SerializerMethodField(help_text="What is known beside the reason, such as the `cause`.")
    created_at = serializers.DateTimeField(source="recorded_at", help_text="When it failed.")
    correlation_id = serializers.CharField(help_text="The request it came with.")
    address = serializers.CharField(help_text="Where it came from.")

    def get_is_agent(self, row: Any) -> bool:
        return bool(row.actor_kind == ActorKind.SERVICE_USER)

    def get_metadata(self, row: Any) -> dict[str, Any]:
        found: Mapping[str, Any] = row.changes.get("refreshToken", {})
        return dict(found.get("metadata") or {})


class RefreshFailureQuery(ListQuery):
    """The filters of failed refreshes."""

    user_id = serializers.UUIDField(required=False, help_text="Of this account alone.")
    reason = serializers.ChoiceField(
        [reason.value for reason in RefreshReason], required=False, help_text="One of seven."
    )
    is_agent = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Of service users, or of people."
    )
    since = serializers.DateTimeField(required=False, help_text="From this moment on.")
    until = serializers.DateTimeField(required=False, help_text="Before this moment.")


class HistoryView(PortalView):
    """A page of what happened to one account, newest first."""

    tag = "users"
    resource_kind = "user"
    orderings: ClassVar = {"recordedAt": "id"}
    ordering = "-recordedAt"

    def history(self, user_id: UUID) -> Response:
        """By the account's id alone: what happened to it, whoever did it and in whichever tenant that one was."""
        query = self.read_query(HistoryQuery)
        rows = trail.events(None, subject_kind="user", event=query.get("type", "")).filter(subject_id=str(user_id))
        return self.listing(rows, EventShape, {"page_size": query["limit"], "cursor": query.get("cursor")})


class OwnHistoryView(HistoryView):
    """What happened to the caller's account."""

    duties = {"GET": Duty.OWN_PROFILE}

    @describe(
        "Read one's own history",
        answer=EventShape,
        query=HistoryQuery,
        listing=True,
        answers={"a failed refresh": a_page(ENTRY)},
        problems=[(400, "invalid", "limit: Ensure this value is less than or equal to 200.")],
        description=(
            "Creation, role and password changes, profile edits field by field, forced resets, sign-ins, tokens and "
            "failed refreshes, each with who did it, from where, and in which request."
        ),
    )
    def get(self, request: Request) -> Response:
        if self.principal.user_id is None:
            self.refuse()
        return self.history(UUID(str(self.principal.user_id)))


class UserHistoryView(HistoryView, AccountView):
    """What happened to an account."""

    duties = {"GET": Duty.GOVERN}

    @describe(
        "Read the history of an account", answer=EventShape, query=HistoryQuery, listing=True,
        answers={"a failed refresh": a_page(ENTRY)},
    )  # fmt: skip
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        user: User = self.account(id)
        return self.history(user.pk)


class RefreshFailuresView(PortalView):
    """Refreshes that failed, newest first."""

    tag = "users"
    resource_kind = "user"
    duties: ClassVar = {"GET": Duty.GOVERN}
    orderings: ClassVar = {"createdAt": "id"}
    ordering = "-createdAt"

    @describe(
        "List failed refreshes",
        answer=RefreshFailureShape,
        query=RefreshFailureQuery,
        listing=True,
        answers={"a service user's": a_page(FAILURE)},
        problems=[(400, "invalid", "tenantId: There is no such tenant.")],
        description="Of people and service users; `isAgent=true` leaves those that the health check looks for.",
    )
    def get(self, request: Request) -> Response:
        query = self.read_query(RefreshFailureQuery)
        rows = trail.events(
            self.listed_tenant_ids(query.get("tenant_id")),
            event=PersonEvent.REFRESH_FAILED,
            actor_kind=_kind(is_agent=query["is_agent"]),
            subject=str(query.get("user_id") or ""),
            since=query.get("since"),
            until=query.get("until"),
        )
        found = rows.filter(reason=query["reason"]) if "reason" in query else rows
        return self.listing(found, RefreshFailureShape, query)


def _kind(*, is_agent: bool | None) -> str:
    """The account is its own actor here."""
    if is_agent is None:
        return ""
    return ActorKind.SERVICE_USER if is_agent else ActorKind.PERSON


urlpatterns = [
    path("users/me/audits", OwnHistoryView.as_view(), name="own-history"),
    path("users/refresh-failures", RefreshFailuresView.as_view(), name="refresh-failures"),
    path("users/<uuid:id>/audits", UserHistoryView.as_view(), name="user-history"),
]
