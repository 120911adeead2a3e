"""Which organisation and repository an object belongs to, by the addresses in it."""

import re

from identities.discovery.formats.members import Members, text

_REPOSITORY = re.compile(r"https?://[^/]+/(?:api/v3/)?repos/([\w.-]+)/([\w.-]+)")
_PAGE = re.compile(r"https?://[^/]+/([\w.-]+)/([\w.-]+)/")


def repository_of(item: Members) -> str:
    """ "owner/name" as the address of the object says; "" where none does."""
    address = text(item, "url", limit=400)
    page = text(item, "html_url", "badge_url", limit=400)
    found = _REPOSITORY.match(address) or _REPOSITORY.match(page) or _PAGE.match(page)
    return f"{found[1]}/{found[2]}" if found else ""


def organisation_of(repository: str) -> str:
    """The half before the slash, in small letters: GitHub tells no two accounts apart by their case."""
    return repository.partition("/")[0].lower()
