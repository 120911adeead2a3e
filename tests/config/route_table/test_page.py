"""The table of routes is in the docs, as the code has it, and misses nothing."""

import pytest

from config.route_table import gathering, page
from config.route_table.words import DUTIES, ELSEWHERE, SITE_PAGES
from identities.access import matrix
from identities.access.matrix import Duty
from tests.architecture.contract import ROOT
from tests.identities.api import route_table as expected

TABLE = ROOT / "docs" / "routes.md"


@pytest.fixture(scope="module")
def text():
    return page.text()


def rows(text):
    return [
        [cell.strip(" `") for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")
    ]


def test_the_page_in_the_docs_is_current(text):
    assert TABLE.read_text(encoding="utf-8") == text, f"out of date: {page.COMMAND}"


def test_every_route_has_a_row_with_the_reach_of_each_role_and_the_permission_of_a_machine(text):
    found = {cells[0]: cells[2:] for cells in rows(text) if "/api/" in cells[0] and " " in cells[0]}
    wanted = {}
    for row in expected.ROWS:
        reaches = [page.REACHES[matrix.reach(role, Duty(row.duty))] for role in page.ROLES]
        path = gathering.PARAMETER.sub(r"{\1}", row.route)
        wanted[f"{row.method} /{path}"] = [*reaches, row.machine or "–"]
    wanted |= {f"{method} /{route}": ["everybody"] * 5 for method, route in expected.OPEN}
    assert found == wanted


def test_a_route_without_a_duty_is_an_error(monkeypatch):
    view = next(view for path, view in gathering.views() if path == "api/roles")
    monkeypatch.setattr(view, "duties", {})
    with pytest.raises(LookupError, match="GET api/roles"):
        gathering.routes()


def test_nothing_is_put_into_words_that_is_gone():
    assert set(ELSEWHERE) == set(gathering.elsewhere())
    assert set(SITE_PAGES) == {name for name, _ in gathering.site_pages()}
    assert set(DUTIES) == set(Duty)


def test_every_page_of_the_admin_says_who_reads_it(text):
    addresses = {page.path for page in gathering.admin_pages()}
    assert addresses == {f"/admin/{name.replace('.', '/')}/" for name in expected.PAGES}
    assert all(f"| `{address}` |" in text for address in addresses)


def test_a_button_stands_under_the_duty_that_it_takes():
    schedules = next(page for page in gathering.admin_pages() if page.name == "Schedules")
    assert "Run now" in schedules.buttons[Duty.OPERATE_SCHEDULE]
    assert "New schedule" in schedules.buttons[Duty.GOVERN]


def test_accounts_are_governed_by_one_duty_over_the_api_and_in_the_admin():
    over_the_api = {route.duty for route in gathering.routes() if route.path.startswith("/api/users/{id}")}
    pages = [page for page in gathering.admin_pages() if page.name in {"People", "Service users"}]
    assert len(pages) == 2
    assert {duty for page in pages for duty in page.buttons} == over_the_api == {Duty.GOVERN}
