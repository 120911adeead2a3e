"""A report of a leak: recognise our secrets in a text, end them, tell who answers for them. No text is kept."""

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from prometheus_client import Counter, Histogram

from audit import services as audit
from audit.actors import Actor
from identities.credentials import recognition
from identities.credentials.known import known
from identities.credentials.models import ClientSecret
from identities.detections import leak_words as words
from identities.detections.leak_actions import Acted, act
from identities.detections.models import LeakAction, LeakDoor, LeakMatch, LeakReport
from identities.detections.sweeping import evaluate
from identities.events import LeakEvent
from identities.inventory import answering, locks
from identities.inventory.models import ManagedIdentity
from identities.inventory.subjects import subject_of
from identities.people import notices
from identities.people.models import Tenant
from identities.people.selectors import active_admins

REPORTS = Counter("steward_leak_reports", "Texts looked through for our secrets.", ["door", "outcome"])
MATCHES = Counter("steward_leaked_secrets", "Our secrets found in reports, by what was done.", ["action"])
SECONDS = Histogram(
    "steward_leak_seconds", "From a report to its last effect.", buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)
)
log = structlog.get_logger(__name__)
#: So many texts may one person hand in within a minute; the faces count.
A_MINUTE = 30
#: The part of Steward that acts for a reporter whom the tenant must not see.
INTAKE = "leak intake"


@dataclass(frozen=True, slots=True)
class Match:
    """One secret of ours in the text: whose, what was done, how fast; a repetition has the report that it repeats."""

    identity: ManagedIdentity
    secret: ClientSecret
    action: LeakAction
    seconds: float
    report: LeakReport
    is_repeated: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """From where a report comes; `where` is the place that was named (a URL, a log). Neither holds a secret."""

    door: LeakDoor
    source: str = ""
    where: str = ""

    @classmethod
    def named(cls, door: LeakDoor, source: str, where: str = "") -> "Source":
        """As a reporter names it, cleaned."""
        return cls(door, words.place(source, words.MAX_SOURCE), words.place(where, words.MAX_WHERE))


@dataclass(slots=True)
class _Call:
    """One call of `report`: what is the same for all its matches."""

    came: Source
    actor: Actor
    visible: Collection[UUID] | None
    began: float
    at: datetime
    reports: dict[UUID, LeakReport] = field(default_factory=dict)

    def shows(self, tenant_id: UUID) -> bool:
        return self.visible is None or tenant_id in self.visible

    def acting_in(self, tenant_id: UUID) -> Actor:
        """The reporter, or the intake where the reporter is nobody that the tenant may see."""
        return self.actor if self.shows(tenant_id) else Actor.system(INTAKE, tenant_id)


@sensitive_variables("text", "found", "texts")
def report(
    text: str, *, source: str, door: LeakDoor, actor: Actor, visible: Collection[UUID] | None, where: str = ""
) -> list[Match]:
    """Look for our secrets in `text` and act on each, whichever tenant it is of; answers those that may be shown.

    `visible`: the tenants of which the reporter may be told, None for every one. A secret that still works is dead
    when this returns, here at once and at our other processes within five seconds (tokens; secrets at once); one that
    had ended before is answered with the action `none`. Each secret has a transaction of its own, so that what stands
    in the way of one keeps no other alive; the first failure is raised when all were tried. A text without a secret of
    ours leaves nothing behind but a count. Call it outside a transaction.
    """
    began = time.monotonic()
    texts = recognition.texts(text)
    found = sorted(known(texts).values(), key=lambda secret: (str(secret.identity_id), str(secret.pk))) if texts else []
    REPORTS.labels(door, "matched" if found else "unmatched").inc()
    call = _Call(Source.named(door, source, where), actor, visible, began, timezone.now())
    matches, failures = list[Match](), list[Exception]()
    for secret in found:
        try:
            matches.append(_settle(secret, call))
        except Exception as failure:  # noqa: BLE001 - the others must die all the same
            failures.append(failure)
    touched = sorted({match.identity.pk for match in matches if match.action != LeakAction.NONE})
    _judge(touched)
    if failures:
        raise failures[0]
    return [match for match in matches if call.shows(match.identity.tenant_id)]


def _judge(identity_ids: list[UUID]) -> None:
    """Open the findings now. The secrets are dead already: where this fails, the next sweep does it."""
    try:
        evaluate(identity_ids, at=timezone.now())
    except DatabaseError:
        log.exception("leak.not_judged")


def _settle(secret: ClientSecret, call: _Call) -> Match:
    with transaction.atomic():
        row, acted = _act(secret, call)
    seconds = time.monotonic() - call.began
    if acted is None:
        return Match(row.identity, row.secret, LeakAction.NONE, seconds, row.report, is_repeated=True)
    LeakMatch.objects.filter(pk=row.pk).update(seconds=seconds)
    call.reports[row.report.tenant_id] = row.report
    MATCHES.labels(acted.action).inc()
    SECONDS.observe(seconds)
    return Match(row.identity, row.secret, acted.action, seconds, row.report)


def _act(secret: ClientSecret, call: _Call) -> tuple[LeakMatch, Acted | None]:
    """The row, and what was done; None for a report that was told before."""
    tenant_id = secret.identity.tenant_id
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant_id)
    locks.hold([secret.identity_id])
    held = ClientSecret.objects.select_related("identity__owner_team").get(pk=secret.pk)
    actor, came = call.acting_in(tenant_id), call.came
    acted = act(held.identity, held, reason=words.reason(came.source, came.where), actor=actor, at=call.at)
    if acted.action == LeakAction.NONE and (told := _told(held, came)) is not None:
        return told, None
    row = LeakMatch.objects.create(
        report=call.reports.get(tenant_id) or _report(tenant_id, call),
        identity=held.identity,
        secret=held,
        action=acted.action,
    )
    _record(row, actor, came)
    if acted.action != LeakAction.NONE:
        _tell(row, acted, came)
    return row, acted


def _told(secret: ClientSecret, came: Source) -> LeakMatch | None:
    """The match that said just this before: a report that is sent again is no news."""
    place = {"report__door": came.door, "report__source": came.source, "report__where": came.where}
    rows = LeakMatch.objects.filter(secret=secret, **place).select_related("report", "identity", "secret")
    return rows.order_by("report__reported_at").first()


def _report(tenant_id: UUID, call: _Call) -> LeakReport:
    return LeakReport.objects.create(
        tenant_id=tenant_id,
        door=call.came.door,
        source=call.came.source,
        where=call.came.where,
        reported_by=call.actor.label if call.shows(tenant_id) else words.ELSEWHERE,
        reported_at=call.at,
    )


def _record(row: LeakMatch, actor: Actor, came: Source) -> None:
    audit.record(
        LeakEvent.REPORTED,
        actor=actor,
        subject=subject_of(row.identity),
        reason=words.reason(came.source, came.where),
        details={
            "report_id": str(row.report_id),
            "identity_id": str(row.identity_id),
            "secret_id": str(row.secret_id),
            "hint": row.secret.hint,
            "door": str(came.door),
            "action": str(row.action),
        },
    )


def _tell(row: LeakMatch, acted: Acted, came: Source) -> None:
    people = answering.answer_for(row.identity)
    if acted.is_limited:
        people = [*people, *active_admins(row.identity.tenant_id)]
    notices.tell(
        people,
        tenant_id=row.identity.tenant_id,
        kind="leak",
        key=f"leak:{row.pk}",
        subject=words.subject(row.secret),
        text=words.text(row.secret, acted, source=came.source, where=came.where),
        about=subject_of(row.identity),
    )
