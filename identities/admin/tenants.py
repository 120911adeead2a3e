"""Tenants: made and renamed by the platform administrator; everybody else sees their own."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done
from identities.admin.forms import CommandForm
from identities.admin.history import timeline_tab
from identities.admin.listing import how_many
from identities.admin.pages import Page, Tab
from identities.admin.parts import Badge, Block, Code, Empty, Fact, Facts, Moment
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.inventory.models import ManagedIdentity
from identities.people import services as people
from identities.people.models import Tenant, User


class TenantForm(CommandForm):
    """A tenant's name."""

    name = forms.CharField(
        max_length=120, help_text="The company, or the part of one, that sees nothing of the others."
    )


def _create(call: Call) -> Done:
    tenant = people.create_tenant(**call.values, actor=call.actor)
    return Done(f"Tenant {tenant} is made. Choose it in the switch at the top to work in it.", obj=tenant)


def _change(call: Call) -> Done:
    people.change_tenant(call.obj, **call.values, actor=call.actor)
    return Done("Saved.", obj=call.obj)


@admin.register(Tenant, site=site)
class TenantAdmin(CommandAdmin):
    """The tenants one may see."""

    tenant_path = "pk"
    list_display = ("tenant_name", "slug", "people_count", "identity_count", "made")
    search_fields = ("name", "slug")
    search_help_text = "Name"
    ordering = ("name",)
    empty_list = Empty("No tenants", icon="domain")
    creation: ClassVar[Command] = Command(
        key="add", label="New tenant", run=_create, form=TenantForm, platform_only=True
    )
    buttons: ClassVar[Sequence[Command]] = (
        Command(
            key="edit",
            label="Rename",
            icon="edit",
            run=_change,
            form=TenantForm,
            initial=TenantForm.initial_of,
            platform_only=True,
            title="Rename tenant",
        ),
    )

    def rows(self, queryset: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
        """Every tenant one may see: this list is not narrowed by the switch."""
        visible = scope.principal.visible_tenants(self.read_duty)
        return queryset if visible is None else queryset.filter(pk__in=visible)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        alive = ManagedIdentity.objects.exclude(state="retired")
        counted: QuerySet[Any] = rows.annotate(
            people=how_many(User.objects.all(), "tenant"), owns=how_many(alive, "tenant")
        )
        return counted

    def tenant_of(self, obj: Tenant) -> Tenant:
        return obj

    @column("Tenant", order="name")
    def tenant_name(self, tenant: Tenant) -> object:
        return tenant.name

    @column("People", order="people")
    def people_count(self, tenant: Any) -> object:
        return tenant.people

    @column("Identities", order="owns")
    def identity_count(self, tenant: Any) -> object:
        return tenant.owns

    @column("Made", order="created_at")
    def made(self, tenant: Tenant) -> object:
        return Moment(tenant.created_at)

    def page(self, request: HttpRequest, obj: Tenant, scope: Scope) -> Page:
        return Page(obj.name, [Tab("facts", "Facts", lambda: self._facts(obj)), *timeline_tab(scope, obj)])

    def _facts(self, tenant: Tenant) -> list[Block]:
        facts = [
            Fact("Short name", Code(tenant.slug), "Scripts refer to it: it never changes."),
            Fact("Kind", Badge("DEMO", "demo") if tenant.is_demo else "Working tenant"),
            Fact("People", tenant.users.count()),
            Fact("Identities", tenant.identities.exclude(state="retired").count()),
            Fact("Made", Moment(tenant.created_at)),
            Fact("Id", Code(str(tenant.pk), copy=True)),
        ]
        return [Facts("About", facts)]
