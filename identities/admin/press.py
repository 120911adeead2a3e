"""Pressing a button: show what will happen, ask for the input, call the service once, say what came of it."""

import secrets
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers

from audit import context
from identities.admin.commands import Call, Command, Done, Preview
from identities.admin.forms import CommandForm
from identities.admin.pages import list_of, page_of
from identities.admin.parts import Block, Empty, Link
from identities.admin.scope import Scope, scope_of
from identities.admin.searching import ASKED, choices_answer
from identities.errors import DomainError
from identities.people.models import Tenant

#: Session key of the forms that were sent already: sending one twice must not do a thing twice.
SPENT = "steward.spent"
SPENT_KEPT = 30
#: The name of the button that asks what would come of the form, and saves nothing.
PREVIEW = "preview"


class Press:
    """One request to one command's page."""

    def __init__(self, admin: Any, request: HttpRequest, command: Command, obj: Any = None) -> None:
        self.admin, self.request, self.command, self.obj = admin, request, command, obj
        self.scope: Scope = scope_of(request)
        self.tenant: Tenant | None = admin.tenant_of(obj) if obj is not None else self.scope.chosen
        self.item = self._item()

    def answer(self) -> HttpResponse:
        """The page, or the redirect after the service has done its work."""
        tenant_id = self.tenant.pk if self.tenant is not None else None
        if not self.command.may(self.scope, self.obj, tenant_id):
            raise PermissionDenied
        if self.tenant is None and not self.command.platform_only:
            return self._page(None)
        if self.obj is not None and not self.command.applies(self.item or self.obj):
            messages.warning(self.request, f"{self.command.label} is not possible any more.")
            return HttpResponseRedirect(self._back())
        form = self._form()
        if self.request.method == "GET" and ASKED in self.request.GET:
            return choices_answer(form, self.request)
        if self.request.method == "POST" and PREVIEW in self.request.POST and self.command.preview is not None:
            return self._page(form, self._foreseen(form, self.command.preview))
        if self.request.method == "POST" and form.is_valid():
            if self._is_spent():
                messages.info(self.request, "That form was sent already; it was carried out once.")
                return HttpResponseRedirect(self._back())
            done = self._run(form)
            if done is not None:
                return self._finish(done)
        return self._page(form)

    def _item(self) -> Any:
        if self.command.item is None:
            return None
        found = self.command.item(self.obj, self.request.GET.get("item", ""))
        if found is None:
            raise Http404("There is no such part.")
        return found

    def _form(self) -> CommandForm:
        of_what = self.item or self.obj
        initial: dict[str, Any] = {}
        if self.command.initial is not None:
            initial = dict(self.command.initial(of_what))
        elif self.obj is None:
            initial = {name: value for name, value in self.request.GET.items() if name in self.command.form.base_fields}
        data = self.request.POST if self.request.method == "POST" else None
        tenant_id = self.tenant.pk if self.tenant is not None else None
        files = self.request.FILES if self.request.method == "POST" else None
        return self.command.form(data, files, initial=initial, tenant_id=tenant_id, obj=of_what)

    def _run(self, form: CommandForm) -> Done | None:
        seen = self.request.POST.get("seen", "")
        if self.command.initial is not None and seen != self._version():
            form.add_error(None, "Somebody changed this while you were editing. Look at it again before you save.")
            return None
        change = form.take_change()
        call = Call(
            request=self.request,
            scope=self.scope,
            tenant=self.tenant,  # type: ignore[arg-type]
            values=form.cleaned_data,
            obj=self.obj,
            item=self.item,
            changed=frozenset(form.changed_data) & form.cleaned_data.keys(),
        )
        try:
            with context.bound(change=change):
                return self.command.run(call)
        except DomainError as error:
            form.refuse(error)
            return None

    def _finish(self, done: Done) -> HttpResponse:
        self._spend()
        target = done.href or (page_of(done.obj) if done.obj is not None else "") or self._back()
        if done.shown is None:
            messages.add_message(self.request, messages.DEFAULT_LEVELS[done.tone.upper()], done.message)
            return HttpResponseRedirect(target)
        context = self._context() | {"shown": done.shown, "message": done.message, "target": target}
        response = TemplateResponse(self.request, "steward/shown_once.html", context)
        add_never_cache_headers(response)
        return response

    def _foreseen(self, form: CommandForm, preview: Preview) -> Sequence[Block]:
        form.look_only_at(preview.fields)
        if form.errors:
            return ()
        try:
            return preview.blocks(form.cleaned_data)
        except DomainError as error:
            form.refuse(error)
            return ()

    def _page(self, form: CommandForm | None, foreseen: Sequence[Block] = ()) -> HttpResponse:
        nowhere = Empty(
            "Choose a tenant first",
            "You are looking at every tenant. What you make must belong to one: choose it in the switch at the top.",
            Link("Back to the list", list_of(self.admin.model)),
            "domain",
        )
        intro = self.command.intro(self.item or self.obj) if callable(self.command.intro) else self.command.intro
        context = self._context() | {
            "form": form,
            "nowhere": nowhere if form is None else None,
            "intro": intro,
            "foreseen": foreseen,
            "notes": self.command.notes(self.item or self.obj) if self.command.notes else (),
            "once": secrets.token_urlsafe(16),
            "seen": self.request.POST.get("seen") or self._version(),
            "back": self._back(),
            "target_tenant": self.tenant,
        }
        status = 422 if form is not None and form.errors else 200
        return TemplateResponse(self.request, "steward/command.html", context, status=status)

    def _context(self) -> dict[str, Any]:
        title = self.command.title or self.command.label
        crumbs = [Link(self.admin.plural, list_of(self.admin.model))]
        if self.obj is not None:
            crumbs.append(Link(str(self.obj), page_of(self.obj)))
        return {
            **self.admin.admin_site.each_context(self.request),
            "title": f"{title}: {self.obj}" if self.obj is not None else title,
            "crumbs": [*crumbs, Link(title)],
            "command": self.command,
        }

    def _back(self) -> str:
        return page_of(self.obj) if self.obj is not None else list_of(self.admin.model)

    def _version(self) -> str:
        changed_at = getattr(self.item or self.obj, "updated_at", None)
        return changed_at.isoformat() if changed_at is not None else ""

    def _is_spent(self) -> bool:
        return self.request.POST.get("once", "") in self.request.session.get(SPENT, [])

    def _spend(self) -> None:
        once = self.request.POST.get("once", "")
        if once:
            self.request.session[SPENT] = [*self.request.session.get(SPENT, []), once][-SPENT_KEPT:]
