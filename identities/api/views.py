"""`PortalView`: what every route of ours has in common, whichever room it leads to."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.actors import Actor
from identities.access.matrix import Duty
from identities.access.principal import Principal
from identities.api import pagination, permissions, problems
from identities.api.authentication import AdminSession, Bearer
from identities.api.edge import AlwaysJSON, StrictJSONParser
from identities.api.serializers import ListQuery, Shape
from identities.errors import Missing
from identities.people.models import Tenant

Row = TypeVar("Row", bound=Model)


class PortalView(APIView):
    """One route. Read input, call one service, translate the answer.

    A subclass declares `duties` and `machine_permissions` for each of its methods (`api.permissions`),
    `resource_kind` for the decision log, and for a list `orderings` (wire member to column) and `ordering`. A method
    that lets in fewer than its duty does says whom in `only_for`, which the table of routes repeats.
    """

    duties: ClassVar[Mapping[str, Duty]] = {}
    machine_permissions: ClassVar[Mapping[str, str]] = {}
    open_methods: ClassVar[frozenset[str]] = frozenset()
    only_for: ClassVar[Mapping[str, str]] = {}
    #: Methods that stay open to somebody who must choose a new password first.
    before_new_password: ClassVar[frozenset[str]] = frozenset()
    resource_kind: ClassVar[str] = ""
    orderings: ClassVar[Mapping[str, str]] = {"createdAt": "created_at"}
    ordering: ClassVar[str] = "-createdAt"

    authentication_classes: Sequence[type[BaseAuthentication]] = (Bearer, AdminSession)
    permission_classes = (permissions.ByDuty,)
    parser_classes = (StrictJSONParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = AlwaysJSON
    metadata_class = None
    http_method_names = ["get", "post", "patch", "put", "delete", "head"]

    def get_exception_handler(self) -> Callable[..., Response]:
        return problems.handle

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if any("\x00" in text for pair in request.query_params.lists() for text in (pair[0], *pair[1])):
            raise serializers.ValidationError({"query": ["A parameter holds a NUL character."]})
        if any("\x00" in str(value) for value in kwargs.values()):
            raise Missing("There is no such thing.")

    # Who asks, and how far their hand goes

    @property
    def principal(self) -> Principal:
        """The caller; only for methods that are not open to all."""
        caller: Any = self.request.user
        if not isinstance(caller, Principal):
            raise TypeError("an open route has no caller")
        return caller

    @property
    def actor(self) -> Actor:
        """The caller as the audit names them: what every service takes."""
        return self.principal.actor

    def duty(self) -> Duty:
        """The row of the matrix that this method stands in."""
        return self.duties["GET" if self.request.method == "HEAD" else str(self.request.method)]

    def tenant_ids(self) -> frozenset[UUID] | None:
        """The tenants whose rows this request may touch by id; None is every tenant."""
        return self.principal.visible_tenants(self.duty())

    def listed_tenant_ids(self, tenant_id: UUID | None = None) -> frozenset[UUID] | None:
        """The tenants whose rows a list shows: as asked, else the own one, else (AUDITOR) every one."""
        reach = self.tenant_ids()
        if tenant_id is None:
            return frozenset({self.principal.tenant_id}) if self.principal.is_platform_admin else reach
        self._check_tenant(tenant_id, reach)
        return frozenset({tenant_id})

    def tenant_for(self, tenant_id: UUID | None = None) -> Tenant:
        """The tenant in which something is made: the own one, or for a platform administrator the one named."""
        wanted = tenant_id or self.principal.tenant_id
        self._check_tenant(wanted, self.tenant_ids())
        return Tenant.objects.get(pk=wanted)

    def _check_tenant(self, tenant_id: UUID, reach: frozenset[UUID] | None) -> None:
        known = tenant_id in reach if reach is not None else Tenant.objects.filter(pk=tenant_id).exists()
        if not known:
            raise serializers.ValidationError({"tenantId": ["There is no such tenant."]})

    def refuse(self, detail: str = "") -> None:
        """403, recorded: for rows that narrow a duty further than the matrix can say."""
        permissions.refuse(self.principal, self, str(self.duty()), detail)

    # Rows and bodies

    def get_or_404(self, queryset: QuerySet[Row], id: Any, *, tenant_field: str = "tenant_id", key: str = "pk") -> Row:  # noqa: A002
        """The row, or the one 404 that unknown and foreign ids share."""
        tenants = self.tenant_ids()
        if tenants is not None:
            queryset = queryset.filter(**{f"{tenant_field}__in": tenants})
        try:
            found = queryset.filter(**{key: id}).first()
        except (ValueError, TypeError):
            found = None
        if found is None:
            raise Missing("There is no such thing.")
        return found

    def read(self, shape: type[Shape], *, partial: bool = False, **context: Any) -> dict[str, Any]:
        """The body, checked against `shape`, in snake_case."""
        body = shape(data=self.request.data, partial=partial, context={"view": self, **context})
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def read_query(self, shape: type[Shape] = ListQuery) -> dict[str, Any]:
        """The query, checked against `shape`; a parameter given twice is refused like an unknown one."""
        twice = [name for name, values in self.request.query_params.lists() if len(values) > 1]
        if twice:
            raise serializers.ValidationError({name: ["Given more than once."] for name in twice})
        query = shape(data=self.request.query_params.dict(), context={"view": self})
        query.is_valid(raise_exception=True)
        return dict(query.validated_data)

    def show(self, row: Any, shape: type[Shape], *, status: int = 200, **extra: Any) -> Response:
        """The row as `shape`, with members that are no part of the row (a secret shown once) beside it."""
        return Response({**shape(row, context={"view": self}).data, **extra}, status=status)

    def listing(self, queryset: QuerySet[Any], shape: type[Shape], query: Mapping[str, Any]) -> Response:
        """A page of rows: `{"results", "next", "previous"}`. The tenants are the caller's to have filtered."""
        order = pagination.order_for(query.get("ordering") or self.ordering, self.orderings)
        found = pagination.page(queryset, order=order, cursor=query.get("cursor"), size=query["page_size"])
        return self.page(found, shape)

    def page(self, found: pagination.Page, shape: type[Shape]) -> Response:
        """Rows that were paged already."""
        return Response(
            {
                "results": shape(found.rows, many=True, context={"view": self}).data,
                "next": self._page_url(found.next),
                "previous": self._page_url(found.previous),
            }
        )

    def _page_url(self, cursor: str | None) -> str | None:
        if cursor is None:
            return None
        query = {**self.request.query_params.dict(), "cursor": cursor}
        return self.request.build_absolute_uri(f"{self.request.path}?{urlencode(query)}")


class UnknownRoute(PortalView):
    """Whatever no route answers to, as a problem document rather than a page."""

    open_methods = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
    authentication_classes = ()
    schema = None

    def get(self, request: Request, **kwargs: Any) -> Response:
        return problems.not_found()

    post = patch = put = delete = get
