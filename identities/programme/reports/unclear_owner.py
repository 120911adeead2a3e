"""Credentials with no clear owner."""

from identities.programme.reports.listed import Listed


class UnclearOwner(Listed):
    """Credentials with no clear owner."""

    name = "unclear-owner"
    title = "Credentials with no clear owner"
    key = "unowned"
    position = 50
    why = (
        "No named person is business or technical owner. A name in brackets came from an import and matches "
        "nobody. When one of these expires or leaks, nobody will know what to do."
    )
    nothing = "Every identity has a named owner."
