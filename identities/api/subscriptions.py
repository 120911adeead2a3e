"""Routes of subscriptions: who is told of which audit events."""

from typing import ClassVar
from uuid import UUID

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty, Reach
from identities.api.notification_shapes import NewSubscription, SubscriptionFacts, SubscriptionShape, VocabularyShape
from identities.api.schema import describe
from identities.api.serializers import ListQuery
from identities.api.views import PortalView
from identities.notifications import builtin, selectors, subscriptions, vocabulary
from identities.notifications.models import Audience, Subscription
from identities.people.models import User

WATCH = {"name": "Failed runs", "types": ["run.failed", "run.refused"], "audience": "owners", "digestMinutes": 15}


class _SubscriptionsView(PortalView):
    """Who governs sees all of the tenant's, others what tells themselves."""

    tag = "subscriptions"
    resource_kind = "subscription"

    def own_only(self) -> UUID | None:
        governs = self.principal.reach(Duty.GOVERN) is not Reach.NONE
        return None if governs else self.principal.user_id

    def user(self) -> User | None:
        key = self.principal.user_id
        return User.objects.filter(pk=key).first() if key else None


class SubscriptionsView(_SubscriptionsView):
    """Subscriptions."""

    duties: ClassVar = {"GET": Duty.REPORT, "POST": Duty.REPORT}
    orderings: ClassVar = {"createdAt": "created_at", "name": "name"}
    ordering = "name"

    @describe("List subscriptions", answer=SubscriptionShape, query=ListQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query()
        tenants = self.listed_tenant_ids(query.get("tenant_id"))
        return self.listing(selectors.subscriptions(tenants, only_of=self.own_only()), SubscriptionShape, query)

    @describe(
        "Subscribe to audit events",
        answer=SubscriptionShape,
        body=NewSubscription,
        status=201,
        examples={"Owners of what fails": WATCH},
        description="An ANALYST subscribes only themselves, and hears only of identities they answer for.",
    )
    def post(self, request: Request) -> Response:
        body = self.read(NewSubscription)
        tenant = self.tenant_for(body.pop("tenant_id", None))
        if "audience" not in body:
            body |= {"audience": Audience.PERSON.value, "person_id": body.get("person_id") or self.principal.user_id}
        made = subscriptions.create(tenant_id=tenant.pk, by=self.user(), actor=self.actor, **body)
        return self.show(made, SubscriptionShape, status=201)


class SubscriptionVocabularyView(_SubscriptionsView):
    """What may be subscribed to."""

    duties: ClassVar = {"GET": Duty.REPORT}

    @describe("Read what may be subscribed to, and what is told anyway", answer=VocabularyShape)
    def get(self, request: Request) -> Response:
        told = [
            {"key": rule.key, "name": rule.name, "types": rule.types, "audience": [rule.audience, *rule.also]}
            for rule in builtin.ALL
        ]
        return self.show({"types": vocabulary.known(), "built_in": told}, VocabularyShape)


class SubscriptionView(_SubscriptionsView):
    """One subscription."""

    duties: ClassVar = dict.fromkeys(("GET", "PATCH", "DELETE"), Duty.REPORT)

    def row(self) -> Subscription:
        return self.get_or_404(selectors.subscriptions(None, only_of=self.own_only()), self.kwargs["id"])

    @describe("Read a subscription", answer=SubscriptionShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.row(), SubscriptionShape)

    @describe("Change a subscription", answer=SubscriptionShape, body=SubscriptionFacts)
    def patch(self, request: Request, id: UUID) -> Response:  # noqa: A002
        row = self.row()
        body = self.read(SubscriptionFacts, partial=True)
        changed = subscriptions.change(row, by=self.user(), actor=self.actor, **body)
        return self.show(changed, SubscriptionShape)

    @describe("End a subscription", answer=None, status=204)
    def delete(self, request: Request, id: UUID) -> Response:  # noqa: A002
        subscriptions.remove(self.row(), by=self.user(), actor=self.actor)
        return Response(status=204)


urlpatterns = [
    path("subscriptions", SubscriptionsView.as_view(), name="subscriptions"),
    path("subscriptions/vocabulary", SubscriptionVocabularyView.as_view(), name="subscription-vocabulary"),
    path("subscriptions/<uuid:id>", SubscriptionView.as_view(), name="subscription"),
]
