"""Routes of custody: moving the day a credential is due, and what a person was shown."""

from typing import Any, ClassVar
from uuid import UUID

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.register_shapes import CLIENT_SECRET, CREDENTIAL_KINDS, PUBLIC_KEY
from identities.api.schema import describe
from identities.api.serializers import ReasonShape, Shape
from identities.api.views import PortalView
from identities.credentials import custody
from identities.credentials.models import ClientKey, ClientSecret
from identities.credentials.renewal import renew
from identities.errors import Missing
from identities.lifecycle import leavers
from identities.people.models import User
from identities.people.selectors import active_user

ONE = "identity__tenant_id"


class Renewal(Shape):
    """Until when a credential may wait to be rotated, and why."""

    until = serializers.DateTimeField()
    reason = serializers.CharField(max_length=500, help_text="Why; kept in the audit.")


class RenewedShape(Shape):
    """A secret or a key with its new date; nothing else of it has changed."""

    id = serializers.UUIDField()
    kind = serializers.SerializerMethodField()
    identity_id = serializers.UUIDField()
    rotate_by = serializers.DateTimeField()
    renewed_at = serializers.DateTimeField()

    @extend_schema_field(serializers.ChoiceField(CREDENTIAL_KINDS))
    def get_kind(self, row: Any) -> str:
        return CLIENT_SECRET if isinstance(row, ClientSecret) else PUBLIC_KEY


class SeenShape(Shape):
    """A secret that this person was shown, and how far it is from being of no use to them."""

    credential_id = serializers.UUIDField(source="secret.pk")
    hint = serializers.CharField(source="secret.hint")
    identity_id = serializers.UUIDField(source="secret.identity_id")
    identity = serializers.CharField(source="secret.identity.name")
    shown_at = serializers.DateTimeField(source="showing.shown_at")
    standing = serializers.ChoiceField(
        [it.value for it in leavers.Standing],
        help_text="`ready` and `hand` still work and nobody replaces them; `hand` cannot be replaced by itself.",
    )
    problem = serializers.CharField(help_text="Why it needs a hand.")
    rotation_id = serializers.UUIDField(source="rotation.pk", default=None, allow_null=True)


class SeenListShape(Shape):
    """Everything, the oldest first."""

    results = SeenShape(many=True)


class RenewCredentialView(PortalView):
    """The day one secret or key is due."""

    resource_kind = "credential"
    duties: ClassVar = {"POST": Duty.GOVERN}

    @describe(
        "Renew a credential",
        answer=RenewedShape,
        body=Renewal,
        examples={"Until the release": {"until": "2026-06-30T00:00:00Z", "reason": "It moves with the next release."}},
        description=(
            "It stays the same one, due later. Beyond what its risk tier allows, counted from the day it was made, an "
            "exception (`rotation_beyond_maximum`) must last until then: 400 `beyond_maximum` without."
        ),
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        found: Any
        try:
            found = self.get_or_404(ClientSecret.objects.select_related("identity"), id, tenant_field=ONE)
        except Missing:
            found = self.get_or_404(ClientKey.objects.select_related("identity"), id, tenant_field=ONE)
        return self.show(renew(found, actor=self.actor, **self.read(Renewal)), RenewedShape)


class SecretsSeenView(PortalView):
    """What one person was shown that still works."""

    resource_kind = "user"
    duties: ClassVar = {"GET": Duty.GOVERN}

    @describe(
        "List the live secrets a person was shown",
        answer=SeenListShape,
        description="Only those of tenants that the caller governs, and those that were asked to be replaced since.",
    )
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        tenants = self.tenant_ids()
        seen = leavers.seen_by(_person(id, tenants), tenant_ids=tenants, at=timezone.now())
        return Response({"results": SeenShape(seen, many=True).data})


class RotateSeenView(PortalView):
    """Replacing all of it that can go into a vault."""

    resource_kind = "user"
    duties: ClassVar = {"POST": Duty.GOVERN}

    @describe(
        "Rotate the secrets a person was shown",
        answer=SeenListShape,
        body=ReasonShape,
        status=202,
        description="One after the other in the background; those without a vault need a hand and are left.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        tenants = self.tenant_ids()
        person = _person(id, tenants)
        by = active_user(self.principal.user_id) if self.principal.user_id else None
        leavers.ask_rotation(person, tenant_ids=tenants, actor=self.actor, by=by, **self.read(ReasonShape))
        seen = leavers.seen_by(person, tenant_ids=tenants, at=timezone.now())
        return Response({"results": SeenShape(seen, many=True).data}, status=202)


def _person(id: UUID, tenant_ids: frozenset[UUID] | None) -> User:  # noqa: A002
    found = custody.known_to(id, tenant_ids)
    if found is None:
        raise Missing("There is no such thing.")
    return found


urlpatterns = [
    path("credentials/<uuid:id>/renew", RenewCredentialView.as_view(), name="renew-credential"),
    path("users/<uuid:id>/secretsSeen", SecretsSeenView.as_view(), name="secrets-seen"),
    path("users/<uuid:id>/secretsSeen/rotate", RotateSeenView.as_view(), name="rotate-secrets-seen"),
]
