"""Orphaned integrations."""

from identities.programme.reports.listed import Listed


class Orphaned(Listed):
    """Orphaned integrations."""

    name = "orphaned"
    title = "Orphaned integrations"
    key = "orphaned"
    position = 40
    why = (
        "Nobody active is left in the chain technical owner, business owner, team. Each is suspect until somebody "
        "proves that it is needed: find out who depends on it before you stop it, for it may hold up something "
        "that nobody remembers."
    )
    nothing = "Somebody answers for every identity."
