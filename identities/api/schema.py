"""What a view says of itself for the OpenAPI document: kept as it was said, until somebody makes the document.

Nothing of drf-spectacular's generator is loaded here: it brings a test client and takes a class for each method, eight
megabytes in every process that serves. `api.openapi` reads what is kept.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from rest_framework import serializers

from identities.api.serializers import ListQuery, Shape

View = TypeVar("View", bound=Callable[..., Any])
#: Problems of one route: status, code and what it says in words; on a 400 "member: what is wrong with it".
Problems = Iterable[tuple[int, str, str]]


@dataclass(frozen=True, slots=True)
class Described:
    """What one method takes and gives; the arguments of `describe`."""

    summary: str
    description: str
    body: type[Shape] | None
    query: type[ListQuery] | type[Shape] | None
    headers: Mapping[str, str]
    status: int
    answer: type[Shape] | None
    file: str
    examples: Mapping[str, Any]
    answers: Mapping[str, Any]
    problems: Problems


def page_of(shape: type[Shape]) -> type[Shape]:
    """The page shape of a list of `shape`: results, next, previous."""
    members: dict[str, Any] = {
        "__doc__": f"A page of {shape.__name__.removesuffix('Shape')}.",
        "results": shape(many=True, help_text="The rows of this page."),
        "next": serializers.URLField(allow_null=True, help_text="The next page, or null at the end."),
        "previous": serializers.URLField(allow_null=True, help_text="The page before, or null at the start."),
    }
    name = shape.__name__.removesuffix("Shape")
    return _PAGES.setdefault(shape, type(f"{name}PageShape", (Shape,), members))


_PAGES: dict[type[Shape], type[Shape]] = {}


def a_page(*rows: Mapping[str, Any]) -> dict[str, Any]:
    """An example of a list's answer: these rows on the only page."""
    return {"results": list(rows), "next": None, "previous": None}


def describe(
    summary: str,
    *,
    answer: type[Shape] | None,
    body: type[Shape] | None = None,
    query: type[ListQuery] | type[Shape] | None = None,
    headers: Mapping[str, str] | None = None,
    status: int = 200,
    listing: bool = False,
    file: str = "",
    examples: Mapping[str, Any] | None = None,
    answers: Mapping[str, Any] | None = None,
    description: str = "",
    problems: Problems = (),
) -> Callable[[View], View]:
    """What one method takes and gives; `examples` are bodies by name, `answers` what comes back, `description` is what
    the summary cannot hold, `problems` what it refuses in words of its own, `file` what comes back instead of a shape.
    """
    shape = page_of(answer) if listing and answer else answer
    said = Described(
        summary=summary,
        description=description or summary,
        body=body,
        query=query,
        headers=headers or {},
        status=status,
        answer=shape,
        file=file,
        examples=examples or {},
        answers=answers or {},
        problems=tuple(problems),
    )

    def described(view: View) -> View:
        view.described = said  # type: ignore[attr-defined]  # read again by `api.openapi`
        view.listed_by = query if listing else None  # type: ignore[attr-defined]  # by which lists are found
        return view

    return described
