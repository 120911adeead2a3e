"""Choosing among thousands: a select that asks the form's own address for what was typed, a page at a time."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, JsonResponse
from unfold.widgets import UnfoldAdminAutocompleteWidget

#: The query parameter with which a form's address is asked for a field's choices.
ASKED = "choices"
PAGE, LAST_PAGE = 20, 500
LONGEST_TERM, MOST_WORDS = 100, 5


class Searchable(UnfoldAdminAutocompleteWidget):
    """Draws only what is chosen; everything else is fetched while somebody types."""

    option_template_name = "django/forms/widgets/select_option.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        own = {
            # Relative: the page that shows the form also answers for it, with the same right and the same tenant.
            "data-ajax--url": f"?{ASKED}={name}",
            "data-allow-clear": json.dumps(not self.is_required),
            "data-placeholder": "Type to search" if self.is_required else "None",
            "data-width": "100%",
        }
        context: dict[str, Any] = super().get_context(name, value, {**own, **(attrs or {})})
        return context

    def optgroups(self, name: str, value: Sequence[Any], attrs: Any = None) -> list[Any]:
        chosen = [str(each) for each in value if each not in ("", None)]
        field: OfTenant = self.choices.field
        options = [self.create_option(name, "", "", not chosen, 0)]
        for place, row in enumerate(field.among(chosen), 1):
            options.append(
                self.create_option(name, str(row.pk), field.label_from_instance(row), selected=True, index=place)
            )
        return [(None, options, 0)]

    def use_required_attribute(self, initial: Any) -> bool:
        return not self.is_hidden


class OfTenant(forms.ModelChoiceField):
    """A choice among the rows of the tenant at hand; `where` narrows further. No other row is a valid answer.

    `by` are the columns that a search looks into; the first one also sorts.
    """

    widget = Searchable

    def __init__(
        self,
        model: type[Model],
        *,
        where: dict[str, Any] | None = None,
        path: str = "tenant_id",
        by: Sequence[str] = ("name",),
        **kwargs: Any,
    ):
        self._model, self._where, self._path, self.by = model, where or {}, path, tuple(by)
        self._met: dict[str, Model] = {}
        kwargs.setdefault("empty_label", "—")
        super().__init__(queryset=model._default_manager.none(), **kwargs)

    def narrow(self, tenant_id: UUID | None) -> None:
        """Offer only what `tenant_id` has; without a tenant nothing."""
        manager = self._model._default_manager
        rows: QuerySet[Model] = manager.filter(**self._where, **{self._path: tenant_id})
        self.queryset = rows if tenant_id is not None else rows.none()
        self._met = {}

    def to_python(self, value: Any) -> Any:
        found = super().to_python(value)
        if found is not None:
            self._met[str(found.pk)] = found
        return found

    def among(self, keys: Sequence[str]) -> Iterable[Model]:
        """The rows with these keys, as far as they may be chosen; what the form has met already costs no query."""
        unmet = [key for key in keys if key not in self._met]
        try:
            rows = list(self._rows().filter(pk__in=unmet)) if unmet else []
        except (ValueError, TypeError, ValidationError):
            rows = []
        return [*(self._met[key] for key in keys if key in self._met), *rows]

    def find(self, term: str, page: int) -> tuple[list[tuple[str, str]], bool]:
        """One page of the choices that fit every word of `term`, and whether there are more."""
        rows = self._rows()
        for word in term.replace("\x00", "")[:LONGEST_TERM].split()[:MOST_WORDS]:
            fits = Q()
            for column in self.by:
                fits |= Q(**{f"{column}__icontains": word})
            rows = rows.filter(fits)
        first = (page - 1) * PAGE
        found = list(rows.order_by(self.by[0], "pk")[first : first + PAGE + 1])
        return [(str(row.pk), self.label_from_instance(row)) for row in found[:PAGE]], len(found) > PAGE

    def _rows(self) -> QuerySet[Model]:
        return self._model._default_manager.none() if self.queryset is None else self.queryset


def choices_answer(form: forms.Form, request: HttpRequest) -> JsonResponse:
    """The choices of the field that the request names, as select2 reads them."""
    field = form.fields.get(request.GET.get(ASKED, ""))
    if not isinstance(field, OfTenant):
        raise Http404("This form has no such choice.")
    asked = request.GET.get("page", "1")
    page = min(max(int(asked), 1), LAST_PAGE) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1
    found, more = field.find(request.GET.get("term", ""), page)
    return JsonResponse({"results": [{"id": key, "text": text} for key, text in found], "pagination": {"more": more}})
