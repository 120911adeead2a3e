"""The pages of a deed on many identities: choose, see what would change, say why, confirm, progress, result."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from identities.access.matrix import Duty
from identities.admin.bulk_forms import BULKS, BY_KEY, Bulk
from identities.admin.bulk_jobs import Job
from identities.admin.forms import CommandForm
from identities.admin.pages import address_of, list_of
from identities.admin.parts import Badge, Block, Empty, Link, Quiet, Table
from identities.admin.scope import scope_of
from identities.admin.searching import ASKED, choices_answer
from identities.inventory.models import ManagedIdentity
from identities.lifecycle.bulk import MOST, Deed, Foreseen, Outcome, foresee

SHOWN = 300
NONE_CHOSEN = "Tick the identities first, or choose all that match."
TOO_MANY = (
    f"At most {MOST:,} identities at one go: narrow the list by a filter or a search, and come back for the rest."
)
SEVERAL_TENANTS = "These belong to several tenants: choose one in the switch at the top first."


class BulkPages:
    """What the register's admin has of it."""

    admin_site: Any
    get_changelist_instance: Any

    def bulk_urls(self) -> list[URLPattern]:
        """Beginning a job, and the page of one."""
        begin, page = self.admin_site.admin_view(self.bulk_begin), self.admin_site.admin_view(self.bulk_page)
        return [
            path("bulk/", begin, name="identities_managedidentity_bulk"),
            path("bulk/<str:token>/", page, name="identities_managedidentity_bulk_job"),
        ]

    def bulk_menu(self, request: HttpRequest) -> list[tuple[str, str]]:
        """The deeds that this person may do; none without the duty."""
        return [(bulk.key, bulk.label) for bulk in BULKS] if scope_of(request).may(Duty.GOVERN) else []

    def bulk_begin(self, request: HttpRequest) -> HttpResponse:
        """Pin down which identities are meant, and go to the page that asks."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.bulk_menu(request):
            raise PermissionDenied
        bulk = BY_KEY.get(request.POST.get("deed", ""))
        back = f"{list_of(ManagedIdentity)}?{request.POST.get('filter', '')}".rstrip("?")
        if bulk is None:
            raise Http404("There is no such command.")
        rows = self._chosen(request)
        tenants = {tenant for _, tenant in rows}
        if refusal := _refusal(rows, tenants):
            messages.warning(request, refusal)
            return HttpResponseRedirect(back)
        tenant_id = tenants.pop()
        _check_duty(request, tenant_id)
        job = Job.begin(request, deed=bulk.key, tenant_id=tenant_id, ids=[pk for pk, _ in rows], back=back)
        return HttpResponseRedirect(_page_of(job))

    def bulk_page(self, request: HttpRequest, token: str) -> HttpResponse:
        """Ask, foresee, carry out a part, or tell what became of it: whatever is next."""
        job = Job.find(request, token)
        if job is None:
            raise Http404("There is no such job any more.")
        _check_duty(request, job.tenant_id)
        bulk = BY_KEY[job.data["deed"]]
        if job.is_confirmed:
            return self._run(request, job, bulk) if request.method == "POST" else self._told(request, job, bulk)
        form = bulk.form(request.POST if request.method == "POST" else None, tenant_id=job.tenant_id)
        if request.method == "GET" and ASKED in request.GET:
            return choices_answer(form, request)
        if request.method != "POST":
            return self._asked(request, job, bulk, form)
        if not form.is_valid():
            return self._asked(request, job, bulk, form, status=422)
        deed = bulk.deed(form.cleaned_data)
        if "confirm" not in request.POST:
            return self._asked(request, job, bulk, form, deed)
        if bulk.word and len(job.ids) > 1 and request.POST.get("word", "").strip().lower() != bulk.word:
            form.add_error(None, f"Type the word “{bulk.word}” to go on.")
            return self._asked(request, job, bulk, form, deed, status=422)
        sent = {name: request.POST.get(name, "") for name in form.fields}
        job.confirm(sent)
        return self._run(request, job, bulk)

    def _chosen(self, request: HttpRequest) -> list[tuple[UUID, UUID]]:
        """(identity, tenant) of those that are meant, as the list shows them: its scope, its filters, its search."""
        ticked = request.POST.getlist("ids")[: MOST + 1]
        is_all = bool(request.POST.get("all"))
        request.GET = QueryDict(request.POST.get("filter", ""))
        rows = self.get_changelist_instance(request).queryset
        if not is_all:
            rows = rows.filter(pk__in=_uuids(ticked))
        return list(rows.order_by("name", "pk").values_list("pk", "tenant_id")[: MOST + 1])

    def _run(self, request: HttpRequest, job: Job, bulk: Bulk) -> HttpResponse:
        form = bulk.form(job.data["input"], tenant_id=job.tenant_id)
        if not form.is_valid():
            # What was chosen is no longer there, such as a person who has left meanwhile.
            messages.error(request, "What was chosen is no longer possible; the rest was not carried out.")
        elif job.left:
            values = form.cleaned_data
            job.go_on(bulk.deed(values), reason=values["reason"], actor=scope_of(request).actor)
        return HttpResponseRedirect(_page_of(job))

    def _asked(
        self,
        request: HttpRequest,
        job: Job,
        bulk: Bulk,
        form: CommandForm,
        deed: Deed | None = None,
        *,
        status: int = 200,
    ) -> HttpResponse:
        seen = foresee(deed, job.ids, tenant_ids={job.tenant_id}) if deed is not None else []
        has_only_reason = set(form.fields) == {"reason"}
        if deed is None and has_only_reason:
            seen = foresee(bulk.deed({}), job.ids, tenant_ids={job.tenant_id})
        possible = [one for one in seen if not one.refusal and not one.is_needless]
        context = {
            "form": form,
            "seen": _foreseen_tables(seen) if seen else [],
            "count": len(job.ids),
            "possible": len(possible),
            "may_confirm": bool(possible) and (deed is not None or has_only_reason),
            "word": bulk.word if len(job.ids) > 1 else "",
        }
        return self._answer(request, job, bulk, context, status=status)

    def _told(self, request: HttpRequest, job: Job, bulk: Bulk) -> HttpResponse:
        outcomes = list(job.outcomes)
        failed = [one for one in outcomes if not one.is_done]
        context = {
            "is_told": True,
            "done": len(outcomes) - len(failed),
            "failed": len(failed),
            "told": len(outcomes),
            "left": len(job.left),
            "count": len(job.ids),
            "tables": _outcome_tables(failed, [one for one in outcomes if one.is_done]),
        }
        return self._answer(request, job, bulk, context)

    def _answer(
        self, request: HttpRequest, job: Job, bulk: Bulk, context: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        title = bulk.label.rstrip("…")
        crumbs = [Link("Identities", list_of(ManagedIdentity)), Link(title)]
        base = {**self.admin_site.each_context(request), "title": title, "crumbs": crumbs, "bulk": bulk, "job": job}
        return TemplateResponse(request, "steward/bulk.html", base | context, status=status)


def _refusal(rows: Sequence[Any], tenants: set[UUID]) -> str:
    if not rows:
        return NONE_CHOSEN
    if len(rows) > MOST:
        return TOO_MANY
    return SEVERAL_TENANTS if len(tenants) > 1 else ""


def _check_duty(request: HttpRequest, tenant_id: UUID) -> None:
    if not scope_of(request).may(Duty.GOVERN, tenant_id):
        raise PermissionDenied


def _page_of(job: Job) -> str:
    return reverse("admin:identities_managedidentity_bulk_job", args=[job.token])


def _uuids(texts: Sequence[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _link(pk: UUID, name: str) -> Link:
    return Link(name, address_of(ManagedIdentity, pk))


def _foreseen_tables(seen: Sequence[Foreseen]) -> list[Block]:
    refused = [one for one in seen if one.refusal]
    same = [one for one in seen if one.is_needless]
    changed = [one for one in seen if not one.refusal and not one.is_needless]
    none = Empty("Nothing would change", "None of these identities can be changed in this way, or all of them are so.")
    rows = [[_link(one.identity_id, one.name), _change(one)] for one in changed[:SHOWN]]
    tables: list[Block] = [
        Table(f"What will change: {len(changed)}", ["Identity", "Change"], rows, none, _more(changed))
    ]
    if refused:
        rows = [[_link(one.identity_id, one.name), one.refusal] for one in refused[:SHOWN]]
        tables.append(Table(f"Not possible here: {len(refused)}", ["Identity", "Why"], rows, none, _more(refused)))
    if same:
        rows = [[_link(one.identity_id, one.name), Quiet(one.after)] for one in same[:SHOWN]]
        tables.append(Table(f"Already so: {len(same)}", ["Identity", "As it is"], rows, none, _more(same)))
    return tables


def _outcome_tables(failed: Sequence[Outcome], done: Sequence[Outcome]) -> list[Block]:
    none = Empty("Nothing yet")
    drawn: list[Block] = []
    for title, tone, word, found in (("Not done", "bad", "not done", failed), ("Done", "good", "done", done)):
        rows = [[_link(one.identity_id, one.name), Badge(word, tone), one.text] for one in found[:SHOWN]]
        if rows:
            drawn.append(Table(f"{title}: {len(found)}", ["Identity", "", "What happened"], rows, none, _more(found)))
    return drawn


def _change(one: Foreseen) -> object:
    return format_html('<span class="sw-change"><del>{}</del> → <ins>{}</ins></span>', one.before, one.after)


def _more(found: Sequence[Any]) -> str:
    return f"The first {SHOWN} are shown." if len(found) > SHOWN else ""
