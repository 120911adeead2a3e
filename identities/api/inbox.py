"""Routes of one's own inbox: what the caller is told, and what waits for them."""

from typing import ClassVar

from django.urls import path
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.notification_shapes import InboxQuery, NoticeShape, SeenBody, SeenNumberShape
from identities.api.schema import describe
from identities.api.views import PortalView
from identities.errors import Missing
from identities.people import notices
from identities.people.models import Notice, User


class InboxView(PortalView):
    """What the caller is told."""

    tag = "inbox"
    duties: ClassVar = {"GET": Duty.OWN_PROFILE}

    @describe("Read one's inbox", answer=NoticeShape, query=InboxQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(InboxQuery)
        user_id = self.principal.user_id
        rows = Notice.objects.filter(person_id=user_id)
        if query.get("tenant_id"):
            rows = rows.filter(tenant_id=query["tenant_id"])
        asks = {"waits": True, "done_at": None}
        if section := query.get("section"):
            rows = rows.filter(**asks) if section == "waiting" else rows.exclude(**asks)
        return self.listing(rows, NoticeShape, query)


class InboxSeenView(PortalView):
    """Notices that were seen."""

    tag = "inbox"
    duties: ClassVar = {"POST": Duty.OWN_PROFILE}

    @describe(
        "Mark notices as seen",
        answer=SeenNumberShape,
        body=SeenBody,
        examples={"Every one": {"ids": None}},
        description="One's own alone: ids of other people's do nothing. What asks for something goes on waiting.",
    )
    def post(self, request: Request) -> Response:
        ids = self.read(SeenBody)["ids"]
        key = self.principal.user_id
        person = User.objects.filter(pk=key).first() if key else None
        if person is None:
            raise Missing("There is no such thing.")
        seen = notices.mark_seen(person, actor=self.actor, notice_ids=ids, at=timezone.now())
        return self.show({"seen": seen}, SeenNumberShape)


urlpatterns = [
    path("inbox", InboxView.as_view(), name="inbox"),
    path("inbox/seen", InboxSeenView.as_view(), name="inbox-seen"),
]
