"""People: who may sign in, in which role; made, changed, disabled and enabled by the services of `people`."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin import accounts
from identities.admin.account_reach import as_far, may_disable
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done, Shown, button
from identities.admin.filters import WordFilter, by_choice
from identities.admin.forms import ReasonForm
from identities.admin.history import timeline_tab
from identities.admin.leaving import left_tab
from identities.admin.pages import Page, Tab, address_of, list_of
from identities.admin.parts import Badge, Block, Code, Empty, Fact, Facts, Lines, Link, Moment, Notice, Quiet
from identities.admin.person_factors import RESET, SecondFactorFilter, fact_of
from identities.admin.person_forms import (
    ROLE_TONES,
    ManagerForm,
    PersonEditForm,
    PersonForm,
    PlatformForm,
    RoleOfPersonForm,
)
from identities.admin.scope import Scope, scope_of
from identities.admin.site import site
from identities.credentials import custody
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import services as lifecycle
from identities.people import first_passwords, selectors, services as people
from identities.people.models import PortalRole, User
from identities.service_users.models import ServiceUser


def _create(call: Call) -> Done:
    password = first_passwords.generate()
    user = people.create_user(
        tenant=call.tenant,
        **call.values,
        password=password,
        must_reset_password=True,
        actor=call.actor,
    )
    return Done(f"{user.email} is made.", obj=user, shown=_shown(user, password))


def _new_password(call: Call) -> Done:
    password = first_passwords.generate()
    user = people.set_password(call.obj, password=password, must_reset=True, actor=call.actor)
    return Done(f"{user.email} has a new password.", obj=user, shown=_shown(user, password))


def _shown(user: User, password: str) -> Shown:
    intro = "Hand it over on a safe way. At the first sign-in they choose their own."
    return Shown("First password", "Password", password, intro, (("E-mail address", user.email),))


def _disable(call: Call) -> Done:
    lost = lifecycle.disable_person(call.obj, reason=call.values["reason"], actor=call.actor)
    if not lost:
        return Done(f"{call.obj.email} can no longer sign in.", obj=call.obj)
    names = ", ".join(identity.name for identity in lost[:5])
    more = f"{call.obj.email} can no longer sign in. Left without an owner, and still working: {names}."
    return Done(more, obj=call.obj, tone="warning")


def _seen(user: User, *, may_govern: bool) -> list[Fact]:
    """How many live secrets they were shown, for who may do something about it."""
    if not may_govern:
        return []
    number = custody.live_secrets_seen_by(user, timezone.now()).count()
    words = f"{number} live {'secret' if number == 1 else 'secrets'}"
    return [Fact("Was shown", Link(words, reverse("admin:secrets_seen", args=[user.pk])))]


def _across(scope: Scope) -> list[Block]:
    """That service users are listed elsewhere, where there are any."""
    tenants = scope.tenant_ids(Duty.READ_REGISTER)
    found = selectors.users(tenants).filter(is_agent=True).count()
    if not found:
        return []
    said = "1 service user has a page of its" if found == 1 else f"{found} service users have pages of their"
    link = Link("Service users", list_of(ServiceUser))
    return [Notice(f"{said} own.", "", "quiet", "precision_manufacturing", link)]


class AbilityFilter(WordFilter):
    """Whether somebody may sign in."""

    title = "Account"
    parameter_name = "account"
    words = (("active", "Active"), ("disabled", "Disabled"))

    def where(self, value: str) -> Q:
        return Q(is_active=value == "active")


@admin.register(User, site=site)
class PersonAdmin(CommandAdmin):
    """The people of a tenant. Service users have pages of their own; the address of one here leads there."""

    called: ClassVar[str] = "People"
    list_display = ("person", "role_held", "account", "team_names", "seen")
    list_filter = (by_choice("role", "Portal role", PortalRole.choices), AbilityFilter, SecondFactorFilter)
    search_fields = ("email", "first_name", "last_name")
    search_help_text = "Name or e-mail"
    ordering = ("email",)
    empty_list = Empty("Nobody here yet", "Make the people who will look after this tenant's identities.", icon="group")
    creation: ClassVar[Command] = Command(
        key="add",
        label="New person",
        run=_create,
        form=PersonForm,
        intro="A first password is made and shown once. Nobody can choose one for somebody else.",
    )
    buttons: ClassVar[Sequence[Command]] = (
        Command(
            key="edit",
            label="Edit",
            icon="edit",
            run=accounts.change,
            form=PersonEditForm,
            initial=PersonEditForm.initial_of,
            title="Edit person",
            reaches=as_far,
        ),
        button(
            people.set_role,
            key="role",
            label="Change role",
            icon="badge",
            fields=RoleOfPersonForm,
            initial=lambda user: {"role": user.role},
            done="{obj} has another role. It counts from the next request on.",
        ),
        button(
            people.set_manager,
            key="manager",
            label="Manager",
            icon="supervisor_account",
            fields=ManagerForm,
            initial=lambda user: {"manager": user.manager_id},
            reaches=as_far,
            done="Saved.",
        ),
        Command(
            key="password",
            label="New password",
            icon="lock_reset",
            run=_new_password,
            confirm="The old password, every session and every refresh token of this person end at once.",
            applies=lambda user: user.is_active,
            reaches=as_far,
        ),
        RESET,
        Command(
            key="platform",
            label="Platform administration",
            icon="shield_person",
            run=accounts.change,
            form=PlatformForm,
            initial=PlatformForm.initial_of,
            platform_only=True,
            applies=lambda user: user.is_active and user.role == PortalRole.ADMIN,
            intro="A platform administrator makes tenants, and sees and governs all of them.",
        ),
        Command(
            key="disable",
            label="Disable",
            icon="person_off",
            danger=True,
            run=_disable,
            form=ReasonForm,
            applies=lambda user: user.is_active,
            reaches=may_disable,
            confirm="They are signed out at once. No automation stops: what they own goes on working.",
        ),
        button(
            people.enable_user,
            key="enable",
            label="Enable",
            icon="person_check",
            primary=True,
            applies=lambda user: not user.is_active,
            reaches=as_far,
            done="{obj} may sign in again.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(is_agent=False).prefetch_related("teams")

    def one(self, request: HttpRequest, object_id: str) -> Any:
        """Remembered for the request: the page asks who it is about before it draws."""
        known: dict[str, Any] = request.__dict__.setdefault("steward_people", {})
        if object_id not in known:
            known[object_id] = super().one(request, object_id)
        return known[object_id]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if self.has_view_permission(request) and self.one(request, object_id).is_agent:
            return HttpResponseRedirect(address_of(ServiceUser, object_id))
        return super().change_view(request, object_id, form_url, extra_context)

    def command_view(self, request: HttpRequest, object_id: str, key: str) -> HttpResponse:
        if self.has_view_permission(request) and self.one(request, object_id).is_agent:
            return HttpResponseRedirect(address_of(ServiceUser, object_id))
        return super().command_view(request, object_id, key)

    def changelist_view(self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None) -> HttpResponse:
        notices = _across(scope_of(request)) if self.has_view_permission(request) else []
        return super().changelist_view(request, {"list_notices": notices, **(extra_context or {})})

    @column("Person", order="email")
    def person(self, user: User) -> object:
        return Lines([user.full_name, Quiet(user.email)]) if user.full_name != user.email else user.email

    @column("Portal role", order="role")
    def role_held(self, user: User) -> object:
        parts = [Badge(PortalRole(user.role).label, ROLE_TONES.get(PortalRole(user.role), "quiet"))]
        return Lines([*parts, Badge("platform", "accent")] if user.is_platform_admin else parts, row=True)

    @column("Account", order="is_active")
    def account(self, user: User) -> object:
        return Badge("active", "good") if user.is_active else Badge("disabled", "quiet")

    @column("Teams")
    def team_names(self, user: User) -> object:
        return ", ".join(team.name for team in user.teams.all()) or "–"

    @column("Last sign-in", order="last_login")
    def seen(self, user: User) -> object:
        return Moment(user.last_login)

    def page(self, request: HttpRequest, obj: User, scope: Scope) -> Page:
        may_govern = scope.may(Duty.GOVERN, obj.tenant_id)
        facts = Tab("facts", "Facts", lambda: self._facts(obj, may_govern=may_govern))
        tabs = [facts, *left_tab(obj, may_govern=may_govern), *timeline_tab(scope, obj)]
        notices = []
        if obj.must_reset_password and obj.is_active:
            notices = [Notice("Must choose a new password at the next sign-in", tone="info", icon="lock_reset")]
        return Page(obj.full_name, tabs, [self.account(obj), self.role_held(obj)], notices=notices)  # type: ignore[list-item]

    def _facts(self, user: User, *, may_govern: bool) -> list[Block]:
        owned = ManagedIdentity.objects.filter(
            Q(business_owner=user) | Q(technical_owner=user) | Q(deputy_owner=user)
        ).exclude(state="retired")
        facts = [
            *accounts.who_they_are(user),
            Fact("Owns", Link(f"{owned.count()} identities", list_of(ManagedIdentity, owner=str(user.pk)))),
            *_seen(user, may_govern=may_govern),
            Fact("Last sign-in", Moment(user.last_login)),
            Fact("Password set", Moment(user.password_set_at)),
            *fact_of(user, may_govern=may_govern),
            Fact("Made", Moment(user.created_at)),
            Fact("Id", Code(str(user.pk), copy=True)),
        ]
        return [Facts("About", facts)]
