"""Routes of rotations: those of an identity, one with its evidence, and the way back."""

from typing import Any, ClassVar
from uuid import UUID

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.register_shapes import RotationShape
from identities.api.schema import describe
from identities.api.serializers import ListQuery, ReasonShape, Reference, Shape
from identities.api.views import PortalView
from identities.credentials import rotation_selectors as selectors
from identities.credentials.models import AfterDeadline, ClientKey, Rotation
from identities.credentials.naming import hint
from identities.credentials.rotation_rows import pair
from identities.credentials.rotation_use import Use, use_of
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import rotations


class SourceShape(Shape):
    """From where a secret or key is used."""

    address = serializers.CharField(help_text="As the token endpoint saw it; empty: not known.")
    user_agent = serializers.CharField(help_text="What the client program says it is.")
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(help_text="At most 5 s late.")
    uses = serializers.IntegerField()


class HalfShape(Shape):
    """One of the two credentials of a rotation."""

    id = serializers.UUIDField()
    kind = serializers.SerializerMethodField(help_text="client_secret or public_key.")
    hint = serializers.SerializerMethodField(help_text="The last characters of a secret, the id of a key.")
    first_used_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    uses = serializers.IntegerField()
    throttled_at = serializers.DateTimeField(allow_null=True, help_text="Since then it is served once a minute.")
    revoked_at = serializers.DateTimeField(allow_null=True)
    sources = serializers.SerializerMethodField(help_text="The latest twenty.")

    def get_kind(self, row: Any) -> str:
        return "public_key" if isinstance(row, ClientKey) else "client_secret"

    def get_hint(self, row: Any) -> str:
        return hint(row)

    @extend_schema_field(SourceShape(many=True))
    def get_sources(self, row: Any) -> Any:
        return SourceShape(self.context["sources"].get(row.pk, []), many=True).data


class ListedRotationShape(RotationShape):
    """A rotation with the evidence of each of its states; null: not reached."""

    identity_id = serializers.UUIDField()
    new_id = serializers.UUIDField(allow_null=True)
    old_key_id = serializers.UUIDField(allow_null=True)
    new_key_id = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField()
    started_by = serializers.CharField()
    started_at = serializers.DateTimeField()
    silent_seconds = serializers.IntegerField(help_text="How long the old one has to be silent.")
    after_deadline = serializers.ChoiceField(AfterDeadline.choices, help_text="What becomes of one that is not.")
    distributed_at = serializers.DateTimeField(allow_null=True)
    both_seen_at = serializers.DateTimeField(allow_null=True, help_text="When the new one was first used.")
    old_silent_at = serializers.DateTimeField(allow_null=True)
    warned_at = serializers.DateTimeField(allow_null=True, help_text="When they were warned of the deadline.")
    overdue_at = serializers.DateTimeField(allow_null=True, help_text="When owner and team were told.")
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_reason = serializers.CharField()


class WholeRotationShape(ListedRotationShape):
    """A rotation with both credentials and from where each is used."""

    identity = serializers.SerializerMethodField()
    old = serializers.SerializerMethodField()
    new = serializers.SerializerMethodField()

    @extend_schema_field(Reference)
    def get_identity(self, row: Rotation) -> dict[str, Any]:
        return {"id": str(row.identity_id), "label": row.identity.name}

    @extend_schema_field(HalfShape)
    def get_old(self, row: Rotation) -> Any:
        return HalfShape(pair(row)[0], context=self.context).data

    @extend_schema_field(HalfShape)
    def get_new(self, row: Rotation) -> Any:
        return HalfShape(pair(row)[1], context=self.context).data


class ColumnShape(Shape):
    """One span of time, and how often each of the two was used in it."""

    at = serializers.DateTimeField(help_text="When it begins; it is stepSeconds wide.")
    old = serializers.IntegerField()
    new = serializers.IntegerField()


class UseShape(Shape):
    """How often each of the two was used, in columns without a gap."""

    step_seconds = serializers.SerializerMethodField(help_text="How wide a column is; wider the longer it lasts.")
    columns = ColumnShape(many=True, help_text="At most 48 as a rule; the last one goes on while the rotation does.")

    def get_step_seconds(self, use: Use) -> int:
        return int(use.step.total_seconds())


class _RotationView(PortalView):
    """What the routes of rotations have in common."""

    tag = "credential"
    resource_kind = "rotation"
    duties: ClassVar = {"GET": Duty.READ_REGISTER}
    machine_permissions: ClassVar = {"GET": "identity.read"}

    def rotation(self, id: UUID) -> Rotation:  # noqa: A002
        return self.get_or_404(selectors.whole(), id, tenant_field="identity__tenant_id")

    def answer(self, id: UUID) -> Response:  # noqa: A002
        row = self.rotation(id)
        return Response(WholeRotationShape(row, context={"view": self, "sources": selectors.sources(row)}).data)


class IdentityRotationsView(_RotationView):
    """The rotations of one identity."""

    orderings: ClassVar = {"startedAt": "started_at"}
    ordering = "-startedAt"

    @describe("List the rotations of an identity", answer=ListedRotationShape, query=ListQuery, listing=True)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        query = self.read_query()
        identity = self.get_or_404(ManagedIdentity.objects.all(), id)
        return self.listing(selectors.of_identity(identity), ListedRotationShape, query)


class RotationView(_RotationView):
    """One rotation."""

    @describe("Read a rotation with its evidence", answer=WholeRotationShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.answer(id)


class RotationUseView(_RotationView):
    """The use of both over time."""

    @describe(
        "Read how often the old and the new credential were used",
        answer=UseShape,
        answers={
            "The old one falls silent": {
                "stepSeconds": 3600,
                "columns": [
                    {"at": "2026-06-01T12:00:00Z", "old": 58, "new": 4},
                    {"at": "2026-06-01T13:00:00Z", "old": 0, "new": 60},
                ],
            }
        },
        description=(
            "Since the overlap began, until it ended or now; at most five seconds late. The columns are those of the "
            "chart in the admin. Counts are kept for thirty days."
        ),
    )
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return Response(UseShape(use_of(self.rotation(id), at=timezone.now())).data)


class RollBackView(_RotationView):
    """The way back."""

    duties: ClassVar = {"POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"POST": "credential.rotate"}

    @describe(
        "Roll back to the old credential",
        answer=WholeRotationShape,
        body=ReasonShape,
        examples={"It broke something": {"reason": "The night run could not read the new one"}},
        description=(
            "While both work: the new one is revoked at once, the old one works on. Where the new one is in a vault, "
            "the vault gets the old one back first; 409 `old_value_not_in_vault` where it keeps it no more, and "
            "nothing has changed then. 409 `rotation_ended` once one of the two has ended."
        ),
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        rotations.roll_back(self.rotation(id), actor=self.actor, **self.read(ReasonShape))
        return self.answer(id)


urlpatterns = [
    path("identities/<uuid:id>/rotations", IdentityRotationsView.as_view(), name="identity-rotations"),
    path("rotations/<uuid:id>", RotationView.as_view(), name="rotation"),
    path("rotations/<uuid:id>/use", RotationUseView.as_view(), name="rotation-use"),
    path("rotations/<uuid:id>/rollback", RollBackView.as_view(), name="roll-back"),
]
