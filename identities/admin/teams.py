"""Teams: people of one tenant who own things together."""

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
from identities.admin.identity_fields import Somebody
from identities.admin.listing import how_many
from identities.admin.pages import Page, Tab, command_of, link_to, list_of
from identities.admin.parts import Badge, Block, Empty, Fact, Facts, Link, Moment, Table
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.inventory.models import ManagedIdentity
from identities.people import services as people
from identities.people.models import Team, User


class TeamForm(CommandForm):
    """A team's name and address."""

    name = forms.CharField(max_length=120)
    email = forms.EmailField(
        label="E-mail address", max_length=254, required=False, help_text="Where the team is reached."
    )


class MemberForm(CommandForm):
    """Somebody of the tenant."""

    user = Somebody(where={"is_active": True}, label="Person")


def _create(call: Call) -> Done:
    team = people.create_team(tenant=call.tenant, **call.values, actor=call.actor)
    return Done(f"Team {team} is made. Add its members next.", obj=team)


def _change(call: Call) -> Done:
    people.change_team(call.obj, **call.changes, actor=call.actor)
    return Done("Saved.", obj=call.obj)


def _add(call: Call) -> Done:
    people.add_member(call.obj, call.values["user"], actor=call.actor)
    return Done(f"{call.values['user']} is a member.", obj=call.obj)


def _remove(call: Call) -> Done:
    people.remove_member(call.obj, call.item, actor=call.actor)
    return Done(f"{call.item} is no longer a member.", obj=call.obj)


def _member(team: Team, user_id: str) -> User | None:
    return next((user for user in team.members.all() if str(user.pk) == user_id), None)


@admin.register(Team, site=site)
class TeamAdmin(CommandAdmin):
    """The teams of a tenant."""

    list_display = ("name", "size", "owned", "email", "made")
    search_fields = ("name", "email")
    search_help_text = "Name or e-mail"
    ordering = ("name",)
    empty_list = Empty(
        "No teams yet",
        "A team keeps an identity owned when one of its people leaves. Make one for each group that runs automations.",
        icon="groups",
    )
    creation: ClassVar[Command] = Command(key="add", label="New team", run=_create, form=TeamForm)
    buttons: ClassVar[Sequence[Command]] = (
        Command(
            key="edit",
            label="Edit",
            icon="edit",
            run=_change,
            form=TeamForm,
            initial=TeamForm.initial_of,
            title="Edit team",
        ),
        Command(key="add-member", label="Add member", icon="person_add", primary=True, run=_add, form=MemberForm),
        Command(
            key="remove-member",
            label="Remove member",
            icon="person_remove",
            danger=True,
            run=_remove,
            item=_member,
            listed=False,
            intro=lambda user: f"Take {user} out of the team. Nothing that the team owns changes.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(
            people=how_many(Team.members.through._default_manager.all(), "team"),
            owns=how_many(ManagedIdentity.objects.all(), "owner_team"),
        )
        return counted

    @column("Members", order="people")
    def size(self, team: Any) -> object:
        return team.people

    @column("Owns identities", order="owns")
    def owned(self, team: Any) -> object:
        return team.owns

    @column("Made", order="created_at")
    def made(self, team: Team) -> object:
        return Moment(team.created_at)

    def page(self, request: HttpRequest, obj: Team, scope: Scope) -> Page:
        tabs = [Tab("facts", "Members", lambda: self._blocks(obj, scope)), *timeline_tab(scope, obj)]
        return Page(obj.name, tabs, lead=obj.email)

    def _blocks(self, team: Team, scope: Scope) -> list[Block]:
        may = self.may(scope, team, "remove-member")
        rows = [
            [
                link_to(user, user.full_name),
                user.email,
                Badge("active", "good") if user.is_active else Badge("disabled"),
                Link("Remove", command_of(team, "remove-member", user.pk)) if may else "",
            ]
            for user in team.members.all()
        ]
        owned = ManagedIdentity.objects.filter(owner_team=team).exclude(state="retired").count()
        empty = Empty("Nobody is in this team", "A team without members answers for nothing.", icon="group_off")
        return [
            Table("Members", ["Person", "E-mail", "Account", ""], rows, empty),
            Facts(
                "Ownership",
                [Fact("Identities", Link(f"{owned} identities", list_of(ManagedIdentity, team=str(team.pk))))],
            ),
        ]
