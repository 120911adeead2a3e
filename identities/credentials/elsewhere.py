"""Commands on credentials that live elsewhere: enter one by hand, correct its dates, note that it is gone."""

import re
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit import changes, services as audit
from audit.actors import Actor
from identities.credentials import certificates, external, rotation_facts
from identities.credentials.models import ExternalCredential, ExternalKind
from identities.errors import Conflict, Invalid
from identities.events import CredentialEvent
from identities.inventory import locks
from identities.inventory.facts import plain
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.jose import pem

#: The source of what no source reports.
BY_HAND = "by hand"
DATES = ("created_at", "last_rotated_at", "last_used_at", "expires_at", "rotate_by")
PAST = ("created_at", "last_rotated_at", "last_used_at")
TEXTS = {"name": 254, "external_id": 400, "stored_at": 400, "fingerprint": 128}
MEMBERS = frozenset({"kind", "certificate", "is_active", *DATES, *TEXTS})
#: What a certificate says itself, so that nobody has to type it.
SAID_BY_CERTIFICATE = ("created_at", "expires_at", "fingerprint")
#: What no source tells, and an import therefore leaves alone.
OURS = frozenset({"rotate_by", "fingerprint", "certificate"})
FIXED = frozenset({"kind", "external_id"})
_FINGERPRINT = re.compile(r"(?:SHA256:|MD5:)?[0-9A-Za-z+/:=_-]{16,128}")

Facts = Mapping[str, object]


@sensitive_variables("facts", "values")
@transaction.atomic
def describe(identity: ManagedIdentity, *, facts: Facts, actor: Actor) -> ExternalCredential:
    """Enter a key, token or certificate of `identity` that lives elsewhere: its name and dates, never its value.

    With `certificate` (PEM) it is read for subject, issuer, dates, key and fingerprint; a private key beside it is
    refused. Raises Invalid naming the member that does not fit, Conflict for a retired identity.
    """
    at = timezone.now()
    values = _read(facts, at)
    kind = values.pop("kind", None) or (ExternalKind.CERTIFICATE if values.get("certificate") else None)
    if kind is None:
        raise Invalid({"kind": ["Say what it is."]})
    values["external_id"] = values.get("external_id") or values.get("fingerprint") or values.get("name")
    if not values["external_id"]:
        raise Invalid({"name": ["Give it a name that people know it by."]})
    locks.hold([identity.pk])
    locked = ManagedIdentity.objects.get(pk=identity.pk)
    if locked.state == State.RETIRED:
        raise Conflict(f"Managed identity '{locked.name}' is retired.", code="identity_retired")
    found = {"identity": locked, "source": BY_HAND, "kind": kind, "external_id": values["external_id"]}
    if ExternalCredential.objects.filter(**found).exists():
        raise Invalid({"external_id": ["There is one of this kind and name already: change that one."]})
    row = ExternalCredential.objects.create(**found | values, first_seen_at=at, last_seen_at=at)
    return _keep(row, {}, actor)


@sensitive_variables("facts", "values")
@transaction.atomic
def change(credential: ExternalCredential, *, facts: Facts, actor: Actor) -> ExternalCredential:
    """Correct what was entered by hand; of one that a source reports, what no source tells: see `OURS`.

    Raises Invalid naming the member, Conflict for one that is gone.
    """
    values = _read(facts, timezone.now())
    row = _hold(credential)
    errors = {name: ["This cannot be changed: enter it anew."] for name in FIXED & set(facts)}
    if row.source != BY_HAND:
        theirs = set(facts) - OURS - FIXED
        errors |= {name: [f"{row.source} reports this: it is changed there."] for name in theirs}
        values = {name: value for name, value in values.items() if name in OURS}
    if errors:
        raise Invalid(errors)
    before = _facts(row)
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values) or None)
    return _keep(row, before, actor)


@transaction.atomic
def mark_gone(credential: ExternalCredential, *, reason: str, actor: Actor) -> ExternalCredential:
    """Note that it exists no more; the row stays as evidence. A source that reports it again brings it back.

    Raises Invalid without a reason, Conflict the second time.
    """
    if not reason.strip():
        raise Invalid({"reason": ["Say how it ended."]})
    row = _hold(credential)
    row.gone_at = timezone.now()
    row.save(update_fields=["gone_at"])
    rotation_facts.refresh([row.identity_id])
    audit.record(
        CredentialEvent.GONE,
        actor=actor,
        subject=external.subject_of(row, row.identity),
        reason=reason.strip(),
        changes=changes.made({"gone_at": row.gone_at.isoformat()}),
        details=external.details_of(row, row.identity),
    )
    return row


def _hold(credential: ExternalCredential) -> ExternalCredential:
    locks.hold([credential.identity_id])
    held = ExternalCredential.objects.select_for_update(no_key=True, of=("self",)).select_related("identity")
    row = held.get(pk=credential.pk)
    if row.gone_at is not None:
        raise Conflict("It is gone: there is nothing to change.", code="already_gone")
    return row


def _keep(row: ExternalCredential, before: dict[str, object], actor: Actor) -> ExternalCredential:
    found = changes.between(before, _facts(row))
    if not found:
        return row
    rotation_facts.refresh([row.identity_id])
    audit.record(
        CredentialEvent.DESCRIBED,
        actor=actor,
        subject=external.subject_of(row, row.identity),
        changes=found,
        details=external.details_of(row, row.identity),
    )
    return row


def _facts(row: ExternalCredential) -> dict[str, object]:
    ours = {name: plain(getattr(row, name)) for name in sorted(OURS | {"last_used_at"})}
    return external.facts_of(row) | {name: value for name, value in ours.items() if value not in (None, "", {})}


@sensitive_variables("facts", "values")
def _read(facts: Facts, at: datetime) -> dict[str, object]:
    """All complaints at once, none with a word of what was given."""
    errors = {name: ["This member is not known."] for name in sorted(set(facts) - MEMBERS)}
    values: dict[str, object] = {}
    for name, value in facts.items():
        if name in MEMBERS and (wrong := _wrong(name, value, at)):
            errors[name] = [wrong]
        elif name in MEMBERS:
            values[name] = value.strip() if isinstance(value, str) else value
    if not errors and values.get("certificate"):
        errors |= _certified(values)
    if values.get("certificate") == "":
        values["certificate"] = {}
    if errors:
        raise Invalid(errors)
    return values


def _certified(values: dict[str, object]) -> dict[str, list[str]]:
    """Replace the PEM by the facts in it; what it says is not said otherwise."""
    try:
        found = certificates.read(str(values["certificate"]))
    except certificates.NotACertificate as error:
        return {"certificate": [str(error)]}
    told = {"created_at": found.not_before, "expires_at": found.not_after, "fingerprint": found.fingerprint}
    doubled = [name for name in SAID_BY_CERTIFICATE if values.get(name) not in (None, "", told[name])]
    values.update(told, certificate=found.as_json())
    values["name"] = values.get("name") or found.subject[:254]
    return {name: ["The certificate says this itself: leave it out."] for name in doubled}


def _wrong(name: str, value: object, at: datetime) -> str:
    if name in DATES:
        return _wrong_date(name, value, at)
    if name == "is_active":
        return "" if isinstance(value, bool) else "True or false."
    if not isinstance(value, str):
        return "A text."
    if pem.is_private(value) and name != "certificate":
        return "That looks like a private key: only names and dates are kept here."
    if name == "certificate":
        return ""
    return _wrong_kind(value.strip()) if name == "kind" else _wrong_text(name, value.strip())


def _wrong_date(name: str, value: object, at: datetime) -> str:
    if value is None:
        return ""
    if not isinstance(value, datetime) or value.tzinfo is None:
        return "A time with its zone."
    return "This lies in the future." if name in PAST and value > at else ""


def _wrong_kind(text: str) -> str:
    return "" if text in ExternalKind.values else f"One of {', '.join(ExternalKind.values)}."


def _wrong_text(name: str, text: str) -> str:
    if len(text) > TEXTS[name] or not text.isprintable():
        return f"At most {TEXTS[name]} printable characters."
    if name == "fingerprint" and text and not _FINGERPRINT.fullmatch(text):
        return "A fingerprint, such as SHA256:nThbg6kX… or 3f:9a:…"
    return ""
