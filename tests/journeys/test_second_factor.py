"""A person signs in with a passkey in a real browser, and with an app."""

from typing import Any

import pytest

from identities.people import second_factor
from tests.factories import factors, people
from tests.journeys.test_admin_pages import DESK, PHONE, Visit, chromium  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def visit(browser: Any, live_server: Any, *, width: int = DESK, scheme: str = "light") -> Visit:
    """At a name: a browser makes no passkey for a bare address."""
    made = Visit(browser, live_server, width=width, scheme=scheme)
    made.home = live_server.url.replace("127.0.0.1", "localhost")
    return made


def with_key(visit: Visit) -> Any:
    """Plug a key into the browser."""
    tools = visit.page.context.new_cdp_session(visit.page)
    tools.send("WebAuthn.enable")
    return tools, tools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})["authenticatorId"]


def first_step(visit: Visit, email: str) -> None:
    visit.go("/admin/login/")
    visit.page.fill("[name=username]", email)
    visit.page.fill("[name=password]", people.PASSWORD)
    visit.page.click("button[type=submit]")


def test_a_required_passkey_is_made_at_the_first_sign_in_and_opens_the_next(chromium, live_server, settings):  # noqa: F811
    settings.STEWARD_SECOND_FACTOR = "required"
    person = people.person()
    seen = visit(chromium, live_server)
    with_key(seen)
    first_step(seen, person.email)
    seen.page.wait_for_url("**/login/enrolment/")
    seen.page.fill("[name=name]", "Laptop")
    seen.page.click("text=Make a passkey")
    seen.page.wait_for_selector(".sw-codes")
    assert len(seen.page.query_selector_all(".sw-codes code")) == 10
    assert [factor.name for factor in second_factor.factors(person)] == ["Laptop"]

    seen.page.context.clear_cookies()
    first_step(seen, person.email)
    seen.page.wait_for_url("**/login/second-factor/")
    seen.page.click("text=Use a passkey")
    seen.page.wait_for_url("**/admin/")
    assert second_factor.factors(person)[0].used_at is not None
    assert seen.wrong == []


def test_somebody_elses_passkey_opens_nothing(chromium, live_server):  # noqa: F811
    one, other = people.person(), people.person()
    seen = visit(chromium, live_server)
    tools, key = with_key(seen)
    for person in (one, other):
        seen.page.context.clear_cookies()
        first_step(seen, person.email)
        seen.page.wait_for_url("**/admin/")
        seen.go("/admin/me/second-factor/add/")
        seen.page.click("text=Make a passkey")
        seen.page.wait_for_selector(".sw-codes")
        if person is one:
            tools.send("WebAuthn.clearCredentials", {"authenticatorId": key})
    seen.page.context.clear_cookies()
    first_step(seen, one.email)
    seen.page.wait_for_url("**/login/second-factor/")
    seen.page.click("text=Use a passkey")
    seen.page.wait_for_selector("[data-passkey-said]:not([hidden])")
    assert "/login/second-factor/" in seen.page.url


@pytest.mark.parametrize(("width", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_every_page_of_ones_own_fits(chromium, live_server, width, scheme):  # noqa: F811
    person = people.person()
    seen = visit(chromium, live_server, width=width, scheme=scheme)
    first_step(seen, person.email)
    seen.page.wait_for_url("**/admin/")
    pages = [f"/admin/me/?tab={tab}" for tab in ("about", "history", "sessions", "second-factor")]
    for path in [*pages, "/admin/me/second-factor/add/", "/admin/me/second-factor/codes/", "/admin/me/confirm/"]:
        seen.go(path)
        assert seen.overflow() <= 0, path
    factors.with_app(person)
    seen.page.context.clear_cookies()
    first_step(seen, person.email)
    seen.page.wait_for_url("**/login/second-factor/")
    assert seen.overflow() <= 0
    assert seen.wrong == []
