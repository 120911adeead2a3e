"""Secret references: the places in vaults that somebody may read or asked to, each with its readers."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from identities.access.matrix import Duty
from identities.access.models import SecretGrant
from identities.access.secret_reading import place_of, readers_of
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Command
from identities.admin.filters import by_choice
from identities.admin.history import timeline_tab
from identities.admin.identity_paging import MOST, MOST_FOUND
from identities.admin.pages import Page, Tab, new_of
from identities.admin.parts import Badge, Block, Code, Empty, Fact, Facts, Lines, Link, Moment, Notice, Quiet, Table
from identities.admin.place_list import GRANTED, SAME, WAITING, AttentionFilter, PlaceChangeList, PlacePaginator
from identities.admin.scope import Scope
from identities.admin.secret_commands import BUTTONS, CREATION
from identities.admin.secret_rows import reader_of, readers_table, state_badge
from identities.admin.site import site
from identities.admin.wording import tone_of
from identities.errors import DomainError
from identities.vaults import services as vaults
from identities.vaults.models import VaultConnection
from identities.vaults.references import KNOWN_PROVIDERS

SHOWN = 50


def _same_place() -> QuerySet[SecretGrant]:
    """The grants of the place of the row around it."""
    return SecretGrant.objects.filter(**{name: OuterRef(name) for name in SAME}).order_by()


def _counted(which: Q) -> Coalesce:
    counted = _same_place().filter(which).values("secret_name").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


@admin.register(SecretGrant, site=site)
class SecretReferenceAdmin(CommandAdmin):
    """One row a place, whoever may read it; the page of any of its grants is the page of the place."""

    called: ClassVar[str] = "Secret references"
    tenant_path = "identity__tenant_id"
    list_display = ("place_shown", "vault_shown", "readers_shown", "read_shown")
    list_filter = (
        AttentionFilter,
        by_choice("provider", "Provider", [(name, name) for name in KNOWN_PROVIDERS]),
    )
    search_fields = ("secret_name", "vault_uri")
    search_help_text = "Name or vault"
    ordering = SAME
    list_select_related = ("identity",)
    empty_list = Empty(
        "No secret may be read by anybody",
        "A schedule names where its secret rests, and may read it from the moment it is saved. Who may read a place, "
        "until when and why, is listed here.",
        icon="key",
    )
    creation: ClassVar[Command] = CREATION
    buttons: ClassVar[Sequence[Command]] = BUTTONS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The grants, with what is shown of the place of each; `PlaceChangeList` makes one row of a place's."""
        latest = _same_place().values("secret_name").annotate(latest=Max("last_used_at")).values("latest")
        serving = VaultConnection.objects.filter(
            Q(tenant_id=OuterRef("identity__tenant_id")) | Q(tenant=None),
            Q(environment=OuterRef("identity__environment")) | Q(environment=""),
            provider=OuterRef("provider"),
            vault_uri=OuterRef("vault_uri"),
        ).order_by("-environment")
        counted: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                readers=_counted(GRANTED & Q(valid_until__gt=timezone.now())),
                waiting=_counted(WAITING),
                latest_read=Subquery(latest),
                serves=Subquery(serving.values("environment")[:1]),
            )
        )
        return counted

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[PlaceChangeList]:
        return PlaceChangeList

    def get_paginator(self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **kwargs: Any) -> Any:
        is_narrowed = any(request.GET.get(name, "").strip() for name in ("q", AttentionFilter.parameter_name))
        return PlacePaginator(queryset, per_page, most=MOST_FOUND if is_narrowed else MOST)

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("identity__tenant")

    def tenant_of(self, obj: SecretGrant) -> Any:
        return obj.identity.tenant

    @column("Secret", order="secret_name")
    def place_shown(self, grant: SecretGrant) -> object:
        return Lines([grant.secret_name, Quiet(grant.vault_uri)])

    @column("Vault", order="provider")
    def vault_shown(self, grant: Any) -> object:
        if grant.serves is None:
            return Lines(
                [grant.provider, Badge("no connection", "bad", "No vault connection stands for this address.")]
            )
        serves = Badge(grant.serves, tone_of(grant.serves)) if grant.serves else Quiet("every environment")
        return Lines([grant.provider, serves])

    @column("Readers")
    def readers_shown(self, grant: Any) -> object:
        said: list[object] = [f"{grant.readers} may read it" if grant.readers else Quiet("nobody")]
        if grant.waiting:
            said.append(Badge(f"{grant.waiting} asked for", "info"))
        return Lines(said)

    @column("Last read")
    def read_shown(self, grant: Any) -> object:
        return Moment(grant.latest_read, "not yet")

    def page(self, request: HttpRequest, obj: SecretGrant, scope: Scope) -> Page:
        tabs = [Tab("readers", "Readers", lambda: self._readers(obj, scope))]
        if scope.may(Duty.GOVERN, obj.identity.tenant_id):
            tabs.append(Tab("versions", "Versions", lambda: versions_of(obj)))
        tabs += timeline_tab(scope, obj)
        lead = Lines([Quiet("in"), Code(obj.vault_uri, copy=True)], row=True)
        return Page(obj.secret_name, tabs, [Badge(obj.provider)], lead=lead)

    def _readers(self, grant: SecretGrant, scope: Scope) -> list[Block]:
        tenant_id = grant.identity.tenant_id
        found = readers_of(place_of(grant).reference, tenant_id)
        action = self._action(grant, scope)
        table = readers_table(
            "Who may read it", found.grants, found.own, may=scope.may(Duty.GOVERN, tenant_id), action=action
        )
        at = timezone.now()
        facts = [
            Fact("Reader", reader_of(grant)),
            Fact("State", state_badge(grant, at), grant.ended_reason or grant.decided_reason),
            Fact("Asked for", Lines([Moment(grant.asked_at), Quiet(f"by {grant.asked_by}")]), grant.reason),
            Fact("Decided", Moment(grant.decided_at, "not yet"), f"by {grant.decided_by}" if grant.decided_by else ""),
            Fact("Until", Moment(grant.valid_until, exact=True)),
            Fact("Ended", Moment(grant.ended_at, "no"), f"by {grant.ended_by}" if grant.ended_by else ""),
            Fact("Id", Code(str(grant.pk), copy=True)),
        ]
        return [table, Facts("One grant in full", facts, "“Open” in the table shows another one here.")]

    def _action(self, grant: SecretGrant, scope: Scope) -> Link | None:
        if not CREATION.may(scope, None, grant.identity.tenant_id):
            return None
        held = VaultConnection.objects.filter(provider=grant.provider, vault_uri=grant.vault_uri)
        vault = (
            held.filter(Q(tenant_id=grant.identity.tenant_id) | Q(tenant=None))
            .order_by(F("tenant").asc(nulls_last=True))
            .first()
        )
        filled = {"secret_name": grant.secret_name} | ({"vault": str(vault.pk)} if vault else {})
        return Link("Add a reader", new_of(SecretGrant, **filled))


def versions_of(grant: SecretGrant) -> list[Block]:
    """What the vault tells of the versions that rest there; never a value. Asks the vault now."""
    identity, headers = grant.identity, ["Version", "Made", "State"]
    try:
        found = vaults.list_versions(place_of(grant).reference, identity.tenant_id, identity.environment)
    except DomainError as error:
        return [Notice("The vault does not tell.", error.message, "bad", "lock")]
    rows = [
        [
            Code(one.name),
            Moment(one.created_at, "not told"),
            Lines(
                [Badge("can be read", "good") if one.is_readable else Badge("ended", "quiet"), *map(Quiet, one.labels)]
            ),
        ]
        for one in found[:SHOWN]
    ]
    empty = Empty("There is no version", "The vault knows the name, and holds nothing under it.", icon="inventory_2")
    return [Table("Versions", headers, rows, empty, "As the vault tells them now. Values are never shown.")]
