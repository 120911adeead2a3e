"""Role bindings: which identity holds which role, from when to when and why."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from identities.access import services as access
from identities.access.models import Role, RoleBinding
from identities.admin.base import CommandAdmin
from identities.admin.binding_rows import state_of
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done, button
from identities.admin.filters import WordFilter, by_row
from identities.admin.forms import ChangedReasonForm, CommandForm, moment
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab, link_to
from identities.admin.parts import Block, Code, Empty, Fact, Facts, Moment
from identities.admin.scope import Scope
from identities.admin.searching import OfTenant
from identities.admin.site import site
from identities.inventory.models import ManagedIdentity

USUAL_SPAN = timedelta(days=90)


class LivingIdentity(OfTenant):
    """An identity that is not retired."""

    def narrow(self, tenant_id: Any) -> None:
        super().narrow(tenant_id)
        if self.queryset is not None:
            self.queryset = self.queryset.exclude(state="retired")

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.environment})"


class GrantForm(CommandForm):
    """A role for an identity, for a time, with a reason."""

    asks_change = True

    identity = LivingIdentity(ManagedIdentity, label="Identity", by=("name", "client_id"))
    role = OfTenant(Role, label="Role")
    valid_from = moment(label="From", required=False, help_text="Empty: now.")
    valid_until = moment(
        label="Until", help_text="Every binding ends. Ninety days is a good habit; renew what is still needed."
    )
    reason = forms.CharField(
        max_length=500, widget=forms.Textarea(attrs={"rows": 3}), help_text="What the identity needs it for."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("valid_until", (timezone.now() + USUAL_SPAN).replace(second=0, microsecond=0))


def _grant(call: Call) -> Done:
    values = dict(call.values)
    identity, role = values.pop("identity"), values.pop("role")
    binding = access.grant(identity, role, **values, actor=call.actor)
    return Done(f"{identity} holds {role} until {binding.valid_until:%d %b %Y}.", obj=binding)


class ForceFilter(WordFilter):
    """Where a binding stands in its life."""

    title = "State"
    parameter_name = "state"
    words = (
        ("force", "In force"),
        ("soon", "Ends within 14 days"),
        ("over", "Ended or expired"),
        ("unused", "Never used"),
    )

    def where(self, value: str) -> Q:
        at = timezone.now()
        force = Q(ended_at=None, valid_from__lte=at, valid_until__gt=at)
        return {
            "force": force,
            "soon": force & Q(valid_until__lt=at + timedelta(days=14)),
            "over": Q(ended_at__isnull=False) | Q(valid_until__lte=at),
            "unused": force & Q(last_used_at=None),
        }[value]


def _is_standing(binding: RoleBinding) -> bool:
    return binding.ended_at is None and binding.valid_until > timezone.now()


@admin.register(RoleBinding, site=site)
class BindingAdmin(CommandAdmin):
    """Who holds what."""

    tenant_path = "identity__tenant_id"
    list_display = ("held_by", "held", "state", "until", "used", "reason")
    list_filter = (ForceFilter, by_row("role", "Role", Role, "role_id"))
    search_fields = ("identity__name", "identity__client_id", "role__name", "reason")
    searched_identity = "identity_id"
    search_help_text = "Identity, role or reason"
    list_select_related = ("identity", "role")
    ordering = ("-created_at",)
    empty_list = Empty(
        "No identity holds a role",
        "A binding gives one role to one identity, until a day you set. Without one an identity may do nothing.",
        icon="link",
    )
    creation: ClassVar[Command] = Command(
        key="add", label="Give a role", submit="Give role", run=_grant, form=GrantForm
    )
    buttons: ClassVar[Sequence[Command]] = (
        button(
            access.end_binding,
            key="end",
            fields=ChangedReasonForm,
            label="End now",
            icon="link_off",
            danger=True,
            applies=_is_standing,
            title="End binding",
            done="The binding has ended.",
            confirm="The permission is gone with the next request. The row stays as evidence.",
        ),
    )

    @column("Identity", order="identity__name")
    def held_by(self, binding: RoleBinding) -> object:
        return binding.identity.name

    @column("Role", order="role__name")
    def held(self, binding: RoleBinding) -> object:
        return link_to(binding.role)

    @column("State")
    def state(self, binding: RoleBinding) -> object:
        return state_of(binding, timezone.now())

    @column("Until", order="valid_until")
    def until(self, binding: RoleBinding) -> object:
        return Moment(binding.valid_until)

    @column("Last used", order="last_used_at")
    def used(self, binding: RoleBinding) -> object:
        return Moment(binding.last_used_at, "not yet")

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("identity__tenant", "role")

    def tenant_of(self, obj: RoleBinding) -> Any:
        return obj.identity.tenant

    def page(self, request: HttpRequest, obj: RoleBinding, scope: Scope) -> Page:
        badge = state_of(obj, timezone.now())
        tabs = [Tab("facts", "Facts", lambda: self._facts(obj)), *timeline_tab(scope, obj)]
        return Page(str(obj), tabs, [badge], lead=obj.reason)

    def _facts(self, binding: RoleBinding) -> list[Block]:
        facts = [
            Fact("Identity", link_to(binding.identity)),
            Fact("Role", link_to(binding.role), ", ".join(binding.role.permissions)),
            Fact("From", Moment(binding.valid_from, exact=True)),
            Fact("Until", Moment(binding.valid_until, exact=True)),
            Fact("Last used", Moment(binding.last_used_at, "not yet")),
            Fact("Given by", binding.granted_by),
            Fact("Ended", Moment(binding.ended_at, "no"), binding.ended_reason),
            Fact("Id", Code(str(binding.pk), copy=True)),
        ]
        return [Facts("About", facts)]
