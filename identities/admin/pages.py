"""What the page of an object consists of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.admin.utils import quote
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse

from identities.admin.parts import Badge, Block, Fact, Link

#: Stands in a remembered address where a key goes.
NO_KEY = str(UUID(int=0))


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
    badges: Sequence[Badge | Link] = ()
    lead: object = ""
    facts: Sequence[Fact] = ()
    notices: Sequence[Block] = ()
    #: Whether the page renews itself until this is over, as of a run that is going.
    follows: bool = False


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
        address = _of_one(name_of(obj, "change"), obj.pk)
    except NoReverseMatch:
        return ""
    return f"{address}?{urlencode(query)}" if query else address


def address_of(model: Any, pk: object, **query: str) -> str:
    """The address of the page of the object with `pk`, without loading it."""
    address = _of_one(name_of(model, "change"), pk)
    return f"{address}?{urlencode(query)}" if query else address


def list_of(model: Any, **query: str) -> str:
    """The address of a list, filtered by `query`."""
    address = _address(name_of(model, "changelist"), get_script_prefix(), get_urlconf())
    return f"{address}?{urlencode(query)}" if query else address


def new_of(model: Any, **query: str) -> str:
    """The address of the page that makes a new one, with fields filled in by `query`."""
    address = reverse(name_of(model, "add"))
    return f"{address}?{urlencode(query)}" if query else address


def command_of(obj: Any, key: str, item: object = "") -> str:
    """The address of a command on an object."""
    address = _of_one(name_of(obj, "command"), obj.pk, key)
    return f"{address}?{urlencode({'item': str(item)})}" if item else address


def _of_one(name: str, pk: object, *rest: str) -> str:
    """The address of something of the object with `pk`. A list asks for hundreds: what differs is only the key."""
    if not isinstance(pk, UUID):
        return reverse(name, args=[quote(str(pk)), *rest])
    return _address(name, get_script_prefix(), get_urlconf(), NO_KEY, *rest).replace(NO_KEY, quote(str(pk)), 1)


@lru_cache(maxsize=512)
def _address(name: str, prefix: str, urlconf: str | None, *args: str) -> str:
    """`reverse`, remembered for as long as the addresses are the same: `prefix` is what a server puts before them."""
    return reverse(name, urlconf=urlconf, args=args)


def link_to(obj: Any, text: object = "") -> Link:
    """A link to an object's page, or its name alone where it has no page; empty for nothing."""
    if obj is None:
        return Link("")
    return Link(text or str(obj), page_of(obj))
