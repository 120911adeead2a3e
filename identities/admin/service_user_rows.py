"""How a service user is drawn: what its session is worth, how old its password is, where the way out stands."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from identities.admin.identity_rows import TRIAGE_TONES
from identities.admin.pages import page_of
from identities.admin.parts import Badge, Lines, Link, Moment, Quiet
from identities.admin.person_forms import ROLE_TONES
from identities.admin.service_user_forms import SPARINGLY
from identities.admin.wording import span, words
from identities.inventory.vocabulary import Triage
from identities.people.models import PortalRole
from identities.service_users.models import ReplacementState

#: What each of the seven reasons of a failed refresh means, for who has to mend it.
REASONS = {
    "verification-failed": "its refresh token is past its end, or not one of ours",
    "invalid-payload": "its refresh token lacks what it must hold",
    "missing-refresh-state": "nothing is known here of its refresh token",
    "token-invalidated": "its session was ended here",
    "password-rotated": "its password was changed, and it has not signed in with the new one",
    "refresh-id-mismatch": "a refresh token was used twice: two hands hold it, and the session is over",
    "hash-mismatch": "its refresh token is not the one that was given out",
}
OLD_PASSWORD_DAYS = 365
REPLACED = {ReplacementState.BOTH_ALIVE: ("being replaced", "info"), ReplacementState.MOVED: ("replaced", "good")}


def role_badge(user: Any) -> Badge:
    """Its portal role; of an ADMIN, that this is to be used sparingly."""
    role = PortalRole(user.role)
    if role is PortalRole.ADMIN:
        return Badge(role.value, "warn", SPARINGLY)
    return Badge(role.value, ROLE_TONES.get(role, "quiet"))


def state_badge(user: Any) -> Badge:
    """Whether it may sign in."""
    if not user.is_active:
        return Badge("disabled", "quiet")
    return Badge("must choose a password", "warn") if user.must_reset_password else Badge("active", "good")


def triage_badge(user: Any) -> object:
    """Its colour in the register, as a way there."""
    row = getattr(user, "register_row", None)
    if row is None:
        return Quiet("not yet entered")
    return Link(Badge(row.triage, TRIAGE_TONES.get(Triage(row.triage), "quiet"), "Why"), page_of(row, tab="triage"))


def refresh_state(user: Any) -> object:
    """Whether its session goes on by itself: failing, going on, or none."""
    if not user.is_active:
        return Quiet("shut out")
    if user.refresh_invalidated_at is not None:
        why = REASONS.get(user.refresh_invalidated_reason, "")
        badge = Badge("failing", "bad", why)
        return Lines([badge, Moment(user.refresh_invalidated_at)])
    if user.session_until is not None:
        return Lines([Badge("goes on", "good"), Lines([Quiet("ends"), Moment(user.session_until)], row=True)])
    return Quiet("no session")


def password_age(user: Any) -> object:
    """How old its password is; it never ends by age."""
    if user.password_set_at is None:
        return Quiet("none")
    age = timezone.now() - user.password_set_at
    said = span(age)
    return (
        Badge(said, "warn", "Change it now and then: it does not end by itself.")
        if age.days > OLD_PASSWORD_DAYS
        else said
    )


def replacement_badge(user: Any) -> object:
    """Where the way out stands."""
    said = REPLACED.get(user.replacement_state)
    return Badge(*said) if said else Quiet("–")


def why_failing(reason: str) -> str:
    """A reason in words, with the word itself for who searches the log."""
    said = REASONS.get(reason)
    return f"{said[0].upper()}{said[1:]} ({reason})." if said else f"{words(reason)}."


def ended_words(why: str) -> str:
    """What ended a session."""
    return {
        "expired": "past its end",
        "signed-out": "signed out",
        "account-disabled": "the account was disabled",
        "reset-forced": "a new password was asked for",
        "password-changed": "the password was changed",
        "replayed": "a refresh token was used twice",
        "not-stored": "the vault did not take its tokens",
        "restored": "Steward was restored from a backup",
    }.get(why, why.replace("-", " "))


def last_seen(at: datetime | None) -> Moment:
    """When it signed in last."""
    return Moment(at, "never signed in")
