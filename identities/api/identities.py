"""Routes of the register: list, enter, read, change, switch off and on, retire."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.urls import path
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from audit import selectors as trail
from identities.access.matrix import Duty, Reach
from identities.access.models import RoleBinding
from identities.access.permissions import CREDENTIAL_ROTATE
from identities.api import permissions
from identities.api.audit import EventShape
from identities.api.change_control import ChangeShape, stated
from identities.api.decisions import record
from identities.api.identity_filters import IdentityQuery, condition
from identities.api.register_shapes import DependenciesShape
from identities.api.schema import describe
from identities.api.serializers import ListQuery, OptionalReasonShape, ReasonShape
from identities.api.shown_identity import CreatedIdentity, IdentityShape
from identities.api.views import PortalView
from identities.api.written_identity import IdentityFacts, NewIdentity
from identities.inventory import conditions, selectors, services as inventory
from identities.inventory.dependencies.base import dependencies_of
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.names import camel
from identities.vaults.references import SecretReference

EXAMPLE = {
    "name": "payroll-runner",
    "environment": "production",
    "purpose": "Runs the monthly payroll workflow.",
    "businessOwner": "dana@example.com",
    "issueSecret": True,
}
#: What bounds an identity: how long it lives, where it works, how closely it is looked at. Not its own to move.
LIMITS = frozenset(
    {
        "environment",
        "issuance",
        "risk_tier",
        "rotation_interval_days",
        "expires_at",
        "review_by",
        "ownership_class",
        "privilege_level",
        "blast_radius",
        "trust_boundary",
        "auth_method",
        "disable_strategy",
        "expected_cadence",
    }
)


class RegisterView(PortalView):
    """What the routes of one identity have in common."""

    resource_kind = "identity"

    def rows(self) -> QuerySet[ManagedIdentity]:
        """Identities with what an answer shows: team, roles of now. Two queries, however many rows."""
        bindings = RoleBinding.objects.effective(timezone.now()).select_related("role")
        roles = Prefetch("bindings", queryset=bindings, to_attr="effective_bindings")
        return selectors.identities(None).prefetch_related(roles)

    def identity(self) -> ManagedIdentity:
        return self.get_or_404(ManagedIdentity.objects.all(), self.kwargs["id"])

    def answer(self, identity: ManagedIdentity, *, status: int = 200, **extra: Any) -> Response:
        return self.show(self.rows().get(pk=identity.pk), IdentityShape, status=status, **extra)


class IdentitiesView(RegisterView):
    """The register."""

    duties: ClassVar = {"GET": Duty.READ_REGISTER, "POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"GET": "identity.read", "POST": "identity.write"}
    orderings: ClassVar = {
        "createdAt": "created_at",
        "updatedAt": "updated_at",
        "name": "name",
        "environment": "environment",
        "state": "state",
        "kind": "kind",
        "lastUsedAt": "last_used_at",
        "reviewBy": "review_by",
        "expiresAt": "expires_at",
        "rotateBy": "rotate_by",
        "completeness": "completeness",
        "riskTier": "risk_tier",
        "triage": "colour",
    }

    @describe("List identities", answer=IdentityShape, query=IdentityQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(IdentityQuery)
        tenants = self.listed_tenant_ids(query.get("tenant_id"))
        rows = self.rows() if tenants is None else self.rows().filter(tenant_id__in=tenants)
        if str(query.get("ordering", "")).removeprefix("-") == "triage":
            rows = rows.annotate(colour=conditions.by_colour())
        return self.listing(rows.filter(condition(query)), IdentityShape, query)

    @describe(
        "Enter an identity",
        answer=CreatedIdentity,
        body=NewIdentity,
        status=201,
        examples={"With a secret shown once": EXAMPLE},
        description="It starts active, without role and without permission. `clientSecret` is shown once, if asked.",
    )
    def post(self, request: Request) -> Response:
        facts = self.read(NewIdentity)
        tenant = self.tenant_for(facts.pop("tenant_id", None))
        is_shown, reference = facts.pop("issue_secret"), facts.pop("store_secret_at", None)
        if is_shown or reference:
            self._check_may_make_secrets()
        made = lifecycle.onboard(
            tenant_id=tenant.pk,
            facts=facts,
            actor=self.actor,
            issue_secret=is_shown,
            store_secret_at=SecretReference(**reference) if reference else None,
        )
        extra = {"clientSecret": made.secret_text} if made.secret_text else {}
        return self.answer(made.identity, status=201, **extra)

    def _check_may_make_secrets(self) -> None:
        """To enter an identity is one permission, to make a secret another; people who govern have both."""
        if self.principal.is_machine and CREDENTIAL_ROTATE not in self.principal.permissions:
            permissions.refuse(self.principal, self, CREDENTIAL_ROTATE)
        # Whoever does this work in the place of the caller will be asked for it.
        record(self.principal, CREDENTIAL_ROTATE, self, allowed=True)


class ChangedFacts(IdentityFacts):
    """Facts to change, and what there is to say about the change."""

    change = ChangeShape(required=False, help_text="What stands behind the change.")


class IdentityView(RegisterView):
    """One identity."""

    duties: ClassVar = {"GET": Duty.READ_REGISTER, "PATCH": Duty.GOVERN, "DELETE": Duty.GOVERN}
    machine_permissions: ClassVar = {"GET": "identity.read", "PATCH": "identity.write", "DELETE": "identity.write"}

    @describe("Read an identity", answer=IdentityShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.get_or_404(self.rows(), id), IdentityShape)

    @describe(
        "Change facts of an identity",
        answer=IdentityShape,
        body=ChangedFacts,
        description="An identity that others approved waits for their yes again (`approval`). Of the high tier it asks "
        "for `change.note` and `change.rollbackPlan`; roles that are granted meanwhile give nothing.",
    )
    def patch(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.identity()
        facts = self.read(ChangedFacts, partial=True)
        if identity.pk == self.principal.identity_id and (named := sorted(LIMITS & facts.keys())):
            members = ", ".join(map(camel, named))
            permissions.refuse(self.principal, self, "identity.write", f"Not of oneself: {members}")
        with stated(facts):
            return self.answer(inventory.change(identity, facts=facts, actor=self.actor))

    @describe("Retire an identity; the evidence stays", answer=None, body=OptionalReasonShape, status=204)
    def delete(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.identity()
        reason = self.read(OptionalReasonShape)["reason"] or "Deleted through the API."
        lifecycle.retire(identity, reason=reason, actor=self.actor)
        return Response(status=204)


class _CommandView(RegisterView):
    """One command on the state of an identity, with its reason."""

    duties: ClassVar = {"POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"POST": "identity.write"}


class DisableIdentityView(_CommandView):
    """Stop it, reversibly."""

    @describe("Disable an identity", answer=IdentityShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.identity()
        return self.answer(lifecycle.disable(identity, actor=self.actor, **self.read(ReasonShape)))


class EnableIdentityView(_CommandView):
    """Let it work again."""

    @describe("Enable an identity", answer=IdentityShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.identity()
        return self.answer(lifecycle.enable(identity, actor=self.actor, **self.read(ReasonShape)))


class RetireIdentityView(_CommandView):
    """End it for good."""

    @describe("Retire an identity", answer=IdentityShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.identity()
        return self.answer(lifecycle.retire(identity, actor=self.actor, **self.read(ReasonShape)))


class IdentityDependenciesView(RegisterView):
    """What needs it."""

    duties: ClassVar = {"GET": Duty.READ_REGISTER}
    machine_permissions: ClassVar = {"GET": "identity.read"}

    @describe("What breaks if it is removed", answer=DependenciesShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.identity()
        found = {"results": dependencies_of(identity), "disable_strategy": identity.disable_strategy or None}
        return Response(DependenciesShape(found).data)


class IdentityTimelineView(RegisterView):
    """Its part of the audit."""

    duties: ClassVar = {"GET": Duty.READ_AUDIT}
    machine_permissions: ClassVar = {"GET": "audit.read"}
    orderings: ClassVar = {"recordedAt": "id"}
    ordering = "-recordedAt"

    @describe("What happened to an identity and what it did", answer=EventShape, query=ListQuery, listing=True)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        query = self.read_query()
        identity = self.identity()
        about = Q(subject_kind="identity", subject_id=str(identity.pk)) | Q(actor_id=str(identity.pk))
        rows = trail.events(frozenset({identity.tenant_id})).filter(about)
        if self.principal.reach(self.duty()) is Reach.OWN:
            rows = rows.filter(actor_id=str(self.principal.user_id))
        return self.listing(rows, EventShape, query)


urlpatterns = [
    path("identities", IdentitiesView.as_view(), name="identities"),
    path("identities/<uuid:id>", IdentityView.as_view(), name="identity"),
    path("identities/<uuid:id>/disable", DisableIdentityView.as_view(), name="disable-identity"),
    path("identities/<uuid:id>/enable", EnableIdentityView.as_view(), name="enable-identity"),
    path("identities/<uuid:id>/retire", RetireIdentityView.as_view(), name="retire-identity"),
    path("identities/<uuid:id>/dependencies", IdentityDependenciesView.as_view(), name="identity-dependencies"),
    path("identities/<uuid:id>/timeline", IdentityTimelineView.as_view(), name="identity-timeline"),
]
