"""Questionnaires: a link for whoever knows of identities that no export holds; each answer is a draft row."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from audit import keys, scrubbing, services as audit
from audit.actors import Actor, Subject
from identities.credentials import external
from identities.credentials.digests import accepted_digests, digest
from identities.credentials.models import ExternalKind
from identities.discovery.models import Questionnaire, SourceRecord
from identities.discovery.packing import digest as digest_of
from identities.discovery.reading.secrets import is_secret_text
from identities.discovery.records import ReportedCredential
from identities.errors import Conflict, Invalid, Missing
from identities.events import QuestionnaireEvent
from identities.inventory import bulk
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.people.models import Tenant

PLATFORM, KIND, ANSWER = "questionnaire", "questionnaire", "answer"
MAX_DAYS, MAX_ANSWERS = 90, 500
LONGEST_TOKEN = 64
SECRET = "This reads like a secret. Write its name or its place, never its value; and treat this one as leaked."  # noqa: S105 - a sentence
OVER = "This questionnaire is closed. Ask whoever sent you the link for a new one."
FULL = "This questionnaire has taken as many answers as it may. Ask whoever sent you the link for a new one."


@dataclass(frozen=True)
class Opened:
    """A new questionnaire; the token of its link exists only in this value."""

    questionnaire: Questionnaire
    token: str = field(repr=False)


@transaction.atomic
def begin(*, tenant: Tenant, title: str, expires_at: datetime, actor: Actor, addressee: str = "") -> Opened:
    """Make a questionnaire and the token of its link, of which only a keyed digest is kept. Raises Invalid."""
    now, title = timezone.now(), title.strip()
    errors: dict[str, list[str]] = {}
    if not 1 <= len(title) <= 100 or not title.isprintable():
        errors["title"] = ["One line of at most 100 characters."]
    if not now < expires_at <= now + timedelta(days=MAX_DAYS):
        errors["expires_at"] = [f"Within the next {MAX_DAYS} days."]
    if errors:
        raise Invalid(errors)
    token = secrets.token_urlsafe(32)
    made = Questionnaire.objects.create(
        tenant=tenant,
        title=title,
        addressee=addressee.strip(),
        source=f"{PLATFORM}/{title}",
        token_digest=digest(token),
        digest_key=keys.key_id(),
        expires_at=expires_at,
        created_by=actor.label,
    )
    audit.record(
        QuestionnaireEvent.OPENED,
        actor=actor,
        subject=subject_of(made),
        details={"addressee": made.addressee, "expires_at": expires_at.isoformat()},
    )
    return Opened(made, token)


def behind(token: str) -> Questionnaire:
    """The open questionnaire behind a token. Raises Missing for an unknown one, Conflict for one that is over."""
    accepted = accepted_digests(token) if len(token) <= LONGEST_TOKEN else ()
    found = Questionnaire.objects.filter(token_digest__in=accepted).first()
    if found is None:
        raise Missing("There is no such questionnaire.")
    _check_open(found, timezone.now())
    if keys.has_former() and found.digest_key != keys.key_id():
        Questionnaire.objects.filter(pk=found.pk).update(token_digest=digest(token), digest_key=keys.key_id())
    return found


@transaction.atomic
def answer(questionnaire: Questionnaire, *, facts: Mapping[str, str], stored_at: str = "") -> ManagedIdentity:
    """Make a draft of one answer: requested, external, told by this questionnaire.

    `stored_at` names where its secret rests. Raises Invalid for a text that reads like a secret, Conflict where the
    questionnaire is over or full.
    """
    at = timezone.now()
    locked = Questionnaire.objects.select_for_update(no_key=True).get(pk=questionnaire.pk)
    _check_open(locked, at)
    if locked.answers >= MAX_ANSWERS:
        raise Conflict(FULL, code="questionnaire_full")
    _refuse_secrets({**facts, "stored_at": stored_at})
    actor = Actor.anonymous(f"questionnaire: {locked.title}")
    entry = bulk.Entry(facts=dict(facts), source=locked.source, reported_by=(locked.source,), state=State.REQUESTED)
    made = bulk.enter_many(tenant_id=locked.tenant_id, entries=[entry], actor=actor, at=at)[0]
    _remember(locked, made, facts, at)
    if stored_at:
        credential = ReportedCredential(
            kind=ExternalKind.STORED_SECRET, external_id=stored_at, name=stored_at, stored_at=stored_at
        )
        external.report_many([(made, locked.source, credential)], actor=actor, at=at)
    locked.answers += 1
    locked.save(update_fields=["answers"])
    audit.record(
        QuestionnaireEvent.ANSWERED, actor=actor, subject=subject_of(locked), details={"identity": str(made.pk)}
    )
    return made


@transaction.atomic
def close(questionnaire: Questionnaire, *, reason: str, actor: Actor) -> Questionnaire:
    """Take no more answers. Raises Conflict where it is closed already."""
    locked = Questionnaire.objects.select_for_update(no_key=True).get(pk=questionnaire.pk)
    if locked.closed_at is not None:
        raise Conflict(OVER, code="questionnaire_over")
    locked.closed_at = timezone.now()
    locked.save(update_fields=["closed_at"])
    audit.record(QuestionnaireEvent.CLOSED, actor=actor, subject=subject_of(locked), reason=reason.strip())
    return locked


def is_open(questionnaire: Questionnaire, at: datetime) -> bool:
    """Does it take answers at `at`?"""
    return questionnaire.closed_at is None and questionnaire.expires_at > at


def subject_of(questionnaire: Questionnaire) -> Subject:
    """The questionnaire as the thing an event is about."""
    return Subject(
        kind="questionnaire",
        id=str(questionnaire.pk),
        label=questionnaire.title,
        tenant_id=questionnaire.tenant_id,
    )


def _check_open(questionnaire: Questionnaire, at: datetime) -> None:
    if not is_open(questionnaire, at):
        raise Conflict(OVER, code="questionnaire_over")


def _refuse_secrets(texts: Mapping[str, object]) -> None:
    found = [name for name, value in texts.items() if _is_secret(value)]
    if found:
        raise Invalid({name: [SECRET] for name in found})


def _is_secret(value: object) -> bool:
    words = value if isinstance(value, list) else [value]
    return any(isinstance(text, str) and (scrubbing.holds_secret(text) or is_secret_text(text)) for text in words)


def _remember(questionnaire: Questionnaire, made: ManagedIdentity, facts: Mapping[str, object], at: datetime) -> None:
    told = {"facts": dict(facts)}
    SourceRecord.objects.create(
        tenant_id=questionnaire.tenant_id,
        identity=made,
        kind=KIND,
        source=questionnaire.source,
        record_type=ANSWER,
        key=str(uuid4()),
        label=made.name,
        facts={KIND: told},
        digest=digest_of(told),
        first_seen_at=at,
        last_seen_at=at,
    )
