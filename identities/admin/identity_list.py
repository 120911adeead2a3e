"""The list of the register: what surrounds its rows. Filters in groups, those in force, columns to order by, pages."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString

from identities.admin.identity_filters import GROUPS
from identities.admin.parts.markup import joined, markup

#: The columns as they stand: the member that one orders by ("" for none), and the header.
COLUMNS = (
    ("name", "Identity"), ("triage", "Triage"), ("environment", "Where"), ("business_owner_label", "Owner"),
    ("auth_method", "Proves itself by"), ("rotate_by", "Rotation"), ("last_used_at", "Last used"),
    ("completeness", "Complete"), ("reported_by", "Source"),
)  # fmt: skip
UNORDERED = frozenset({"reported_by"})


@dataclass(frozen=True)
class Control:
    """One filter as the sheet shows it."""

    name: str
    title: str
    value: str = ""
    options: SafeString | str = ""
    is_text: bool = False
    hint: str = ""
    type: str = ""


@dataclass(frozen=True)
class Group:
    """Filters that belong together."""

    title: str
    filters: tuple[Control, ...]


@dataclass(frozen=True)
class Chip:
    """A filter in force, and the list without it."""

    name: str
    title: str
    word: str
    without: str


@dataclass(frozen=True)
class Column:
    """A header; `href` orders by it, `sort` says how the list is ordered now."""

    label: str
    href: str = ""
    sort: str = ""


def surroundings(request: HttpRequest, changelist: Any) -> dict[str, Any]:
    """What the template of the list needs beside the rows."""
    chips = _chips(request, changelist)
    page = changelist.page_num
    return {
        "filter_sheet": _sheet(tuple(_groups(request, changelist))),
        "chips": chips,
        "owner_chip": next((chip for chip in chips if chip.name == "owner"), None),
        "kept": [(spec.parameter_name, spec.value()) for spec in changelist.filter_specs if _is_kept(spec)],
        "columns": _columns(changelist),
        "paginator": changelist.paginator,
        "previous_page": changelist.get_query_string({"p": page - 1}) if page > 1 else "",
        "next_page": changelist.get_query_string({"p": page + 1}) if page < changelist.paginator.num_pages else "",
    }


@lru_cache(maxsize=64)
def _sheet(groups: tuple[Group, ...]) -> SafeString:
    """The filters as one may set them. Drawn once for those who see the same: it is most of what the page holds."""
    return joined(
        "<fieldset><legend>{}</legend>{}</fieldset>",
        (
            (group.title, joined("<label><span>{}</span>{}</label>", ((it.title, _field(it)) for it in group.filters)))
            for group in groups
        ),
    )


def _field(control: Control) -> SafeString:
    if control.is_text:
        return markup(
            '<input type="text" name="{}" value="{}" placeholder="{}" maxlength="200">',
            control.name, control.value, control.hint,
        )  # fmt: skip
    if control.type:
        return markup('<input type="{}" name="{}" value="{}">', control.type, control.name, control.value)
    chosen = SafeString(' class="sw-set"') if control.value else ""
    return markup('<select name="{}"{}>{}</select>', control.name, chosen, control.options)


def _is_kept(spec: Any) -> bool:
    return not getattr(spec, "is_offered", True) and bool(spec.value())


def _groups(request: HttpRequest, changelist: Any) -> list[Group]:
    specs = {type(spec): spec for spec in changelist.filter_specs}
    groups = [Group(title, tuple(_control(specs[kind]) for kind in kinds if kind in specs)) for title, kinds in GROUPS]
    ends = [("last_used_at_from", "Last used from"), ("last_used_at_to", "Last used to")]
    days = [Control(name, title, request.GET.get(name, ""), type="date") for name, title in ends]
    return [Group(group.title, (*group.filters, *days)) if group.title == "Time" else group for group in groups]


def _control(spec: Any) -> Control:
    value = spec.value() or ""
    if getattr(spec, "is_text", False):
        return Control(spec.parameter_name, spec.title, value, is_text=True, hint=spec.hint)
    return Control(spec.parameter_name, spec.title, value, _options(spec, value))


def _options(spec: Any, value: str) -> SafeString:
    choices = [("", "All"), *((str(word), str(label)) for word, label in spec.lookup_choices)]
    if value and value not in dict(choices):
        choices.append((value, _word(spec)))
    # The same choices are drawn once: those of most filters never change.
    return _drawn(tuple(choices), value)


@lru_cache(maxsize=256)
def _drawn(choices: tuple[tuple[str, str], ...], value: str) -> SafeString:
    return joined(
        '<option value="{}"{}>{}</option>',
        ((word, SafeString(" selected") if word == value else "", label) for word, label in choices),
    )


def _word(spec: Any) -> str:
    found = {str(word): str(label) for word, label in spec.lookup_choices}
    return found.get(spec.value(), "as chosen" if not getattr(spec, "is_text", False) else spec.value())


def _chips(request: HttpRequest, changelist: Any) -> list[Chip]:
    chips = []
    for spec in changelist.filter_specs:
        name = str(getattr(spec, "parameter_name", ""))
        if hasattr(spec, "lookup_choices") and spec.value():
            without = changelist.get_query_string(remove=[name, "p"])
            chips.append(Chip(name, spec.title, _word(spec), without))
    for name, title in (("last_used_at_from", "Last used from"), ("last_used_at_to", "Last used to")):
        if value := request.GET.get(name):
            chips.append(Chip(name, title, value[:20], changelist.get_query_string(remove=[name, "p"])))
    return chips


def _columns(changelist: Any) -> list[Column]:
    by = changelist.get_ordering_field_columns()
    columns = []
    for place, (member, label) in enumerate(COLUMNS):
        if member in UNORDERED:
            columns.append(Column(label))
            continue
        now = by.get(place, "")
        turned = f"-{place}" if now == "asc" else str(place)
        sort = {"asc": "ascending", "desc": "descending"}.get(now, "")
        columns.append(Column(label, changelist.get_query_string({"o": turned}, ["p"]), sort))
    return columns
