"""Service users: software that signs in to the API with a user account, and the way out of that."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin.account_reach import as_far
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Command
from identities.admin.filters import WordFilter, by_choice
from identities.admin.history import timeline_tab
from identities.admin.pages import Page, Tab, list_of, page_of
from identities.admin.parts import Badge, Block, Empty, Lines, Link, Notice, Quiet
from identities.admin.replacement_commands import MIGRATE
from identities.admin.replacements import way_out_tabs
from identities.admin.scope import Scope, scope_of
from identities.admin.service_user_commands import BUTTONS, CREATION, ENDED_THERE
from identities.admin.service_user_rows import (
    last_seen,
    password_age,
    refresh_state,
    replacement_badge,
    role_badge,
    state_badge,
    triage_badge,
    why_failing,
)
from identities.admin.service_user_tabs import about, incidents, sessions
from identities.admin.site import site
from identities.inventory.vocabulary import Triage
from identities.people.models import PortalRole, User
from identities.people.services.rules import AGENT_MARK
from identities.service_users import selectors
from identities.service_users.models import ReplacementState, ServiceUser


class SessionFilter(WordFilter):
    """Whether it works, and whether its session goes on."""

    title = "Session"
    parameter_name = "session"
    words = (("failing", "Refresh fails"), ("on", "Goes on"), ("none", "No session"), ("disabled", "Disabled"))

    def where(self, value: str) -> Q:
        goes_on = selectors.can_refresh(timezone.now())
        return {
            "failing": Q(is_active=True, refresh_invalidated_at__isnull=False),
            "on": Q(is_active=True, refresh_invalidated_at=None) & goes_on,
            "none": Q(is_active=True, refresh_invalidated_at=None) & ~goes_on,
            "disabled": Q(is_active=False),
        }[value]


class ReplacedFilter(WordFilter):
    """Where the way out stands."""

    title = "Way out"
    parameter_name = "replaced"
    words = (("going", "Being replaced"), ("moved", "Replaced"), ("none", "Not begun"))

    def where(self, value: str) -> Q:
        wanted = {"going": ReplacementState.BOTH_ALIVE.value, "moved": ReplacementState.MOVED.value, "none": ""}[value]
        return Q(replacement_state=wanted)


@admin.register(ServiceUser, site=site)
class ServiceUserAdmin(CommandAdmin):
    """The service users of a tenant. `buttons` and `tabs` are where rooms beside this one add theirs."""

    called: ClassVar[str] = "Service users"
    list_display = ("account", "role_held", "seen", "session", "password_aged", "found", "triage", "way_out")
    list_display_links = ("account",)
    list_filter = (
        by_choice("role", "Portal role", PortalRole.choices),
        SessionFilter,
        by_choice("triage", "Triage", Triage.choices, "register_row__triage"),
        ReplacedFilter,
    )
    search_fields = ("email", "first_name", "last_name")
    search_help_text = "Name or e-mail"
    ordering = ("email",)
    empty_list = Empty(
        "No service user",
        "Nothing signs in to the API with a user account, which is well: a managed identity does the same without a "
        "password. Where a piece of software knows nothing else, make one here.",
        icon="precision_manufacturing",
    )
    creation: ClassVar[Command] = CREATION
    buttons: ClassVar[Sequence[Command]] = (MIGRATE, *BUTTONS)

    def rows(self, queryset: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
        return selectors.listed(super().rows(queryset, scope).filter(is_agent=True), at=timezone.now())

    def changelist_view(self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None) -> HttpResponse:
        notices = _unmarked(scope_of(request)) if self.has_view_permission(request) else []
        return super().changelist_view(request, {"list_notices": notices, **(extra_context or {})})

    @column("Service user", order="email")
    def account(self, user: Any) -> object:
        named = [user.full_name, Quiet(user.email)] if user.full_name != user.email else [user.email]
        return Lines([*named, state_badge(user)] if not user.is_active or user.must_reset_password else named)

    @column("Role", order="role")
    def role_held(self, user: Any) -> object:
        return role_badge(user)

    @column("Last sign-in", order="last_login")
    def seen(self, user: Any) -> object:
        return last_seen(user.last_login)

    @column("Refresh", order="refresh_invalidated_at")
    def session(self, user: Any) -> object:
        return refresh_state(user)

    @column("Password age", order="-password_set_at")
    def password_aged(self, user: Any) -> object:
        return password_age(user)

    @column("Incidents", order="incidents")
    def found(self, user: Any) -> object:
        return Link(str(user.incidents), page_of(user, tab="incidents")) if user.incidents else Quiet("none")

    @column("Register", order="register_row__triage")
    def triage(self, user: Any) -> object:
        return triage_badge(user)

    @column("Way out")
    def way_out(self, user: Any) -> object:
        return replacement_badge(user)

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("tenant", "register_row__technical_owner", "register_row__owner_team")

    def page(self, request: HttpRequest, obj: Any, scope: Scope) -> Page:
        badges: list[Badge | Link] = [state_badge(obj), role_badge(obj)]
        colour = triage_badge(obj)
        return Page(
            obj.full_name,
            self.tabs(obj, scope),
            [*badges, colour] if isinstance(colour, Link) else badges,
            lead=obj.email if obj.full_name != obj.email else "",
            notices=_notices(obj, scope),
        )

    def tabs(self, obj: Any, scope: Scope) -> list[Tab]:
        """What can be known of one, in order."""
        may_govern = scope.may(Duty.GOVERN, obj.tenant_id) and as_far(scope, obj)
        return [
            Tab("about", "About", lambda: about(obj)),
            Tab("sessions", "Sessions", lambda: sessions(obj, may_govern=may_govern)),
            Tab("incidents", "Incidents", lambda: incidents(obj), count=obj.incidents),
            *way_out_tabs(obj, scope),
            *timeline_tab(scope, obj),
        ]


def _unmarked(scope: Scope) -> list[Block]:
    """Accounts that call themselves agents and that nobody made service users: the health check passes them by."""
    found = selectors.unmarked(scope.tenant_ids(Duty.READ_REGISTER)).count()
    if not found:
        return []
    said = "1 account calls itself" if found == 1 else f"{found} accounts call themselves"
    title = f"{said} an agent by its address and is no service user."
    text = "The health check does not watch it. If software signs in with it, make a service user for that."
    return [Notice(title, text, "warn", "person_alert", Link("Look at it", list_of(User, q=AGENT_MARK)))]


def _stopped(user: Any) -> Notice:
    """Disabled, and by what: where only the register ends it, the way there."""
    row = getattr(user, "register_row", None)
    text, way = "It cannot sign in, and its sessions are over.", None
    if row is not None and row.state in ENDED_THERE:
        text = f"It is {row.state} in the register. {text}"
        way = Link("Its row in the register", page_of(row))
    return Notice("This service user is disabled.", text, "warn", "block", way)


def _notices(user: Any, scope: Scope) -> list[Block]:
    """What must be seen whichever tab is open."""
    if not user.is_active:
        return [_stopped(user)]
    found: list[Block] = []
    if user.refresh_invalidated_at is not None:
        text = Lines(
            [why_failing(user.refresh_invalidated_reason), "The next sign-in or refresh that succeeds ends this."]
        )
        found.append(
            Notice(
                "Its session cannot be refreshed.",
                text,
                "bad",
                "sync_problem",
                Link("Incidents", page_of(user, tab="incidents")),
            )
        )
    if user.must_reset_password:
        said = "Until then it may do nothing else. It changes it with its old one, or you make a new one here."
        found.append(Notice("It has to change its password.", said, "warn", "lock_reset"))
    if user.role == PortalRole.ADMIN and scope.may(Duty.GOVERN, user.tenant_id):
        found.append(
            Notice(
                "A machine that is ADMIN.", "Use sparingly: it can make users, roles and identities.", "warn", "warning"
            )
        )
    return found
