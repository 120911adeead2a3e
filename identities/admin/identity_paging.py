"""Pages of a list that may hold a million rows: counted no further than is read, and no deeper than is useful."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator

#: Of an ordinary list; a search is counted less far, since each row counted must be looked at.
MOST, MOST_FOUND = 10_000, 1_000


class BoundedPaginator(Paginator):
    """Stops counting at `most`; then `is_capped`, and the pages end there too."""

    def __init__(self, object_list: Any, per_page: int, *, most: int = MOST, **kwargs: Any) -> None:
        super().__init__(object_list, per_page, **kwargs)
        self.most = most

    @cached_property
    def counted(self) -> int:
        """At most one more than `most`."""
        rows: Any = getattr(self.object_list, "counted_by", self.object_list)
        return int(self.keys(rows)[: self.most + 1].count())

    def keys(self, rows: Any) -> Any:
        """What is counted of `rows`."""
        return rows.order_by().values("pk")

    @cached_property
    def count(self) -> int:
        return min(self.counted, self.most)

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than pages."""
        return self.counted > self.most

    @property
    def said(self) -> str:
        """The count in words: "7", "10,000+"."""
        return f"{self.count:,}" + ("+" if self.is_capped else "")
