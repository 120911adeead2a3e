"""A cell of a page as a cell of a file: the words without the dress."""

from datetime import date, datetime
from typing import Any

from django.utils.html import strip_tags
from django.utils.safestring import SafeString

from identities.admin.parts.inline import Badge, Code, Lines, Link, Moment, Quiet

Plain = str | int | float | bool | date | datetime | None


def plain(value: Any) -> Plain:
    """What a piece says; an instant stays one, several lines are joined."""
    if value is None or isinstance(value, int | float | date):
        return value
    if isinstance(value, Moment):
        return value.at
    if isinstance(value, Badge | Code):
        return value.text
    if isinstance(value, Link | Quiet):
        return plain(value.text)
    if isinstance(value, Lines):
        return " · ".join(text for part in value.parts if (text := _text(plain(part))))
    if isinstance(value, str) and not isinstance(value, SafeString):
        return value
    return " ".join(strip_tags(str(value)).split())


def _text(value: Plain) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return "" if value is None else str(value)
