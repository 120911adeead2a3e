"""A reviewer answers from the keyboard, in a real browser: one key each, the whole item in sight, nothing to scroll."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from identities.recertification.models import ReviewDecision, ReviewItem
from tests.factories import pages, people, reviews
from tests.journeys.test_admin_pages import ARGUMENTS, CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
#: Twenty in three minutes.
A_PIECE = 9.0


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium, or say where it is in STEWARD_TEST_CHROMIUM")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        browser = started.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def cast(transactional_db):
    return reviews.Cast()


def opened(chromium, live_server, cast, campaign, **window):
    page = chromium.new_page(viewport={"width": 1280, "height": 800, **window})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(f"{live_server.url}/admin/login/")
    page.fill("[name=username]", cast.owner.email)
    page.fill("[name=password]", people.PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")
    page.goto(f"{live_server.url}{pages.page(campaign).replace('/change/', '/review/')}")
    return page, wrong


def at(page, place):
    page.wait_for_selector(f".sw-review[data-place^='{place}']", timeout=15_000)


def test_a_handful_is_answered_without_a_mouse(chromium, live_server, cast):
    for name in ("a-anchor", "b-buoy", "c-crane", "d-dock", "e-eddy"):
        identity = cast.identity(name=name)
        if name in {"b-buoy", "c-crane"}:
            reviews.unused(identity, "workflow.execute", name=f"role of {name}")
    campaign = cast.launch()
    ReviewItem.objects.filter(identity__name__in=("a-anchor", "e-eddy")).update(recommendation="certify", unclear=[])
    page, wrong = opened(chromium, live_server, cast, campaign)
    began = time.monotonic()
    at(page, "1 of 5")
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0, "one item in one screen"
    page.keyboard.press("j")
    at(page, "2 of 5")
    page.keyboard.press("k")
    at(page, "1 of 5")
    page.keyboard.press("c")
    at(page, "2 of 5")
    page.wait_for_function("document.getElementById('sw-review-said').textContent.includes('a-anchor is certified')")
    page.keyboard.press("r")
    assert page.locator("details[open] input[type=checkbox]:checked").count() == 1
    page.keyboard.press("Enter")
    at(page, "3 of 5")
    page.keyboard.press("r")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_selector(".sw-review-wrong:not([hidden])")
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    at(page, "4 of 5")
    page.keyboard.press("u")
    page.keyboard.press("Enter")
    page.wait_for_function("document.getElementById('sw-review-said').textContent.includes('c-crane has back')")
    page.keyboard.press("a")
    page.keyboard.type(cast.deputy.email)
    page.keyboard.press("Enter")
    at(page, "4 of 4")
    page.keyboard.press("c")
    page.wait_for_selector("text=All 4 answered")
    assert time.monotonic() - began < A_PIECE * 5
    given = ReviewDecision.objects.filter(item__campaign=campaign)
    assert dict(given.values_list("item__identity__name", "decision")) == {
        "a-anchor": "certify",
        "b-buoy": "reduce",
        "c-crane": "revoke",
        "d-dock": "reassign",
        "e-eddy": "certify",
    }
    revoked = ReviewDecision.objects.get(decision="revoke")
    assert (revoked.reason, revoked.undone_reason) == ("Its project has ended", "Answered too fast")
    assert revoked.seconds is not None
    assert [said for said in wrong if "422" not in said] == []


def test_the_help_and_a_narrow_window(chromium, live_server, cast):
    cast.identity(name="anchor")
    page, wrong = opened(chromium, live_server, cast, cast.launch(), width=390, height=844)
    page.keyboard.press("?")
    assert page.locator("#sw-review-help").is_visible()
    page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert wrong == []
