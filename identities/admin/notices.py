"""Notices: what waits for the person who is signed in, and what they have seen; nobody sees for somebody else."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from identities.admin.pages import address_of as address_of_row
from identities.admin.parts import Badge, Empty, Lines, Link, Moment, Quiet
from identities.admin.scope import scope_of
from identities.credentials.models import ClientKey, ClientSecret
from identities.inventory.models import ManagedIdentity
from identities.notifications import links
from identities.people import notices
from identities.people.models import Notice

PAGE = 50
#: The kind of a notice, and the tab on which it is answered.
TABS = {"credential_due": "credentials", "run_credential_failed": "runs"}
#: Kinds that have a page of their own, by the id of what they are about.
OWN = {"secrets_seen": "admin:secrets_seen", "review_asked": "admin:identities_reviewcampaign_review"}

#: Kinds that speak of how the person signs in.
MINE = {"second_factor_reset", "second_factor_changed", "second_factor_guessed", "recovery_code_used"}


def page(site: Any, request: HttpRequest) -> HttpResponseBase:
    """What asks for something, below it what was told. A POST marks one (`notice`) or, without a name, all as seen."""
    if request.method == "POST":
        return _mark(request)
    user = scope_of(request).user
    at, asked = timezone.now(), list(notices.waiting(user)[: PAGE + 1])
    told = Paginator(notices.told(user), PAGE).get_page(request.GET.get("p"))
    context = {
        **site.each_context(request),
        "title": "Waiting for you",
        "crumbs": [Link("Waiting for you")],
        "waiting": [_shown(notice, at) for notice in asked[:PAGE]],
        "has_more": len(asked) > PAGE,
        "told": [_shown(notice, at) for notice in told],
        "new": sum(notice.seen_at is None for notice in told),
        "pages": told,
        "nothing": Empty(
            "Nothing waits for you",
            "Approvals, reviews and transfers that need your word are listed here until they are done.",
            icon="notifications",
        ),
        "untold": Empty(
            "Nothing was told to you yet",
            "You are told here when a credential of yours comes due, a rotation is late, or a run of yours fails.",
            icon="notifications",
        ),
        "is_mailed": settings.MAIL_IS_ON,
    }
    return TemplateResponse(request, "steward/notices.html", context)


def _mark(request: HttpRequest) -> HttpResponseBase:
    scope = scope_of(request)
    which = request.POST.get("notice", "")
    try:
        ids = [UUID(which)] if which else None
    except ValueError:
        ids = []
    seen = notices.mark_seen(scope.user, actor=scope.actor, notice_ids=ids, at=timezone.now())
    if seen > 1:
        messages.success(request, f"{seen} notices are marked as seen.")
    return HttpResponseRedirect(reverse("admin:notices"))


def _shown(notice: Notice, at: datetime) -> dict[str, Any]:
    return {
        "id": notice.pk,
        "subject": notice.subject,
        "text": notice.text,
        "at": Moment(notice.created_at),
        "due": _due(notice, at),
        "often": f"{notice.times} times since {notice.created_at:%d %b %H:%M} UTC" if notice.times > 1 else "",
        "is_new": notice.seen_at is None,
        "href": address_of(notice),
        "mail": _mail(notice),
    }


def _due(notice: Notice, at: datetime) -> Lines | str:
    """By when it is asked for, and that this is over."""
    if notice.due_at is None:
        return ""
    late = [Badge("overdue", "bad")] if notice.due_at <= at else []
    return Lines([Quiet("due"), Moment(notice.due_at), *late], row=True)


def address_of(notice: Notice) -> str:
    """Where a notice is answered; empty where what it is about has no page."""
    if notice.kind in MINE:
        return f"{reverse('admin:me')}?tab=second-factor"
    if name := OWN.get(notice.kind):
        try:
            return reverse(name, args=[notice.about_id])
        except NoReverseMatch:
            return ""
    if notice.about_kind == "credential":
        return _of_credential(notice.about_id)
    address = links.page_of(notice.about_kind, notice.about_id)
    tab = TABS.get(notice.kind)
    return f"{address}?tab={tab}" if address and tab else address


def _of_credential(key: str) -> str:
    """A secret or key has no page of its own: that of its identity, where it is listed."""
    one = ClientSecret.objects.filter(pk=key).first() or ClientKey.objects.filter(pk=key).first()
    return address_of_row(ManagedIdentity, one.identity_id, tab="credentials") if one else ""


def _mail(notice: Notice) -> Badge | str:
    if notice.mailed_at is not None or not notice.mail_tries:
        return ""
    if notice.mail_at is not None:
        return Badge("mail delayed", "warn", "The mail server did not take it. It is tried again.")
    return Badge("not mailed", "bad", "The mail server did not take it, and it was given up.")
