"""Replacing a service user by a managed identity: plan, begin, look on, finish or take back. For administrators."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import path
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.access.models import Role
from identities.api.replacement_shapes import (
    BegunShape,
    NewReplacementShape,
    OneReplacementShape,
    ReplacementEndShape,
    ReplacementPlanShape,
    ReplacementQuery,
    ReplacementShape,
)
from identities.api.schema import describe
from identities.api.views import PortalView
from identities.errors import Invalid
from identities.people import selectors as people
from identities.people.models import User
from identities.service_users import ending, planning, replacing
from identities.service_users.models import Replacement
from identities.vaults.references import SecretReference

_PERSON = (409, "not_a_service_user", "ada@example.com is a person, not a service user.")
_OVER = (409, "replacement_ended", "This replacement has ended: moved.")
_VAULT = {"provider": "local", "vaultUri": "local://default", "secretName": "reports/client-secret"}


def _rows() -> QuerySet[Replacement]:
    return Replacement.objects.select_related("account", "identity", "role")


class OfUserView(PortalView):
    """What the routes below one account have in common."""

    tag = "replacements"
    resource_kind = "user"

    def account(self, id: UUID) -> User:  # noqa: A002
        """The account, if the caller reaches it."""
        return self.get_or_404(people.users(None), id)


class ReplacementPlanView(OfUserView):
    """The plan, before anything is made."""

    duties = {"GET": Duty.GOVERN}
    http_method_names = ["get", "head"]

    @describe(
        "Plan how to replace a service user",
        answer=ReplacementPlanShape,
        problems=[_PERSON],
        description=(
            "The least role that covers what the account did in ninety days, read from the decisions that were "
            "recorded of it; what no managed identity may do is listed in plain words. Makes nothing."
        ),
    )
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(planning.plan(self.account(id), at=timezone.now()), ReplacementPlanShape)


class BeginReplacementView(OfUserView):
    """The beginning: from here on both work."""

    duties = {"POST": Duty.GOVERN}
    http_method_names = ["post"]

    @describe(
        "Replace a service user by a managed identity",
        body=NewReplacementShape,
        answer=BegunShape,
        status=201,
        examples={
            "as planned": {"reason": "We stop using passwords."},
            "into a vault, chosen by hand": {
                "reason": "We stop using passwords.",
                "name": "reports",
                "permissions": ["schedule.read", "run.read"],
                "quietHours": 48,
                "storeSecretAt": _VAULT,
            },
        },
        problems=[
            _PERSON,
            (409, "replacement_going_on", "reports-agent@aegis.local is being replaced already."),
            (409, "account_disabled", "reports-agent@aegis.local is disabled: there is nothing to move over."),
            (400, "invalid", "overdueDays: It would be overdue before it could have been quiet for long enough."),
            (400, "name_taken", "name: An identity of this tenant has this name."),
        ],
        description=(
            "Makes an identity with the planned role and a secret; the account goes on working. Once the identity is "
            "used and the account was not for `quietHours`, Steward disables the account."
        ),
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        account, body = self.account(id), self.read(NewReplacementShape)
        place = body.pop("store_secret_at", None)
        made = replacing.begin(
            account,
            actor=self.actor,
            role=_role(account, body.pop("role", None)),
            store_secret_at=SecretReference(**place) if place else None,
            **body,
        )
        extra = {"clientSecret": made.secret_text} if made.secret_text else {}
        row = _rows().get(pk=made.replacement.pk)
        return Response({**_shown(row), **extra}, status=201)


class ReplacementsView(PortalView):
    """Every replacement of a tenant."""

    tag = "replacements"
    resource_kind = "replacement"
    duties = {"GET": Duty.GOVERN}
    orderings = {"begunAt": "begun_at", "overdueAt": "overdue_at"}
    ordering = "-begunAt"

    @describe("List replacements of service users", answer=ReplacementShape, query=ReplacementQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(ReplacementQuery)
        tenants = self.listed_tenant_ids(query.get("tenant_id"))
        rows = _rows() if tenants is None else _rows().filter(tenant_id__in=tenants)
        columns = {"state": "state", "user_id": "account_id", "identity_id": "identity_id"}
        wanted = {column: query[name] for name, column in columns.items() if query.get(name)}
        return self.listing(rows.filter(**wanted), ReplacementShape, query)


class ReplacementView(PortalView):
    """One replacement."""

    tag = "replacements"
    resource_kind = "replacement"
    duties = {"GET": Duty.GOVERN}
    http_method_names = ["get", "head"]

    @describe("Read a replacement", answer=OneReplacementShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return Response(_shown(self.get_or_404(_rows(), id)))


class _EndView(PortalView):
    """What ends one."""

    tag = "replacements"
    resource_kind = "replacement"
    duties = {"POST": Duty.GOVERN}
    http_method_names = ["post"]

    def ended(self, id: UUID, end: Any) -> Response:  # noqa: A002
        row = self.get_or_404(_rows(), id)
        return Response(_shown(end(row, actor=self.actor, **self.read(ReplacementEndShape))))


class FinishReplacementView(_EndView):
    """The end of the account, at once."""

    @describe(
        "Disable the account now",
        body=ReplacementEndShape,
        answer=OneReplacementShape,
        problems=[
            _OVER,
            (409, "identity_unused", "'reports' was not used yet: nobody has moved over."),
            (409, "account_in_use", "reports-agent@aegis.local was used at 2026-05-01 09:30 UTC: …"),
        ],
        description="Refused while the account is in use, or the identity is not, unless `force` is true.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.ended(id, ending.finish_now)


class CancelReplacementView(_EndView):
    """The end of the identity, and no change for the account."""

    @describe(
        "Take a replacement back",
        body=ReplacementEndShape,
        answer=OneReplacementShape,
        problems=[_OVER, (409, "identity_in_use", "'reports' was used at 2026-05-01 09:30 UTC: …")],
        description="Retires the identity with its secret and its role; refused while it is in use, unless `force`.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.ended(id, ending.cancel)


def _shown(row: Replacement) -> dict[str, Any]:
    return dict(OneReplacementShape(row, context={"at": timezone.now()}).data)


def _role(account: User, written: str | None) -> Role | None:
    if written is None:
        return None
    named = Q(name__iexact=written)
    with suppress(ValueError):
        named |= Q(pk=UUID(written))
    found = Role.objects.filter(named, tenant_id=account.tenant_id).first()
    if found is None:
        raise Invalid({"role": ["There is no such role."]})
    return found


urlpatterns = [
    path("users/<uuid:id>/replacement/plan", ReplacementPlanView.as_view(), name="replacement-plan"),
    path("users/<uuid:id>/replacement", BeginReplacementView.as_view(), name="begin-replacement"),
    path("replacements", ReplacementsView.as_view(), name="replacements"),
    path("replacements/<uuid:id>", ReplacementView.as_view(), name="replacement"),
    path("replacements/<uuid:id>/finish", FinishReplacementView.as_view(), name="finish-replacement"),
    path("replacements/<uuid:id>/cancel", CancelReplacementView.as_view(), name="cancel-replacement"),
]
