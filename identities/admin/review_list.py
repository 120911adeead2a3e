"""A reviewer's open items as a list: several that are plainly in order can be certified at once, and are marked so."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from identities.access.matrix import Duty
from identities.admin.campaign_item_rows import advice
from identities.admin.pages import page_of
from identities.admin.parts import Empty, Link
from identities.admin.review_queue import TIERS
from identities.admin.scope import Scope, scope_of
from identities.errors import DomainError
from identities.recertification import decisions, selectors
from identities.recertification.models import Decision, ReviewCampaign, ReviewItem

SHOWN = 200


def view(request: HttpRequest, campaign: ReviewCampaign, site: Any) -> HttpResponse:
    """The list (GET), or what was ticked on it certified (POST)."""
    scope = scope_of(request)
    if not scope.may(Duty.REPORT, campaign.tenant_id):
        raise PermissionDenied
    if request.method == "POST":
        return _certify(request, scope, campaign)
    rows = selectors.queue_for(scope.user, campaign=campaign).defer("evidence")
    found = list(rows.order_by(TIERS, "identity__name", "pk")[:SHOWN])
    context = {
        **site.each_context(request),
        "title": f"Your items: {campaign.name}",
        "crumbs": [
            Link("Campaigns", reverse("admin:identities_reviewcampaign_changelist")),
            Link(campaign.name, page_of(campaign)),
            Link("Your items"),
        ],
        "campaign": campaign,
        "screen": _screen(campaign),
        "most": decisions.MOST_AT_ONCE,
        "rows": [(item, is_plain(item), advice(item), f"{_screen(campaign)}?item={item.pk}") for item in found],
        "plain": sum(is_plain(item) for item in found),
        "nothing": Empty("Nothing waits for you in this campaign", "Every item of yours is answered.", icon="task_alt"),
    }
    return TemplateResponse(request, "steward/review_list.html", context)


def is_plain(item: ReviewItem) -> bool:
    """Whether it may be certified among others: recommended so, and no question is open."""
    return item.recommendation == Decision.CERTIFY and not item.unclear


def _screen(campaign: ReviewCampaign) -> str:
    return reverse("admin:identities_reviewcampaign_review", args=[campaign.pk])


def _certify(request: HttpRequest, scope: Scope, campaign: ReviewCampaign) -> HttpResponse:
    here = HttpResponseRedirect(request.path)
    try:
        ids = {UUID(text) for text in request.POST.getlist("items")}
    except ValueError:
        ids = set()
    found = list(selectors.queue_for(scope.user, campaign=campaign).filter(pk__in=ids))
    if not ids or len(found) != len(ids):
        messages.error(request, "Tick what you want to certify; something on the list may have changed.")
        return here
    try:
        decisions.certify_many(found, reason=request.POST.get("reason", ""), actor=scope.actor)
    except DomainError as error:
        messages.error(request, error.message)
        return here
    messages.success(request, f"{len(found)} are certified, marked as given together.")
    return here
