"""The keyboard screen of a reviewer: one item in one screen, one key each; it works without a script as well."""

import math
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse

from audit.actors import Actor
from identities.access.matrix import Duty
from identities.admin.pages import page_of
from identities.admin.parts import Link
from identities.admin.review_drawing import drawn
from identities.admin.review_queue import Queue, queue_of
from identities.admin.scope import Scope, scope_of
from identities.errors import DomainError, Invalid
from identities.people.models import User
from identities.recertification import decisions, seeing, undoing
from identities.recertification.models import ReviewCampaign, ReviewItem

SALT = "steward.review.shown"
#: Whoever leaves an item open longer than this was not looking at it.
LONGEST = timedelta(hours=1)
SAID = {
    "certify": "{0} is certified.",
    "reduce": "{0} is reduced.",
    "revoke": "{0} is revoked.",
    "reassign": "{0} is reassigned.",
    "undo": "{0} has back what was taken; it is asked again among what changed.",
}
FRAGMENT = "fragment"
#: A part that is fetched before anybody looks at it.
AHEAD = "ahead"


def view(request: HttpRequest, campaign: ReviewCampaign, site: Any) -> HttpResponse:
    """The screen, a part of it for the script (`fragment`), or an answer (POST)."""
    scope = scope_of(request)
    if not scope.may(Duty.REPORT, campaign.tenant_id):
        raise PermissionDenied
    queue = queue_of(scope.user, campaign)
    if request.method == "POST":
        return _answer(request, scope, campaign, queue)
    asked = _asked(request.GET.get("item", ""), queue)
    item = _item(asked or queue.next_open(), None if AHEAD in request.GET else scope.user)
    context = drawn(scope, campaign, queue, item, shown=_stamp(item))
    if FRAGMENT in request.GET:
        return HttpResponse(render_to_string("steward/review_item.html", context, request))
    crumbs = [Link("Campaigns", reverse("admin:identities_reviewcampaign_changelist"))]
    context |= {
        **site.each_context(request),
        "title": f"Review: {campaign.name}",
        "crumbs": [*crumbs, Link(campaign.name, page_of(campaign)), Link("Review")],
    }
    return TemplateResponse(request, "steward/review.html", context)


def address_of(campaign: ReviewCampaign, item_id: UUID | None = None) -> str:
    """The address of the screen, at one item."""
    address = reverse("admin:identities_reviewcampaign_review", args=[campaign.pk])
    return f"{address}?item={item_id}" if item_id else address


def _asked(text: str, queue: Queue) -> UUID | None:
    if not text:
        return None
    try:
        item_id = UUID(text)
    except ValueError:
        item_id = None
    if item_id not in queue.ids:
        raise Http404("You are asked no such item.")
    return item_id


def _item(item_id: UUID | None, shown_to: User | None) -> ReviewItem | None:
    """The item, its first look noted where it is shown now; fetched ahead it is only brought up to date."""
    if item_id is None:
        return None
    item = ReviewItem.objects.select_related("campaign", "identity", "reviewer").get(pk=item_id)
    return seeing.show(item, to=shown_to) if shown_to is not None else item


def _answer(request: HttpRequest, scope: Scope, campaign: ReviewCampaign, queue: Queue) -> HttpResponse:
    item_id = _asked(request.POST.get("item", "") or "none", queue)
    item = _item(item_id, None)
    word = request.POST.get("decision", "")
    if item is None or word not in SAID:
        raise Http404("There is no such answer.")
    is_fragment = FRAGMENT in request.POST
    try:
        _carry_out(item, word, request, scope.actor)
    except DomainError as error:
        return _refused(request, campaign, item, error, is_fragment=is_fragment)
    said = SAID[word].format(item.identity.name)
    queue = queue_of(scope.user, campaign)
    following = _following(request, word, item, queue)
    if not is_fragment:
        messages.success(request, said)
        return HttpResponseRedirect(address_of(campaign, following))
    shown = _item(following, scope.user)
    context = drawn(scope, campaign, queue, shown, shown=_stamp(shown)) | {"said": said}
    return HttpResponse(render_to_string("steward/review_item.html", context, request))


def _following(request: HttpRequest, word: str, item: ReviewItem, queue: Queue) -> UUID | None:
    """Where to go on: to the next that waits, and after an undo to where one was."""
    if word == "undo" and request.POST.get("at"):
        return _asked(request.POST["at"], queue)
    return queue.next_open(after=item.pk)


def _carry_out(item: ReviewItem, word: str, request: HttpRequest, actor: Actor) -> None:
    reason = request.POST.get("reason", "").strip()
    if word == "undo":
        undoing.undo(item, reason=reason, actor=actor)
        return
    given: Mapping[str, Callable[[], Any]] = {
        "reduce": lambda: {"bindings": _bindings(request)},
        "reassign": lambda: {"reviewer": _person(item, request.POST.get("reviewer", ""))},
    }
    more = given.get(word, dict)()
    decisions.decide(item, decision=word, reason=reason, actor=actor, seconds=_seconds(request, item), **more)


def _bindings(request: HttpRequest) -> list[UUID]:
    try:
        return [UUID(text) for text in request.POST.getlist("bindings")]
    except ValueError:
        raise Invalid({"bindings": ["There is no such role binding."]}) from None


def _person(item: ReviewItem, text: str) -> User:
    found = User.objects.filter(tenant_id=item.campaign.tenant_id, email=text.strip().lower()).first()
    if found is None:
        raise Invalid({"reviewer": ["There is nobody with this e-mail address."]})
    return found


def _stamp(item: ReviewItem | None) -> str:
    """When this item left the server, so that a page cannot claim to have been looked at for longer."""
    return signing.dumps([str(item.pk), time.time()], salt=SALT) if item is not None else ""


def _seconds(request: HttpRequest, item: ReviewItem) -> float | None:
    """How long it was looked at: what the page counted, and no longer than since it left the server."""
    try:
        pk, left_at = signing.loads(request.POST.get("shown", ""), salt=SALT, max_age=LONGEST)
        counted = float(request.POST.get("seconds") or "inf")
    except (signing.BadSignature, ValueError):
        return None
    if math.isnan(counted):
        return None
    since = time.time() - left_at
    return round(min(max(counted, 0.0), since), 2) if pk == str(item.pk) else None


def _refused(
    request: HttpRequest, campaign: ReviewCampaign, item: ReviewItem, error: DomainError, *, is_fragment: bool
) -> HttpResponse:
    said = _words(error)
    if is_fragment:
        return HttpResponse(said, status=422, content_type="text/plain; charset=utf-8")
    messages.error(request, said)
    return HttpResponseRedirect(address_of(campaign, item.pk))


def _words(error: DomainError) -> str:
    if isinstance(error, Invalid):
        return " ".join(text for texts in error.errors.values() for text in texts)
    return error.message
