"""What the page of an object consists of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.urls import NoReverseMatch, reverse

from identities.admin.parts import Badge, Block, Fact, Link


@dataclass(frozen=True)
class Tab:
    """One tab; `blocks` is asked only when the tab is open, so that closed tabs cost no query."""

    key: str
    label: str
    blocks: Callable[[], Sequence[Block]]
    count: int | None = None


@dataclass(frozen=True)
class Page:
    """A title with badges and a lead, notices, and tabs; a page with one tab shows no tab bar."""

    title: str
    tabs: Sequence[Tab]
    badges: Sequence[Badge] = ()
    lead: object = ""
    facts: Sequence[Fact] = ()
    notices: Sequence[Block] = ()


@dataclass(frozen=True)
class Way:
    """A button that leads to a command's page."""

    label: str
    href: str
    icon: str = ""
    danger: bool = False
    primary: bool = False


def name_of(model: Any, view: str) -> str:
    """The name of an admin address: `admin:identities_team_change`."""
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}"


def page_of(obj: Any, **query: str) -> str:
    """The address of an object's page, empty where it has none."""
    try:
        address = reverse(name_of(obj, "change"), args=[quote(obj.pk)])
    except NoReverseMatch:
        return ""
    return f"{address}?{urlencode(query)}" if query else address


def address_of(model: Any, pk: object, **query: str) -> str:
    """The address of the page of the object with `pk`, without loading it."""
    address = reverse(name_of(model, "change"), args=[quote(str(pk))])
    return f"{address}?{urlencode(query)}" if query else address


def list_of(model: Any, **query: str) -> str:
    """The address of a list, filtered by `query`."""
    address = reverse(name_of(model, "changelist"))
    return f"{address}?{urlencode(query)}" if query else address


def new_of(model: Any, **query: str) -> str:
    """The address of the page that makes a new one, with fields filled in by `query`."""
    address = reverse(name_of(model, "add"))
    return f"{address}?{urlencode(query)}" if query else address


def command_of(obj: Any, key: str, item: object = "") -> str:
    """The address of a command on an object."""
    address = reverse(name_of(obj, "command"), args=[quote(obj.pk), key])
    return f"{address}?{urlencode({'item': str(item)})}" if item else address


def link_to(obj: Any, text: object = "") -> Link:
    """A link to an object's page, or its name alone where it has no page; empty for nothing."""
    if obj is None:
        return Link("")
    return Link(text or str(obj), page_of(obj))
