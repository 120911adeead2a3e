"""Vault connections: where secret references may point."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done
from identities.admin.filters import by_choice
from identities.admin.forms import CommandForm, ReasonForm
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab, list_of
from identities.admin.parts import Badge, Block, Code, Empty, Fact, Facts, Lines, Moment, Notice, Quiet
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.admin.vault_forms import ConnectionForm, split
from identities.admin.wording import tone_of
from identities.errors import Unavailable
from identities.inventory.vocabulary import Environment
from identities.vaults import services as vaults
from identities.vaults.models import LocalSecret, VaultConnection


def _connect(call: Call) -> Done:
    provider = call.values["provider"]
    common, settings, credential = split(provider, call.values)
    connection = vaults.connect(
        tenant_id=call.tenant.pk,
        provider=provider,
        **common,
        settings=settings,
        credential=credential,
        may_use_deployment=call.scope.principal.is_platform_admin,
        actor=call.actor,
    )
    return Done(f"{connection} is registered. Test the connection now.", obj=connection)


def _change(call: Call) -> Done:
    common, settings, credential = split(call.obj.provider, call.values)
    vaults.change_connection(
        call.obj,
        **common,
        settings=settings,
        credential=credential,
        may_use_deployment=call.scope.principal.is_platform_admin,
        actor=call.actor,
    )
    return Done("Saved.", obj=call.obj)


def _remove(call: Call) -> Done:
    vaults.remove_connection(call.obj, reason=call.values["reason"], actor=call.actor)
    return Done("The connection is forgotten.", href=list_of(VaultConnection))


def _test(call: Call) -> Done:
    found = vaults.examine(call.obj)
    if found.failed:
        raise Unavailable(str(found), code=found.code)
    return Done(f"{call.obj}: {found}", obj=call.obj)


def _is_own(connection: VaultConnection) -> bool:
    return connection.tenant_id is not None


@admin.register(VaultConnection, site=site)
class VaultAdmin(CommandAdmin):
    """The vaults of a tenant, and the one that serves all."""

    called: ClassVar[str] = "Vaults"
    list_display = ("name", "place", "serves", "credential", "made")
    list_filter = (by_choice("environment", "Environment", Environment.choices),)
    search_fields = ("name", "vault_uri")
    search_help_text = "Name or address"
    ordering = ("name",)
    empty_list = Empty("No vaults", "Register the vault that holds your secrets.", icon="lock")
    creation: ClassVar[Command] = Command(
        key="add",
        label="New vault connection",
        run=_connect,
        form=ConnectionForm,
        intro="Schedules fetch secrets only from registered addresses, by reference. No secret is copied here.",
    )
    buttons: ClassVar[Sequence[Command]] = (
        Command(
            key="test",
            label="Test connection",
            icon="network_check",
            run=_test,
            form=CommandForm,
            applies=_is_own,
            title="Test the connection",
            intro="From the name to the right to read, step by step. No secret is read that anybody uses.",
        ),
        Command(
            key="edit",
            label="Edit",
            icon="edit",
            run=_change,
            form=ConnectionForm,
            initial=ConnectionForm.initial_of,
            applies=_is_own,
            title="Edit vault connection",
        ),
        Command(
            key="remove",
            label="Forget",
            icon="delete",
            danger=True,
            run=_remove,
            form=ReasonForm,
            applies=_is_own,
            title="Forget vault connection",
            confirm="References that name it stop resolving: runs that need them fail.",
        ),
    )

    def rows(self, queryset: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
        tenants = scope.tenant_ids(self.read_duty)
        return queryset if tenants is None else queryset.filter(Q(tenant_id__in=tenants) | Q(tenant_id=None))

    @column("Address", order="vault_uri")
    def place(self, connection: VaultConnection) -> object:
        return Lines([Code(connection.vault_uri), Quiet(connection.provider)])

    @column("Serves", order="environment")
    def serves(self, connection: VaultConnection) -> object:
        if connection.environment:
            return Badge(connection.environment, tone_of(connection.environment))
        return "every environment"

    @column("Credential")
    def credential(self, connection: VaultConnection) -> object:
        if connection.provider == "local":
            return Quiet("needs none")
        if connection.settings.get("tokenEnv"):
            return Code(connection.settings["tokenEnv"])
        if connection.settings.get("auth") == "kubernetes":
            return "Steward's service account"
        return Badge("sealed", "good") if connection.has_credential else Badge("none", "warn")

    @column("Registered", order="created_at")
    def made(self, connection: VaultConnection) -> object:
        return Moment(connection.created_at)

    def page(self, request: HttpRequest, obj: VaultConnection, scope: Scope) -> Page:
        tabs = [Tab("facts", "Facts", lambda: self._facts(obj, scope)), *timeline_tab(scope, obj)]
        notices = []
        if obj.tenant_id is None:
            text = "Values are encrypted with a key that is not in the database. It is always there and stays as it is."
            notices = [Notice("Steward's own vault serves every tenant.", text, "info", "lock")]
        return Page(obj.name, tabs, [Badge(obj.provider)], notices=notices)

    def _facts(self, connection: VaultConnection, scope: Scope) -> list[Block]:
        common = [
            Fact("Address", Code(connection.vault_uri, copy=True)),
            Fact("Serves", self.serves(connection)),
            Fact("Credential", self.credential(connection), "Never shown."),
            Fact("Registered", Moment(connection.created_at)),
            Fact("Changed", Moment(connection.updated_at)),
        ]
        blocks: list[Block] = [Facts("Connection", common)]
        if connection.provider == "local":
            held = LocalSecret.objects.filter(connection=connection)
            tenants = scope.tenant_ids(self.read_duty)
            held = held if tenants is None else held.filter(tenant_id__in=tenants)
            names = sorted(set(held.values_list("name", flat=True)[:200]))
            listed = Lines([Code(name) for name in names]) if names else ""
            blocks.append(Facts("What it holds", [Fact("Names", listed, "Values are never shown.", wide=True)]))
        elif connection.settings:
            blocks.append(Facts("Settings", [Fact(name, str(value)) for name, value in connection.settings.items()]))
        return blocks
