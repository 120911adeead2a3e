"""A person goes through the admin in a real browser: every page draws, fits a phone and asks nothing of others."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from identities.admin.site import site
from scheduling.services import blocking
from tests.factories import pages, people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CHROMIUM = os.environ.get("STEWARD_TEST_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
PHONE, DESK = 390, 1280


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium, or say where it is in STEWARD_TEST_CHROMIUM")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        # Its event loop runs in this thread; the ORM is called between its steps, never inside one.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        browser = started.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Visit:
    """One browser window, with what went wrong in it."""

    def __init__(self, browser: Any, live_server: Any, *, width: int, scheme: str) -> None:
        self.home = live_server.url
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(f"{self.page.url}: {error}"))
        self.page.on("console", self._heard)
        self.page.on("response", self._answered)
        self.page.on("request", self._asked)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.home}{path}")

    def sign_in(self, email: str) -> None:
        self.go("/admin/login/")
        self.page.fill("[name=username]", email)
        self.page.fill("[name=password]", people.PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url("**/admin/")

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.wrong.append(f"{self.page.url}: {message.text}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400:
            self.wrong.append(f"{response.status} {response.url}")

    def _asked(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and not request.url.startswith(self.home):
            self.wrong.append(f"asked another host: {request.url}")


@pytest.mark.parametrize(("width", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_every_page_draws_fits_and_stays_at_home(chromium, live_server, width, scheme):
    ours = pages.estate("harbour")
    visit = Visit(chromium, live_server, width=width, scheme=scheme)
    visit.sign_in(ours.person.email)
    creating = [
        pages.adding(model)
        for model, admin in site._registry.items()
        if admin.creation and model is not type(ours.tenant)
    ]
    addresses = [
        "/admin/",
        *(pages.listing(model) for model in site._registry),
        *(pages.page(row) for row in ours.rows),
    ]
    for address in [*addresses, *creating, pages.command(ours.identity, "disable"), pages.command(ours.role, "edit")]:
        visit.go(address)
        assert visit.page.locator("h1, #changelist").count(), address
        assert visit.overflow() <= 0, address
    assert visit.wrong == []


def test_a_person_stops_an_identity_and_issues_a_secret(chromium, live_server):
    ours = pages.estate("harbour")
    visit = Visit(chromium, live_server, width=DESK, scheme="light")
    visit.sign_in(ours.person.email)
    visit.go(pages.listing(type(ours.identity)))
    visit.page.click("text=harbour-bot")
    visit.page.click("text=Issue secret")
    visit.page.click("form.sw-form button[type=submit]")
    secret = visit.page.inner_text("[data-secret]")
    assert secret.startswith("nhi_")
    visit.page.reload()
    assert secret not in visit.page.content()
    assert ours.identity.secrets.count() == 2
    visit.page.click("text=Disable")
    visit.page.fill("[name=reason]", "Seen where it should not be")
    visit.page.click("form.sw-form button[type=submit]")
    visit.page.wait_for_selector("text=This identity is disabled.")
    ours.identity.refresh_from_db()
    assert ours.identity.state_reason == "Seen where it should not be"
    assert visit.wrong == []


def test_the_switch_changes_the_tenant_by_itself(chromium, live_server):
    ours, theirs = pages.estate("harbour"), pages.estate("quayside")
    admin = people.platform_admin(of=ours.tenant)
    visit = Visit(chromium, live_server, width=DESK, scheme="dark")
    visit.sign_in(admin.email)
    visit.page.select_option("#sw-tenant", str(theirs.tenant.pk))
    visit.page.wait_for_selector("h1:has-text('quayside company')")
    assert visit.wrong == []


def test_the_next_runs_follow_what_one_types(chromium, live_server):
    ours = pages.estate("harbour")
    visit = Visit(chromium, live_server, width=DESK, scheme="light")
    visit.sign_in(ours.person.email)
    visit.go("/admin/scheduling/schedule/add/")
    visit.page.fill("[name=cron_expression]", "30 2 * * 1-5")
    visit.page.wait_for_selector("#sw-preview >> text=At 02:30, Monday to Friday")
    assert visit.page.locator("#sw-preview tbody tr").count() == 5
    assert visit.wrong == []


def test_a_schedule_that_cannot_act_turns_an_open_overview_red_within_ten_seconds(chromium, live_server):
    ours = pages.estate("harbour")
    visit = Visit(chromium, live_server, width=DESK, scheme="dark")
    visit.sign_in(ours.person.email)
    assert visit.page.locator(".sw-live .sw-notice").count() == 0
    run = pages.ended_run(ours.schedule, code="mint_refused", reason="No token")
    blocking.note_end(run, succeeded=False, cause="mint_refused", reason="No token", at=run.created_at)
    visit.page.wait_for_selector(".sw-live .sw-notice >> text=cannot act as its identity", timeout=10_000)
    run.schedule.refresh_from_db()
    blocking.note_end(run, succeeded=True, cause="", reason="", at=run.created_at)
    visit.page.wait_for_selector(".sw-live .sw-notice", state="detached", timeout=10_000)
    assert visit.wrong == []
