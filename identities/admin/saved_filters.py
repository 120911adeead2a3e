"""Saved filters: the chips above a list, and the two commands behind them."""

from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.apps import apps
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from identities.access.matrix import Duty
from identities.admin.pages import list_of
from identities.admin.scope import Scope, scope_of
from identities.errors import DomainError
from identities.programme import selectors, services as programme
from identities.programme.models import SavedFilter

#: What of a list's address is its page, and no filter.
PASSING = frozenset({"p", "all", "e", "format"})


def kept_query(request: HttpRequest) -> str:
    """The filters, the search and the order of a list as it is asked for now."""
    return urlencode([pair for pair in parse_qsl(request.GET.urlencode()) if pair[0] not in PASSING])


def bar_for(request: HttpRequest, model: Any) -> dict[str, Any]:
    """What the bar above a list needs: the filters this person sees, and what could be saved now. One query."""
    scope, query = scope_of(request), kept_query(request)
    label = model._meta.label_lower
    found = selectors.filters_of(scope.user.pk, scope.tenant_ids(Duty.READ_REGISTER), label)
    return {
        "saved_filters": [(saved, saved.owner_id == scope.user.pk, saved.query == query) for saved in found],
        "saved_page": label,
        "saved_query": "" if any(saved.query == query for saved in found) else query,
        "may_share": scope.may(Duty.REPORT),
    }


def save(site: Any, request: HttpRequest) -> HttpResponse:
    """Save the filters of a list under a name, then go back to it."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    scope = scope_of(request)
    model = _model_of(site, request.POST.get("page", ""))
    is_shared = bool(request.POST.get("shared")) and scope.may(Duty.REPORT)
    query = request.POST.get("query", "")
    try:
        programme.save_filter(
            tenant_id=_tenant_of(scope), owner=scope.user, page=model._meta.label_lower,
            name=request.POST.get("name", ""), query=query, is_shared=is_shared, actor=scope.actor,
        )  # fmt: skip
        messages.success(request, "The filter is saved.")
    except DomainError as error:
        messages.error(request, error.message)
    return HttpResponseRedirect(f"{list_of(model)}?{query}" if query else list_of(model))


def remove(site: Any, request: HttpRequest, filter_id: UUID) -> HttpResponse:
    """Remove one's own saved filter, then go back."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    scope = scope_of(request)
    saved = SavedFilter.objects.filter(pk=filter_id, owner_id=scope.user.pk).first()
    if saved is None:
        raise Http404("There is no such saved filter of yours.")
    model = _model_of(site, saved.page)
    programme.remove_filter(saved, actor=scope.actor)
    messages.success(request, f"The filter '{saved.name}' is removed.")
    back = request.POST.get("back", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if safe else list_of(model))


def _tenant_of(scope: Scope) -> UUID:
    """Where it is kept: the tenant looked at; of every tenant, one's own."""
    tenant_id: UUID = scope.chosen.pk if scope.chosen else scope.user.tenant_id
    return tenant_id


def _model_of(site: Any, label: str) -> Any:
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        raise Http404("There is no such list.") from None
    if not site.is_registered(model):
        raise Http404("There is no such list.")
    return model
