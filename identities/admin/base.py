"""CommandAdmin: the base of every admin page. It reads rows of the scope and presses buttons; it saves nothing."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from unfold.admin import ModelAdmin

from identities.access.matrix import Duty
from identities.admin import exports, listing, saved_filters
from identities.admin.commands import Command
from identities.admin.filters import parameters
from identities.admin.identity_paging import MOST, MOST_FOUND, BoundedPaginator
from identities.admin.listing import BoundedChangeList
from identities.admin.pages import Page, Way, command_of, list_of, name_of, page_of
from identities.admin.parts import Empty, Link
from identities.admin.press import Press
from identities.admin.scope import Scope, scope_of


class CommandAdmin(ModelAdmin):
    """What a page of ours declares: its duty to read, its commands, its facts. Everything else is here.

    `creation` and `buttons` are commands; the edit form is the button with the key `edit`. The admin itself saves,
    updates and deletes nothing: `save_model`, `delete_model` and bulk actions are closed. Rows outside the scope do
    not exist here.
    """

    read_duty: ClassVar[Duty] = Duty.READ_REGISTER
    tenant_path: ClassVar[str] = "tenant_id"
    creation: ClassVar[Command | None] = None
    buttons: ClassVar[Sequence[Command]] = ()
    empty_list: ClassVar[Empty] = Empty("Nothing here yet")
    called: ClassVar[str] = ""
    #: What a list is ordered by over all its rows; by anything else among those it has room for.
    ordered_by_index: ClassVar[Collection[str]] = ()
    #: Whether a page's keys are looked for before what its rows are shown with; not where `get_paginator` narrows it.
    finds_keys_first: ClassVar[bool] = True
    #: Whether what a search finds is looked for once, and not for the count and the page again.
    searches_once: ClassVar[bool] = False
    #: Of a table of millions: its path to the identity, and members that are found whole. See `listing.found`.
    searched_identity: ClassVar[str] = ""
    searched_whole: ClassVar[Sequence[str]] = ()
    list_per_page = 50
    show_full_result_count = False
    # Counting each word of each filter would cost a query a word.
    show_facets = ShowFacets.NEVER
    actions = None
    list_filter_submit = True
    show_add_link = False
    list_before_template = "steward/list_before.html"

    @property
    def plural(self) -> str:
        """What the list is called on pages."""
        return self.called or str(self.opts.verbose_name_plural).capitalize()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By the matrix; a reach of only one's own rows is narrowed in `rows`."""
        if not self.admin_site.has_permission(request):
            return False
        return scope_of(request).principal.visible_tenants(self.read_duty) != frozenset()

    def has_add_permission(self, request: HttpRequest) -> bool:
        if self.creation is None or not self.admin_site.has_permission(request):
            return False
        return self.creation.may(scope_of(request), None, None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only the filters on the page: a query string must not become an oracle on hidden columns."""
        return lookup in parameters(self.list_filter)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        raise PermissionDenied("Rows are changed by commands.")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        raise PermissionDenied("Rows are changed by commands.")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        raise PermissionDenied("Rows are changed by commands.")

    def rows(self, queryset: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
        """The rows of `scope`. Override to narrow further, never to widen."""
        tenants = scope.tenant_ids(self.read_duty)
        return queryset if tenants is None else queryset.filter(**{f"{self.tenant_path}__in": tenants})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.rows(super().get_queryset(request), scope_of(request))

    def tenant_of(self, obj: Any) -> Any:
        """The tenant an object belongs to; commands are permitted by it."""
        return obj.tenant

    def one(self, request: HttpRequest, object_id: str) -> Any:
        """The object, or the same 404 for an unknown and a foreign one. The switch hides nothing that may be seen."""
        scope = scope_of(request)
        every = Scope(scope.user, scope.principal, scope.tenants, None)
        rows = self.rows(super().get_queryset(request), every)
        try:
            found = self.details(rows).filter(pk=unquote(object_id)).first()
        except (ValueError, TypeError, OverflowError, ValidationError):
            found = None
        if found is None:
            raise Http404(f"There is no such {self.opts.verbose_name}.")
        return found

    def details(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """What the page of one object needs beside its row: `select_related`, mostly."""
        return queryset.select_related(*(["tenant"] if self.tenant_path == "tenant_id" else []))

    def page(self, request: HttpRequest, obj: Any, scope: Scope) -> Page:
        """The page of one object. Every admin says its own."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_command"
        view = self.admin_site.admin_view(self.command_view)
        export = path("export/", self.admin_site.admin_view(self.export_view), name=name_of(self.model, "export")[6:])
        return [export, path("<path:object_id>/do/<slug:key>/", view, name=name), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The list as a file, filtered as on the page."""
        return exports.export(self, request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BoundedChangeList]:
        return BoundedChangeList

    def get_paginator(self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **kwargs: Any) -> Any:
        most = MOST_FOUND if request.GET.get("q", "").strip() else MOST
        return BoundedPaginator(queryset, per_page, most=most)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()[:200]
        if not term or "\x00" in term or not (self.searched_identity or self.searched_whole):
            found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, search_term)
            return found
        names = listing.found(
            queryset, term, own=self.get_ordering(request), parts=self.search_fields, wholes=self.searched_whole,
            identity=self.searched_identity,
        )  # fmt: skip
        return queryset.filter(names), False

    def changelist_view(self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": self.plural,
            "crumbs": [Link(self.plural)],
            "empty_list": self.empty_list,
            "creation": self.creation if self.has_add_permission(request) else None,
            **(self._bar(request) if self.has_view_permission(request) else {}),
            **(extra_context or {}),
        }
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def _bar(self, request: HttpRequest) -> dict[str, Any]:
        """What stands above the list: the saved filters and the files."""
        return {"exports": exports.links_for(request, self.model), **saved_filters.bar_for(request, self.model)}

    @method_decorator(sensitive_post_parameters())
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if self.creation is None or not self.has_add_permission(request):
            raise PermissionDenied
        return Press(self, request, self.creation).answer()

    @method_decorator(sensitive_post_parameters())
    def command_view(self, request: HttpRequest, object_id: str, key: str) -> HttpResponse:
        """The page of one command on one object."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        obj = self.one(request, object_id)
        command = next((button for button in self.buttons if button.key == key), None)
        if command is None:
            raise Http404("There is no such command.")
        return Press(self, request, command, obj).answer()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page of one object: facts, tabs and buttons. It takes no input."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        obj, scope = self.one(request, object_id), scope_of(request)
        page = self.page(request, obj, scope)
        current = next((tab for tab in page.tabs if tab.key == request.GET.get("tab")), page.tabs[0])
        context = {
            **self.admin_site.each_context(request),
            "title": page.title,
            "crumbs": [Link(self.plural, list_of(self.model)), Link(page.title)],
            "page": page,
            "object_tenant": self.tenant_of(obj),
            "current": current,
            "blocks": current.blocks(),
            "ways": self.ways(scope, obj),
        }
        return TemplateResponse(request, "steward/page.html", context)

    def ways(self, scope: Scope, obj: Any) -> list[Way]:
        """The buttons this person has on this object now."""
        tenant = self.tenant_of(obj)
        shown = [
            button
            for button in self.buttons
            if button.listed and button.applies(obj) and button.may(scope, obj, tenant.pk if tenant else None)
        ]
        # One button leads. Of two the later does: it puts right what keeps the object from working.
        leads = next((button for button in reversed(shown) if button.primary), None)
        return [Way(it.label, command_of(obj, it.key), it.icon, it.danger, it is leads) for it in shown]

    def may(self, scope: Scope, obj: Any, key: str) -> bool:
        """Whether this person may press the button `key` on this object."""
        tenant = self.tenant_of(obj)
        found = next(button for button in self.buttons if button.key == key)
        return found.may(scope, obj, tenant.pk if tenant else None)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The audit is the history; Django's own log holds nothing."""
        return HttpResponseRedirect(page_of(self.one(request, object_id), tab="timeline"))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        raise PermissionDenied
