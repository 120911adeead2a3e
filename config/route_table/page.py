"""The page `docs/routes.md`, as it should read now."""

from collections.abc import Iterable, Sequence

from config.route_table import gathering
from config.route_table.gathering import AdminPage, Route
from config.route_table.words import DUTIES, ELSEWHERE, REACHES, SITE_PAGES
from identities.access import matrix
from identities.access.matrix import Duty
from identities.people.models import PortalRole

ROLES = (PortalRole.READ_ONLY, PortalRole.ANALYST, PortalRole.AUDITOR, PortalRole.ADMIN)
COMMAND = ".venv/bin/python manage.py route_table > docs/routes.md"

INTRO = f"""\
# Every route, and who may call it

Made from the code by `{COMMAND}`; a test fails while it is out of date.

A route asks for a *duty*, and the role of a person or a service user says how far that goes: **tenant** is one's own
tenant, **every tenant** all of them, **own** what is one's own, **–** a 403. A platform administrator reaches every
tenant wherever it says *tenant* for ADMIN. A managed identity has no role of this kind: it needs the permission in
the last column, from its role bindings, and is confined to its tenant; **–** there means that no managed identity
gets in. Service users are judged as people with the same role are, but never sign in to the admin.

## Duties

The API, the admin, the commands and the tasks ask the same table (`identities/access/matrix.py`).
"""

ROUTES = """\
## Routes of the API

*Everybody* needs no token: it is how one gets one, or says no more than what is public. A service may narrow a duty
further than a cell can say; what is wider than its row does not exist.
"""

OTHERS = """\
## Other routes

| route | who |
|---|---|"""

ADMIN = """\
## The same duties in the admin

Who may read a page, and who finds which of its buttons. A button takes the duty that its route takes; *own* is judged
on the thing itself. An AUDITOR reads; the only buttons they find are about what is asked of themselves.
"""


def text() -> str:
    """The whole page. Raises LookupError for a route or a duty that nobody has put into words."""
    parts = [
        INTRO,
        _table(("duty", "what it is"), [(f"`{duty}`", DUTIES[duty], *_reaches(duty)) for duty in Duty]),
        ROUTES,
        _routes(gathering.routes()),
        "\n".join([OTHERS, *(f"| `/{path}` | {ELSEWHERE[path]} |" for path in gathering.elsewhere())]) + "\n",
        ADMIN,
        *_admin(gathering.admin_pages(), gathering.site_pages()),
    ]
    return "\n".join(parts)


def _routes(found: Iterable[Route]) -> str:
    rows = [(f"`{it.method} {it.path}`", _does(it), *_who(it), _machine(it)) for it in found]
    return _table(("route", "does"), rows, "managed identity")


def _does(route: Route) -> str:
    return f"{route.does} ({route.only_for})" if route.only_for else route.does


def _who(route: Route) -> tuple[str, ...]:
    return ("everybody",) * len(ROLES) if route.duty is None else _reaches(route.duty)


def _machine(route: Route) -> str:
    if route.duty is None:
        return "everybody"
    return f"`{route.permission}`" if route.permission else "–"


def _admin(pages: Sequence[AdminPage], others: Sequence[tuple[str, str]]) -> Iterable[str]:
    read = [(page.name, f"`{page.path}`", *_reaches(page.read)) for page in pages]
    for name, path in others:
        called, duty = SITE_PAGES[name]
        read.append((called, f"`{path}`", *_reaches(duty)))
    yield _table(("page", "address"), read)
    buttons = [
        (page.name, ", ".join(labels), *_reaches(duty)) for page in pages for duty, labels in page.buttons.items()
    ]
    yield _table(("page", "buttons"), buttons)


def _reaches(duty: Duty) -> tuple[str, ...]:
    return tuple(REACHES[matrix.reach(role, duty)] for role in ROLES)


def _table(first: Sequence[str], rows: Iterable[Sequence[str]], *last: str) -> str:
    head = [*first, *(role.value for role in ROLES), *last]
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
