"""What a person proves beside the password. With `passkeys` and `proofs` the only door to django-allauth's factors.

People alone: a service user or a managed identity has no second factor, is asked for none and can be given none.
"""

import secrets
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from audit.models import AuditEvent
from identities.errors import Conflict, Invalid, Missing, Refused
from identities.events import PersonEvent
from identities.people import notices, one_time_codes
from identities.people.actors import subject_of
from identities.people.models import User
from identities.people.refresh_reasons import Cause
from identities.people.services import rules, sessions

MOST_PASSKEYS = 10
NAME_LENGTH = 60
SEED_BYTES = 20  # RFC 4226 §4, R6
APP = "Authenticator app"
NOT_YOU = "If that was not you, change your password now and tell an administrator."


class Policy(StrEnum):
    """STEWARD_SECOND_FACTOR."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Kind(StrEnum):
    """What a factor is; the values are django-allauth's."""

    APP = "totp"
    PASSKEY = "webauthn"
    RECOVERY = "recovery_codes"


class Asked(StrEnum):
    """What a sign-in with the right password still needs."""

    NOTHING = "nothing"
    PROOF = "proof"
    ENROLMENT = "enrolment"


@dataclass(frozen=True)
class Factor:
    """One factor as its owner sees it."""

    id: int
    kind: Kind
    name: str
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class Added:
    """`codes` is not empty for somebody's first factor: their recovery codes, which are shown now and never again."""

    kind: Kind
    codes: list[str] = field(default_factory=list, repr=False)


def policy() -> Policy:
    """What this installation asks of people."""
    return Policy(settings.STEWARD_SECOND_FACTOR)


def asked_of(user: User) -> Asked:
    """What this account's sign-in needs beside the password; asks the database only for people, and once."""
    now = policy()
    if user.is_agent or now is Policy.OFF:
        return Asked.NOTHING
    if _firm(user).exists():
        return Asked.PROOF
    return Asked.ENROLMENT if now is Policy.REQUIRED else Asked.NOTHING


def has_one() -> Q:
    """Of accounts: those with a second factor."""
    return Q(pk__in=Authenticator.objects.filter(type__in=(Kind.APP, Kind.PASSKEY)).values("user_id"))


def must_enrol(user: User) -> bool:
    """Whether this person has to set up a second factor before anything else; no query where none is required."""
    return policy() is Policy.REQUIRED and asked_of(user) is Asked.ENROLMENT


def factors(user: User) -> list[Factor]:
    """The app and the passkeys of a person, the oldest first."""
    return [_shown(row) for row in _firm(user).order_by("created_at", "pk")]


def recovery_codes_left(user: User) -> int:
    """How many recovery codes still work."""
    row = _rows(user).filter(type=Kind.RECOVERY).first()
    return len(RecoveryCodes(row).get_unused_codes()) if row else 0


def new_seed() -> str:
    """A seed for an app, in base32; nothing is kept."""
    return b32encode(secrets.token_bytes(SEED_BYTES)).decode()


def address_of_seed(user: User, seed: str) -> str:
    """The `otpauth:` address that an app reads from a picture."""
    return str(get_adapter().build_totp_url(user, seed))


def picture_of(address: str) -> str:
    """That address as a QR code, in SVG."""
    return str(get_adapter().build_totp_svg(address))


@transaction.atomic
def add_app(user: User, *, seed: str, code: str, actor: Actor) -> Added:
    """Take an app that shows `code` for `seed`; one that was there is replaced. Raises Invalid naming `code`."""
    locked = _lock(user)
    at = timezone.now()
    counter = one_time_codes.counter_of(seed, code, at=at)
    if counter is None:
        raise Invalid({"code": ["This is not the code the app shows now. Is the clock of your device right?"]})
    replaced, _ = _rows(locked).filter(type=Kind.APP).delete()
    row = TOTP.activate(locked, seed).instance
    one_time_codes.note_use(row, counter)
    return _added(locked, Kind.APP, actor, {"replaced": True} if replaced else {})


@transaction.atomic
def keep_passkey(user: User, *, name: str, credential: Mapping[str, Any], actor: Actor) -> Added:
    """Keep a passkey whose registration was verified (`passkeys.add`)."""
    from allauth.mfa.webauthn.internal.auth import WebAuthn  # slow to import: with it comes all of fido2

    locked = _lock(user)
    held = _rows(locked).filter(type=Kind.PASSKEY)
    if held.count() >= MOST_PASSKEYS:
        raise Conflict(f"At most {MOST_PASSKEYS} passkeys.", code="too_many_passkeys")
    label = name.strip()[:NAME_LENGTH] or "Passkey"
    WebAuthn.add(locked, label, dict(credential))
    return _added(locked, Kind.PASSKEY, actor, {"name": label})


@transaction.atomic
def remove(user: User, *, factor_id: int, actor: Actor) -> None:
    """Take one factor away; recovery codes go with the last. Raises Missing, and Conflict for the last one where the
    installation requires one: whoever changes over adds the new one first."""
    locked = _lock(user)
    row = _firm(locked).filter(pk=factor_id).first()
    if row is None:
        raise Missing("There is no such second factor.")
    is_last = not _firm(locked).exclude(pk=row.pk).exists()
    if is_last and policy() is Policy.REQUIRED:
        raise Conflict("A second factor is required here: add another before you remove this one.", code="last_factor")
    gone = _shown(row)
    (_rows(locked) if is_last else _rows(locked).filter(pk=row.pk)).delete()
    details = {"kind": gone.kind.value, "name": gone.name, "is_last": is_last}
    event = audit.record(PersonEvent.SECOND_FACTOR_REMOVED, actor=actor, subject=subject_of(locked), details=details)
    _tell_of(event, locked, "A second factor was removed from your account", f"{gone.name}. {NOT_YOU}")


@transaction.atomic
def renew_recovery_codes(user: User, *, actor: Actor) -> list[str]:
    """Ten new recovery codes, to be shown once; the old ones end. Raises Conflict for who has no second factor."""
    locked = _lock(user)
    if not _firm(locked).exists():
        raise Conflict("Recovery codes stand beside a second factor: add one first.", code="no_second_factor")
    _rows(locked).filter(type=Kind.RECOVERY).delete()
    return _make_codes(locked, actor)


@transaction.atomic
def reset(user: User, *, actor: Actor, reason: str) -> None:
    """Take away every second factor of somebody who has lost theirs; every session at the API ends.

    Their password alone opens the door then, and where a second factor is required, only as far as to a new one.
    They are told. Raises Invalid without a reason; Refused for an account that reaches beyond its tenant
    (`rules.check_account`) and for one's own, whose page asks for the password; Conflict where there is nothing.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say why."]})
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    rules.check_account(locked, actor)
    if actor.id == str(locked.pk):
        raise Refused("Remove your own second factor on your own page.")
    kinds = sorted(set(_rows(locked).values_list("type", flat=True)))
    if not kinds:
        raise Conflict(f"{locked.email} has no second factor.", code="no_second_factor")
    _rows(locked).delete()
    ended = sessions.end_all(locked, Cause.SECOND_FACTOR_RESET)
    event = audit.record(
        PersonEvent.SECOND_FACTOR_REMOVED,
        actor=actor,
        subject=subject_of(locked),
        reason=reason.strip(),
        details={"kinds": kinds, "reset": True, "sessions_ended": ended},
    )
    words = f"By {actor.label}: {reason.strip()} Set up a new one on your own page. Was it not you who asked? Tell an "
    _tell_of(event, locked, "Your second factor was reset", f"{words}administrator.", kind="second_factor_reset")


def _lock(user: User) -> User:
    """The row of the person, held: of two who change their factors at once the second sees what the first did."""
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if locked.is_agent:
        raise Refused("A second factor is for people: a service user signs in with its password alone.")
    if policy() is Policy.OFF:
        raise Conflict("Second factors are switched off in this installation.", code="second_factor_off")
    return locked


def _rows(user: User) -> Any:
    return Authenticator.objects.filter(user_id=user.pk)


def _firm(user: User) -> Any:
    """What counts as a second factor; recovery codes only stand in for one."""
    return _rows(user).filter(type__in=(Kind.APP, Kind.PASSKEY))


def _shown(row: Any) -> Factor:
    kind = Kind(row.type)
    name = row.data["name"] if kind is Kind.PASSKEY else APP
    return Factor(row.pk, kind, name, row.created_at, row.last_used_at)


def _added(user: User, kind: Kind, actor: Actor, details: Mapping[str, object]) -> Added:
    facts = {"kind": kind.value, **details}
    event = audit.record(PersonEvent.SECOND_FACTOR_ADDED, actor=actor, subject=subject_of(user), details=facts)
    name = str(details.get("name", APP))
    _tell_of(event, user, "A second factor was added to your account", f"{name}. {NOT_YOU}")
    has_codes = _rows(user).filter(type=Kind.RECOVERY).exists()
    return Added(kind, [] if has_codes else _make_codes(user, actor))


def tell(user: User, *, kind: str, key: str, subject: str, text: str) -> None:
    """Tell somebody about their own account, once for each `key`, in the caller's transaction."""
    about = subject_of(user)
    notices.tell([user], tenant_id=user.tenant_id, kind=kind, key=key, subject=subject, text=text, about=about)


def _tell_of(event: AuditEvent, user: User, subject: str, text: str, *, kind: str = "second_factor_changed") -> None:
    """Whoever got into an account changes its factors first: its owner hears of each change."""
    tell(user, kind=kind, key=f"second-factor:{event.pk}", subject=subject, text=text)


def _make_codes(user: User, actor: Actor) -> list[str]:
    codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    made = {"codes": len(codes)}
    audit.record(PersonEvent.RECOVERY_CODES_MADE, actor=actor, subject=subject_of(user), details=made)
    return codes
