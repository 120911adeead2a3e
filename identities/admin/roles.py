"""Roles of machines: named sets of permissions, with what each permission means."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from identities.access import services as access
from identities.access.models import Role, RoleBinding
from identities.access.permissions import PERMISSIONS
from identities.admin.base import CommandAdmin
from identities.admin.binding_rows import binding_table
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done
from identities.admin.forms import CommandForm, ReasonForm, Section
from identities.admin.history import timeline_tab
from identities.admin.listing import how_many
from identities.admin.pages import Page, Tab, list_of, new_of
from identities.admin.parts import Badge, Block, Code, Empty, Fact, Facts, Lines, Link
from identities.admin.permission_words import MEANING, permission_badge
from identities.admin.scope import Scope
from identities.admin.site import site


@dataclass(frozen=True)
class Explained:
    """A permission as a choice: its name and what it lets one do."""

    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


class PermissionsField(forms.MultipleChoiceField):
    """The closed list, each with its meaning."""

    explained = True

    def __init__(self, **kwargs: Any) -> None:
        choices = [(name, Explained(name, MEANING.get(name, ""))) for name in sorted(PERMISSIONS)]
        super().__init__(choices=choices, widget=forms.CheckboxSelectMultiple, **kwargs)


class RoleForm(CommandForm):
    """A role: its name and what it permits."""

    name = forms.CharField(max_length=100, help_text="What the work is called, such as payroll-runner.")
    description = forms.CharField(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    permissions = PermissionsField(required=False)
    sections = (
        Section("Role", ("name", "description")),
        Section(
            "Permissions",
            ("permissions",),
            "Give as few as the work needs. A role without permissions permits nothing.",
        ),
    )


def _create(call: Call) -> Done:
    role = access.create_role(tenant=call.tenant, **call.values, actor=call.actor)
    return Done(f"Role {role} is made. It does nothing until an identity is bound to it.", obj=role)


def _change(call: Call) -> Done:
    access.change_role(call.obj, **call.changes, actor=call.actor)
    return Done("Saved. It counts at once for every identity that holds the role.", obj=call.obj)


def _remove(call: Call) -> Done:
    access.remove_role(call.obj, reason=call.values["reason"], actor=call.actor)
    return Done("The role is deleted.", href=list_of(Role))


@admin.register(Role, site=site)
class RoleAdmin(CommandAdmin):
    """The roles of a tenant."""

    list_display = ("name", "permits", "holders", "description")
    search_fields = ("name", "description")
    search_help_text = "Name or description"
    ordering = ("name",)
    empty_list = Empty(
        "No roles yet",
        "An identity may do nothing until a role is bound to it. Make one for each kind of work.",
        icon="badge",
    )
    creation: ClassVar[Command] = Command(key="add", label="New role", run=_create, form=RoleForm)
    buttons: ClassVar[Sequence[Command]] = (
        Command(
            key="edit",
            label="Edit",
            icon="edit",
            run=_change,
            form=RoleForm,
            initial=RoleForm.initial_of,
            title="Edit role",
            intro=lambda role: f"{role.bindings.effective(timezone.now()).count()} identities hold this role now.",
        ),
        Command(
            key="remove",
            label="Delete",
            icon="delete",
            danger=True,
            run=_remove,
            form=ReasonForm,
            title="Delete role",
            confirm="Only a role that was never given to anybody can be deleted: bindings are evidence.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        at = timezone.now()
        holding = RoleBinding.objects.filter(ended_at=None, valid_from__lte=at, valid_until__gt=at)
        held = how_many(holding, "role", distinct="identity")
        counted: QuerySet[Any] = super().get_queryset(request).annotate(held=held)
        return counted

    @column("Permits")
    def permits(self, role: Role) -> object:
        badges = [permission_badge(name) for name in role.permissions[:3]]
        rest = len(role.permissions) - 3
        return Lines([*badges, Badge(f"+{rest}")] if rest > 0 else badges or [Badge("nothing")], row=True)

    @column("Held by")
    def holders(self, role: Any) -> object:
        return f"{role.held} identit{'y' if role.held == 1 else 'ies'}" if role.held else "nobody"

    def page(self, request: HttpRequest, obj: Role, scope: Scope) -> Page:
        tabs = [
            Tab("facts", "Permissions", lambda: self._facts(obj)),
            Tab("holders", "Holders", lambda: self._holders(obj, scope)),
        ]
        return Page(obj.name, [*tabs, *timeline_tab(scope, obj)], lead=obj.description)

    def _facts(self, role: Role) -> list[Block]:
        facts = [Fact(name, MEANING.get(name, "not in the closed list: permits nothing")) for name in role.permissions]
        if not facts:
            facts = [Fact("Nothing", "This role permits nothing.")]
        return [Facts("What it permits", facts), Facts("About", [Fact("Id", Code(str(role.pk), copy=True))])]

    def _holders(self, role: Role, scope: Scope) -> list[Block]:
        rows = RoleBinding.objects.filter(role=role).select_related("identity", "role")
        may = scope.may(self.creation.duty, role.tenant_id)
        action = Link("Give this role", new_of(RoleBinding, role=str(role.pk))) if may else None
        return [binding_table("Who holds it", rows, action=action, of="identity")]
