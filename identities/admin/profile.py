"""One's own page: who one is here, what was recorded of one, where one is signed in, and how one signs in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from audit import selectors as audit
from audit.models import AuditEvent
from identities.admin import accounts, entering
from identities.admin.history import change_lines, say, who
from identities.admin.own_factors import own_page
from identities.admin.pages import Page, Tab, Way
from identities.admin.parts import (
    Badge,
    Block,
    Code,
    Empty,
    Fact,
    Facts,
    Lines,
    Link,
    Moment,
    Notice,
    Quiet,
    Table,
)
from identities.admin.person_forms import ROLE_TONES
from identities.admin.scope import scope_of
from identities.people import open_sessions, provider_links, second_factor, services as people
from identities.people.models import PortalRole, User
from identities.people.open_sessions import OpenSession
from identities.people.second_factor import Kind, Policy

SHOWN = 40


@dataclass(frozen=True)
class Sessions(Block):
    """The sessions at the API, each with the button that ends it; `token` is that of the form."""

    template = "steward/parts/sessions.html"
    sessions: Sequence[OpenSession]
    href: str
    token: str

    @property
    def rows(self) -> list[tuple[OpenSession, Moment, Moment, Moment]]:
        return [(one, Moment(one.since), Moment(one.last_at), Moment(one.until)) for one in self.sessions]

    @property
    def empty(self) -> Empty:
        return Empty("No session at the API", "A program that signs in with your password has one.", icon="devices")


def page(site: Any, request: HttpRequest) -> HttpResponse:
    """The page. Nothing of the address but the tab and the place in the history is read: it is always one's own."""
    user: Any = request.user
    own = _page(request, user)
    current = next((tab for tab in own.tabs if tab.key == request.GET.get("tab")), own.tabs[0])
    ways = [Way("Change password", reverse("admin:password_change"), "password")] if user.has_usable_password() else []
    context = {
        **site.each_context(request),
        "title": own.title,
        "crumbs": [Link("My account")],
        "page": own,
        "current": current,
        "blocks": current.blocks(),
        "ways": ways,
    }
    return TemplateResponse(request, "steward/page.html", context)


def end_sessions(site: Any, request: HttpRequest) -> HttpResponse:
    """End one session at the API, or all of them."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    user: Any = request.user
    named = request.POST.get("session", "")
    try:
        family = UUID(named) if named else None
    except ValueError:
        return HttpResponseRedirect(own_page("sessions"))
    ended = people.sign_out(user, actor=scope_of(request).actor, family=family, everywhere=family is None)
    messages.success(request, f"{ended} {'session has' if ended == 1 else 'sessions have'} ended.")
    return HttpResponseRedirect(own_page("sessions"))


def _page(request: HttpRequest, user: User) -> Page:
    tabs = [
        Tab("about", "About", lambda: _about(user)),
        Tab("history", "History", lambda: _history(request, user)),
        Tab("sessions", "Sessions", lambda: _sessions(request, user)),
        Tab("second-factor", "Second factor", lambda: _second_factor(user)),
    ]
    role = PortalRole(user.role)
    badges = [Badge(role.label, ROLE_TONES.get(role, "quiet"))]
    return Page(user.full_name, tabs, badges, lead=user.email if user.full_name != user.email else "")


def _about(user: User) -> list[Block]:
    facts = [
        *accounts.who_they_are(user),
        Fact("Last sign-in", Moment(user.last_login)),
        Fact("Password set", Moment(user.password_set_at), _age_of_passwords()),
        Fact("Account made", Moment(user.created_at)),
        Fact("Id", Code(str(user.pk), copy=True)),
    ]
    return [Facts("About me", facts, text="An administrator of your tenant changes your role and your address.")]


def _age_of_passwords() -> str:
    days = settings.AUTH_PASSWORD_MAX_AGE_DAYS
    return f"It is to be changed after {days} days." if days else ""


def _history(request: HttpRequest, user: User) -> list[Block]:
    found = audit.events(None).filter(subject_kind="user", subject_id=str(user.pk))
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        found = found.filter(pk__lt=int(before))
    events = list(found[: SHOWN + 1])
    more = f"{own_page('history')}&before={events[SHOWN - 1].pk}" if len(events) > SHOWN else ""
    return [
        Table(
            "What was recorded of me",
            ["When", "What", "Who", "From", "Correlation id"],
            [_row(event) for event in events[:SHOWN]],
            Empty("Nothing recorded yet", "Sign-ins and every change of your account will be listed here."),
            more=Link("Earlier", more) if more else None,
        )
    ]


def _row(event: AuditEvent) -> list[object]:
    said = [say(event.type), *(Quiet(line) for line in change_lines(event.changes)[:6])]
    if event.reason:
        said.append(Quiet(event.reason))
    return [
        Moment(event.recorded_at),
        Lines(said),
        who(event),
        event.address or Quiet("–"),
        Code(event.correlation_id, copy=True) if event.correlation_id else Quiet("–"),
    ]


def _sessions(request: HttpRequest, user: User) -> list[Block]:
    way = "through the provider" if entering.came_by_provider(request) else "with the password"
    until = request.session.get_expiry_date()
    here = Facts(
        "This browser",
        [Fact("Signed in", Moment(user.last_login), way), Fact("Ends at the latest", Moment(until))],
        text="A new password ends every other session of yours, in browsers and at the API.",
    )
    return [
        here,
        Sessions(open_sessions.of(user, at=timezone.now()), reverse("admin:end_sessions"), get_token(request)),
    ]


def _second_factor(user: User) -> Sequence[Block]:
    if second_factor.policy() is Policy.OFF:
        return [Empty("Switched off", "Second factors are not used in this installation.", icon="phonelink_lock")]
    found = second_factor.factors(user)
    blocks: list[Block] = [_asked(has_one=bool(found)), _table(found)]
    if found:
        blocks.append(_recovery(second_factor.recovery_codes_left(user)))
    if provider_links.is_linked(user):
        unlink = Link("Forget it", reverse("admin:provider_unlink"))
        text = "An account there opens this one, whatever becomes of your address."
        blocks.append(Notice(f"You sign in through {settings.STEWARD_OIDC_NAME}", text, icon="login", action=unlink))
    return blocks


def _asked(*, has_one: bool) -> Notice:
    if has_one:
        text = "Every sign-in asks for it after the password, here and at the API."
        return Notice("Your second factor is on", text, tone="good", icon="verified_user")
    text = "Whoever learns your password gets in with it. With a second factor they do not."
    return Notice("Your password is all there is", text, tone="warn", icon="gpp_maybe")


def _recovery(left: int) -> Notice:
    text = "Each stands in for your second factor once. Make new ones when they run out or may have been seen."
    title = f"{left} recovery {'code is' if left == 1 else 'codes are'} left"
    renew = Link("Make new ones", reverse("admin:factor_codes"))
    return Notice(title, text, tone="warn" if left <= 2 else "plain", icon="sync", action=renew)


def _table(found: Sequence[second_factor.Factor]) -> Table:
    rows: list[list[object]] = [
        [
            one.name,
            "Codes" if one.kind is Kind.APP else "Passkey",
            Moment(one.added_at),
            Moment(one.used_at),
            Link("Remove", reverse("admin:factor_remove", args=[one.id])),
        ]
        for one in found
    ]
    empty = Empty(
        "No second factor yet", "An app on your phone, or a passkey of this device or of a key you carry.", icon="key"
    )
    headers = ["Name", "Kind", "Added", "Last used", ""]
    return Table("Second factors", headers, rows, empty, action=Link("Add", reverse("admin:factor_add")))
