"""The tabs of a service user's page: what it is, its sessions, and the failed refreshes that were found."""

from typing import Any

from django.utils import timezone

from identities.admin.pages import command_of, link_to, page_of
from identities.admin.parts import Badge, Block, Code, Empty, Fact, Facts, Lines, Link, Moment, Quiet, Table
from identities.admin.person_forms import ROLE_HELP
from identities.admin.service_user_rows import (
    ended_words,
    last_seen,
    password_age,
    refresh_state,
    triage_badge,
    why_failing,
)
from identities.people.models import PortalRole
from identities.service_users import selectors
from identities.service_users.models import RefreshIncident

SHOWN = 25


def about(user: Any) -> list[Block]:
    """The account, how it signs in, and its row in the register."""
    role = PortalRole(user.role)
    account = [
        Fact("Portal role", role.value, ROLE_HELP[role]),
        Fact("Tenant", str(user.tenant)),
        Fact("Made", Moment(user.created_at)),
        Fact("E-mail address", Code(user.email, copy=True), wide=True),
        Fact("Id", Code(str(user.pk), copy=True), wide=True),
    ]
    signing_in = [
        Fact("Last sign-in", last_seen(user.last_login)),
        Fact("Refresh", refresh_state(user)),
        Fact("Password age", password_age(user), "It does not end by age."),
        Fact("Incidents", user.incidents, "failed refreshes within 30 days"),
    ]
    return [Facts("Account", account), Facts("How it signs in", signing_in), _register(user)]


def _register(user: Any) -> Block:
    row = getattr(user, "register_row", None)
    if row is None:
        return Empty("Not in the register yet", "It is entered within a minute.", icon="smart_toy")
    owner = row.technical_owner or row.technical_owner_label
    facts = [
        Fact("Identity", Link(row.name, page_of(row))),
        Fact("Triage", triage_badge(user)),
        Fact("State", row.state),
        Fact("Answers for it", link_to(owner) if row.technical_owner else Badge(owner or "nobody", "warn")),
        Fact("Last used", Moment(row.last_used_at, "not seen yet")),
        Fact("Team", link_to(row.owner_team) if row.owner_team else ""),
        Fact("Purpose", row.purpose, wide=True),
    ]
    text = (
        "A service user is an identity like any other: owned, reviewed, quarantined. Stopping it there stops it here."
    )
    return Facts("In the register", facts, text)


def sessions(user: Any, *, may_govern: bool) -> list[Block]:
    """Each sign-in with what followed from it, and the ways to begin or end one."""
    found = selectors.sessions_of(user, at=timezone.now(), limit=SHOWN)
    rows = [
        [
            Badge("goes on", "good") if not one.ended else Badge("over", "quiet", ended_words(one.ended)),
            Moment(one.began),
            Lines([Moment(one.continued), Quiet(f"{one.refreshes} refreshes" if one.refreshes != 1 else "1 refresh")]),
            Moment(one.ends) if not one.ended else Quiet(ended_words(one.ended)),
        ]
        for one in found
    ]
    empty = Empty("It never signed in", "A session begins with a sign-in and goes on by refreshing.", icon="login")
    text = "A session goes on as long as it is refreshed in time, each refresh token once."
    store = end = None
    if may_govern and user.is_active:
        store = None if user.must_reset_password else Link("Tokens to a vault", command_of(user, "tokens"))
        end = Link("End all sessions", command_of(user, "end-sessions"))
    heads = ["Session", "Began", "Last continued", "Ends"]
    return [Table("Sessions", heads, rows, empty, text if rows else "", action=store, also=end if rows else None)]


def incidents(user: Any) -> list[Block]:
    """The failed refreshes that the health check found."""
    rows = [_incident(one) for one in selectors.incidents_of(user)[:SHOWN]]
    empty = Empty(
        "No refresh has failed",
        "The agent health check looks each hour. What it finds is listed here, told to whoever answers for this "
        "service user, and counted for the alarm.",
        icon="check_circle",
    )
    return [Table("Failed refreshes", ["When", "Why", "Cause", "Found"], rows, empty)]


def _incident(one: RefreshIncident) -> list[object]:
    cause = str(one.metadata.get("cause") or "")
    why = Lines([why_failing(one.reason)])
    return [Moment(one.failed_at), why, ended_words(cause) if cause else Quiet("not known"), Moment(one.found_at)]
