"""Notices: what waits for the person who is signed in, and what they have seen; nobody sees for somebody else."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.utils import quote
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from identities.admin.pages import address_of as address_of_row
from identities.admin.parts import Badge, Empty, Link, Moment
from identities.admin.scope import scope_of
from identities.credentials.models import ClientKey, ClientSecret
from identities.inventory.models import ManagedIdentity
from identities.people import notices
from identities.people.models import Notice

PAGE = 50
#: What a notice may be about, and whose page that is.
PAGES = {
    "identity": "identities_managedidentity",
    "approval": "identities_approvalrequest",
    "finding": "identities_finding",
    "user": "identities_user",
    "team": "identities_team",
    "vault_connection": "identities_vaultconnection",
    "schedule": "scheduling_schedule",
    "run": "scheduling_schedulerun",
    "campaign": "identities_reviewcampaign",
    "campaign_plan": "identities_campaignplan",
}
#: The kind of a notice, and the tab on which it is answered.
TABS = {"credential_due": "credentials"}
#: Kinds that have a page of their own, by the id of what they are about.
OWN = {"secrets_seen": "admin:secrets_seen", "review_asked": "admin:identities_reviewcampaign_review"}


def page(site: Any, request: HttpRequest) -> HttpResponseBase:
    """What waits, and below it what was seen. A POST marks one (`notice`) or, without a name, all as seen."""
    if request.method == "POST":
        return _mark(request)
    user = scope_of(request).user
    seen = Paginator(notices.of(user).exclude(seen_at=None), PAGE).get_page(request.GET.get("p"))
    context = {
        **site.each_context(request),
        "title": "Notices",
        "crumbs": [Link("Notices")],
        "waiting": [_shown(notice) for notice in notices.unseen(user)[:PAGE]],
        "seen": [_shown(notice) for notice in seen],
        "pages": seen,
        "nothing": Empty(
            "Nothing waits for you",
            "You are told here when a credential of yours comes due, a rotation is late, or somebody needs your word.",
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


def _shown(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.pk,
        "subject": notice.subject,
        "text": notice.text,
        "at": Moment(notice.created_at),
        "href": address_of(notice),
        "mail": _mail(notice),
    }


def address_of(notice: Notice) -> str:
    """Where a notice is answered; empty where what it is about has no page."""
    try:
        if name := OWN.get(notice.kind):
            return reverse(name, args=[notice.about_id])
        if notice.about_kind == "credential":
            return _of_credential(notice.about_id)
        known = PAGES.get(notice.about_kind)
        if not known:
            return ""
        address = reverse(f"admin:{known}_change", args=[quote(notice.about_id)])
    except NoReverseMatch:
        return ""
    tab = TABS.get(notice.kind)
    return f"{address}?tab={tab}" if tab else address


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
