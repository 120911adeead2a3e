"""The benchmark of pages asks every page there is: one that nobody taught it to ask makes it fail, and this too."""

from typing import Any

from benchmarks.pages import asking, measuring
from identities.admin.site import site


def test_every_page_of_the_admin_is_asked_or_passed_over_for_a_reason():
    asked = {ask.page for ask in asking.asks(site, lambda _: None)}
    closed = {name for name in asking.names(site) if name.rpartition("_")[2] in asking.CLOSED}
    # A list where nobody makes anything, a page without a button.
    bare = {name for name in asking.names(site) if name.rpartition("_")[2] in {"add", "command"}}
    assert set(asking.names(site)) - asked - closed - bare == set(asking.PASSED) & set(asking.names(site))


def test_what_is_over_its_limit_is_marked():
    def figures(**given: Any) -> measuring.Figures:
        known: dict[str, Any] = {
            "status": 200,
            "queries": 12,
            "ms": 300.0,
            "python": 1.0,
            "postgres": 1.0,
            "slowest": "",
        }
        return measuring.Figures(asking.Ask("page", "", "/"), **(known | given))

    assert not figures().over
    assert not figures(status=403).over
    assert figures(queries=13).over == "13 queries"
    assert figures(ms=301.0).over == "301 ms"
    assert figures(status=0).over == "status 0"
