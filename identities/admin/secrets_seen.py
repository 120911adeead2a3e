"""What one person was shown that still works, and the one button that has all of it replaced."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from identities.access.matrix import Duty
from identities.admin.forms import ReasonForm
from identities.admin.pages import address_of, link_to, page_of
from identities.admin.parts import Badge, Code, Empty, Lines, Link, Moment, Quiet, Table
from identities.admin.scope import Scope, scope_of
from identities.credentials import custody
from identities.credentials.models import Rotation
from identities.errors import DomainError
from identities.lifecycle import leavers
from identities.lifecycle.leavers import Seen, Standing
from identities.people.models import User

WORDS = {
    Standing.READY: Badge("works", "bad", "Nobody replaces it yet."),
    Standing.WAITING: Badge("waits its turn", "info"),
    Standing.REPLACING: Badge("being replaced", "accent", "The old one ends when it has been silent."),
    Standing.HAND: Badge("needs a hand", "warn"),
    Standing.ENDED: Badge("dead", "good"),
}


def page(site: Any, request: HttpRequest, user_id: UUID) -> HttpResponseBase:
    """The list for who governs these secrets; a POST with a reason asks for all that can be replaced."""
    scope = scope_of(request)
    if not scope.may(Duty.GOVERN):
        raise PermissionDenied
    tenants = scope.principal.visible_tenants(Duty.GOVERN)
    person = custody.known_to(user_id, tenants)
    if person is None:
        raise Http404("There is no such person.")
    form = ReasonForm(request.POST if request.method == "POST" else None, initial={"reason": _reason(person)})
    if request.method == "POST" and form.is_valid() and _ask(request, scope, person, form):
        return HttpResponseRedirect(reverse("admin:secrets_seen", args=[person.pk]))
    seen = leavers.seen_by(person, tenant_ids=tenants, at=timezone.now())
    context = {
        **site.each_context(request),
        "title": f"Secrets {person.full_name} saw",
        "crumbs": [Link("People", reverse("admin:identities_user_changelist")), link_to(person), Link("Secrets seen")],
        "person": person,
        "form": form,
        "able": sum(1 for one in seen if leavers.can_begin(one)),
        "by_hand": sum(1 for one in seen if one.standing is Standing.HAND),
        "progress": _progress(seen),
        "table": _table(seen),
        "follows": any(one.standing is Standing.WAITING for one in seen),
    }
    return TemplateResponse(request, "steward/secrets_seen.html", context, status=422 if form.errors else 200)


def _ask(request: HttpRequest, scope: Scope, person: User, form: ReasonForm) -> bool:
    tenants = scope.principal.visible_tenants(Duty.GOVERN)
    try:
        asked = leavers.ask_rotation(person, tenant_ids=tenants, actor=scope.actor, by=scope.user, **form.cleaned_data)
    except DomainError as error:
        form.refuse(error)
        return False
    messages.success(request, f"{asked} {'is' if asked == 1 else 'are'} replaced now, one after the other.")
    return True


def _reason(person: User) -> str:
    return "" if person.is_active else f"{person.email} left and has seen it."


def _progress(seen: list[Seen]) -> dict[str, int] | None:
    """How many of those that were asked for have a successor, or are dead."""
    asked = [one for one in seen if one.showing.rotate_asked_at is not None]
    done = sum(1 for one in asked if one.standing in {Standing.REPLACING, Standing.ENDED})
    return {"done": done, "of": len(asked), "percent": 100 * done // len(asked)} if asked else None


def _table(seen: list[Seen]) -> Table:
    empty = Empty("They saw no secret that works", "There is nothing to replace.", icon="verified_user")
    return Table("", ["Secret", "Shown", "State", ""], [_row(one) for one in seen], empty)


def _row(one: Seen) -> list[object]:
    identity = one.secret.identity
    state: list[object] = [WORDS[one.standing]]
    if one.problem and one.standing in {Standing.HAND, Standing.WAITING}:
        state.append(Quiet(one.problem))
    return [
        Lines([link_to(identity), Code(str(one.secret))]),
        Moment(one.showing.shown_at),
        Lines(state),
        _way(one),
    ]


def _way(one: Seen) -> Link | str:
    if one.rotation is not None:
        return Link("Rotation", address_of(Rotation, one.rotation.pk))
    if one.standing is Standing.HAND:
        return Link("See to it", page_of(one.secret.identity, tab="credentials"))
    return ""
