"""Succession over the API: who is being looked for, taking an identity over, and handing one on."""

from typing import Any, ClassVar
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.identities import RegisterView
from identities.api.schema import describe
from identities.api.serializers import ListQuery, OptionalReasonShape, ReasonShape, Shape
from identities.api.shown_identity import IdentityShape
from identities.api.views import PortalView
from identities.inventory.owners import ROLES
from identities.succession import cases, left_behind, transfers
from identities.succession.models import CaseState, OwnershipTransfer, Step, SuccessionCase, TransferState


class SuccessionShape(Shape):
    """One search for somebody to answer for an identity. It works on meanwhile."""

    id = serializers.UUIDField()
    identity_id = serializers.UUIDField()
    identity_name = serializers.CharField(source="identity.name")
    leaver = serializers.CharField(source="leaver_label", help_text="Who left; empty where a team emptied.")
    cause = serializers.CharField()
    state = serializers.ChoiceField(CaseState.choices, help_text="`open` is the caretaker state.")
    step = serializers.ChoiceField(Step.choices, help_text="Who is asked now.")
    asked = serializers.SerializerMethodField(help_text="The addresses of who is asked now.")
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True, help_text="When the next is asked without an answer.")
    settled_at = serializers.DateTimeField(allow_null=True)
    settled_by = serializers.CharField()
    settled_reason = serializers.CharField()

    def get_asked(self, row: Any) -> list[str]:
        return list(row.steps[-1]["labels"]) if row.steps and row.state == CaseState.OPEN else []


class SuccessionQuery(ListQuery):
    """Which ones."""

    state = serializers.ChoiceField(CaseState.choices, required=False)
    identity_id = serializers.UUIDField(required=False)
    leaver_id = serializers.UUIDField(required=False)
    tenant_id = serializers.UUIDField(required=False)


class TransferShape(Shape):
    """An identity that is to change hands; nothing changes before the receiver says yes."""

    id = serializers.UUIDField()
    identity_id = serializers.UUIDField()
    identity_name = serializers.CharField(source="identity.name")
    role = serializers.ChoiceField([(role, role) for role in ROLES])
    receiver = serializers.CharField(source="receiver.email")
    owner_team = serializers.CharField(source="team.name", default="", help_text="The team it is to belong to.")
    reason = serializers.CharField()
    ticket = serializers.CharField()
    state = serializers.ChoiceField(TransferState.choices)
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField()
    bindings_ended = serializers.IntegerField(help_text="Role bindings that ended when it was accepted.")


class TransferQuery(ListQuery):
    """Which ones."""

    state = serializers.ChoiceField(TransferState.choices, required=False)
    identity_id = serializers.UUIDField(required=False)
    mine = serializers.BooleanField(required=False, help_text="Only those in which I am the receiver.")
    tenant_id = serializers.UUIDField(required=False)


class NewTransfer(Shape):
    """Whom to ask."""

    receiver = serializers.CharField(max_length=254, help_text="The id or e-mail address of a person of the tenant.")
    role = serializers.ChoiceField([(role, role) for role in ROLES], required=False, default="technical_owner")
    owner_team = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    reason = serializers.CharField(max_length=2000)
    ticket = serializers.CharField(max_length=transfers.MAX_TICKET, required=False, allow_blank=True, default="")


class SuccessionsView(PortalView):
    """Successions."""

    resource_kind = "succession"
    http_method_names = ["get", "head"]
    duties: ClassVar = {"GET": Duty.READ_REGISTER}
    machine_permissions: ClassVar = {"GET": "identity.read"}
    orderings: ClassVar = {"openedAt": "opened_at"}
    ordering: ClassVar = "-openedAt"

    @describe("List successions", answer=SuccessionShape, query=SuccessionQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(SuccessionQuery)
        rows = left_behind.cases(self.listed_tenant_ids(query.get("tenant_id")))
        exact = {name: query[name] for name in ("state", "identity_id", "leaver_id") if query.get(name)}
        return self.listing(rows.filter(**exact), SuccessionShape, query)


class _SuccessionView(PortalView):
    """What the routes of one succession have in common: whoever was asked answers, whatever their role."""

    resource_kind = "succession"
    duties: ClassVar = {"POST": Duty.OWN_PROFILE}

    def case(self, id: UUID) -> SuccessionCase:  # noqa: A002
        rows = left_behind.cases(frozenset({self.principal.tenant_id}))
        return self.get_or_404(rows, id)


class SuccessionView(_SuccessionView):
    """One succession."""

    duties: ClassVar = {"GET": Duty.READ_REGISTER}
    machine_permissions: ClassVar = {"GET": "identity.read"}

    @describe("Read a succession", answer=SuccessionShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.get_or_404(left_behind.cases(None), id), SuccessionShape)


class TakeOverView(_SuccessionView):
    """Yes."""

    @describe("Take an identity over", answer=SuccessionShape, body=OptionalReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        case = self.case(id)
        return self.show(cases.take_over(case, actor=self.actor, **self.read(OptionalReasonShape)), SuccessionShape)


class DeclineSuccessionView(_SuccessionView):
    """No."""

    @describe("Say no to a succession", answer=SuccessionShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        case = self.case(id)
        return self.show(cases.decline(case, actor=self.actor, **self.read(ReasonShape)), SuccessionShape)


class TransferIdentityView(RegisterView):
    """The question to a receiver."""

    tag = "succession"
    duties: ClassVar = {"POST": Duty.GOVERN}

    @describe(
        "Hand an identity on",
        answer=IdentityShape,
        body=NewTransfer,
        examples={"To a colleague": {"receiver": "dana@example.com", "reason": "The payments team runs it now"}},
        description="The receiver is asked. When they accept, its role bindings end: what it may do is asked for anew.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.identity()
        transfers.ask(identity, actor=self.actor, **self.read(NewTransfer))
        return self.answer(identity)


class TransfersView(PortalView):
    """Transfers."""

    tag = "succession"
    resource_kind = "transfer"
    http_method_names = ["get", "head"]
    duties: ClassVar = {"GET": Duty.READ_REGISTER}
    machine_permissions: ClassVar = {"GET": "identity.read"}
    orderings: ClassVar = {"askedAt": "asked_at"}
    ordering: ClassVar = "-askedAt"

    @describe("List ownership transfers", answer=TransferShape, query=TransferQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(TransferQuery)
        tenants = self.listed_tenant_ids(query.get("tenant_id"))
        rows = OwnershipTransfer.objects.select_related("identity", "receiver", "team")
        rows = rows if tenants is None else rows.filter(tenant_id__in=tenants)
        exact = {name: query[name] for name in ("state", "identity_id") if query.get(name)}
        if query.get("mine"):
            exact["receiver_id"] = self.principal.user_id
        return self.listing(rows.filter(**exact), TransferShape, query)


class _TransferView(PortalView):
    """The answers to a transfer."""

    tag = "succession"
    resource_kind = "transfer"
    duties: ClassVar = {"POST": Duty.OWN_PROFILE}

    def transfer(self, id: UUID) -> OwnershipTransfer:  # noqa: A002
        rows = OwnershipTransfer.objects.select_related("identity", "receiver", "team")
        return self.get_or_404(rows.filter(tenant_id=self.principal.tenant_id), id)


class AcceptTransferView(_TransferView):
    """Yes."""

    @describe("Accept an identity", answer=TransferShape, body=OptionalReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        transfer = self.transfer(id)
        return self.show(transfers.accept(transfer, actor=self.actor, **self.read(OptionalReasonShape)), TransferShape)


class DeclineTransferView(_TransferView):
    """No."""

    @describe("Decline an identity", answer=TransferShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        transfer = self.transfer(id)
        return self.show(transfers.decline(transfer, actor=self.actor, **self.read(ReasonShape)), TransferShape)


class WithdrawTransferView(PortalView):
    """The question taken back, by who governs."""

    tag = "succession"
    resource_kind = "transfer"
    duties: ClassVar = {"POST": Duty.GOVERN}

    @describe("Withdraw a transfer", answer=TransferShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        rows = OwnershipTransfer.objects.select_related("identity", "receiver", "team")
        transfer = self.get_or_404(rows, id)
        return self.show(transfers.withdraw(transfer, actor=self.actor, **self.read(ReasonShape)), TransferShape)


urlpatterns = [
    path("successions", SuccessionsView.as_view(), name="successions"),
    path("successions/<uuid:id>", SuccessionView.as_view(), name="succession"),
    path("successions/<uuid:id>/accept", TakeOverView.as_view(), name="take-over"),
    path("successions/<uuid:id>/decline", DeclineSuccessionView.as_view(), name="decline-succession"),
    path("identities/<uuid:id>/transfer", TransferIdentityView.as_view(), name="transfer-identity"),
    path("transfers", TransfersView.as_view(), name="transfers"),
    path("transfers/<uuid:id>/accept", AcceptTransferView.as_view(), name="accept-transfer"),
    path("transfers/<uuid:id>/decline", DeclineTransferView.as_view(), name="decline-transfer"),
    path("transfers/<uuid:id>/withdraw", WithdrawTransferView.as_view(), name="withdraw-transfer"),
]
