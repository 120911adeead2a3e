"""Evaluating: judge identities, and bring their findings up to date with what the rules see now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2s
from typing import Self
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from audit import services as audit
from audit.actors import Actor
from audit.models import AuditEvent
from identities.detections.facts import IdentityFacts
from identities.detections.gathering import gather
from identities.detections.judging import Verdict, every_rule, verdicts
from identities.detections.models import Finding, FindingState
from identities.detections.subjects import subject_of
from identities.events import FindingEvent
from identities.inventory import locks
from identities.statements.prepared import insert_many, update_many

BATCH = 500
ACTOR = "detections"
_CHANGING = (
    "severity", "evidence", "details", "fingerprint", "owner", "state", "opened_at", "resolved_at", "last_seen_at",
    "accepted_until", "accepted_reason", "accepted_by",
)  # fmt: skip
_KEY, _UNTIL = ("identity_id", "code", "key"), "accepted_until"
Key = tuple[UUID, str, str]


@dataclass
class Evaluated:
    """What came of it, in findings; `judged` counts identities, `left` are those that somebody else held."""

    judged: int = 0
    opened: int = 0
    reopened: int = 0
    resolved: int = 0
    left: list[UUID] = field(default_factory=list)

    def __iadd__(self, other: "Evaluated") -> Self:
        self.judged += other.judged
        self.opened += other.opened
        self.reopened += other.reopened
        self.resolved += other.resolved
        self.left += other.left
        return self


def evaluate(identity_ids: Sequence[UUID], *, at: datetime) -> Evaluated:
    """Judge these identities at `at` and open, refresh, resolve and reopen their findings.

    Idempotent; a batch of 500 is one short transaction after its facts were gathered outside of it. A finding whose
    cause is gone is resolved by itself, one that returns is opened again on its row, and so is an acceptance whose
    last day is past. Unknown ids are passed over; those that a command holds right now are `left` to the caller, who
    asks for them again. Records one event for each finding whose state changes.
    """
    total = Evaluated()
    for start in range(0, len(identity_ids), BATCH):
        total += _evaluate(identity_ids[start : start + BATCH], at)
    return total


def _evaluate(identity_ids: Sequence[UUID], at: datetime) -> Evaluated:
    asked = every_rule()
    facts = {found.id: found for found in gather(identity_ids, at=at)}
    seen: dict[Key, tuple[IdentityFacts, Verdict]] = {
        (found.id, verdict.rule.code, verdict.seen.key): (found, verdict)
        for found in facts.values()
        for verdict in verdicts(found, at, asked)
    }
    with transaction.atomic():
        # Whoever is being changed right now is left. A merged row has no facts, and loses its findings.
        mine = set(locks.take(identity_ids))
        facts = {pk: found for pk, found in facts.items() if pk in mine}
        seen = {key: known for key, known in seen.items() if key[0] in mine}
        result = _Batch(sorted(mine), facts, seen, at).write()
    result.left = sorted(set(identity_ids) - mine)
    return result


@dataclass
class _Batch:
    """The findings of some identities against what was seen of them."""

    identity_ids: Sequence[UUID]
    facts: dict[UUID, IdentityFacts]
    seen: dict[Key, tuple[IdentityFacts, Verdict]]
    at: datetime
    changed: list[Finding] = field(default_factory=list)
    gone: list[UUID] = field(default_factory=list)
    fresh: list[Finding] = field(default_factory=list)
    events: list[AuditEvent] = field(default_factory=list)
    result: Evaluated = field(default_factory=Evaluated)

    def write(self) -> Evaluated:
        """Compare, then write what differs. Most findings are as they were: of those only the fingerprint is read."""
        self.result.judged = len(self.facts)
        left = dict(self.seen)
        news: list[UUID] = []
        standing = self._findings().exclude(state=FindingState.RESOLVED)
        for pk, identity_id, code, key, fingerprint, until in standing.values_list("pk", *_KEY, "fingerprint", _UNTIL):
            known = left.pop((identity_id, code, key), None)
            if known is None:
                self.gone.append(pk)
            elif fingerprint != fingerprint_of(*known) or (until is not None and until < self.at.date()):
                news.append(pk)
        for finding in Finding.objects.filter(pk__in=news) if news else ():
            self._refresh(finding, *self.seen[_key(finding)])
        if left:
            for finding in self._findings().filter(state=FindingState.RESOLVED, code__in={code for _, code, _ in left}):
                if (known := left.pop(_key(finding), None)) is not None:
                    self._return(finding, *known)
        for found, verdict in left.values():
            self._open(found, verdict)
        self._save()
        return self.result

    def _findings(self) -> QuerySet[Finding]:
        return Finding.objects.filter(identity_id__in=self.identity_ids)

    def _save(self) -> None:
        insert_many(self.fresh)
        update_many(self.changed, _CHANGING)
        self._resolve()
        # What still stands was seen just now: everything else of these identities has been resolved above.
        self._findings().exclude(state=FindingState.RESOLVED).exclude(last_seen_at=self.at).update(last_seen_at=self.at)
        if self.events:
            audit.record_many(self.events)

    def _open(self, found: IdentityFacts, verdict: Verdict) -> None:
        finding = Finding(
            tenant_id=found.tenant_id,
            identity_id=found.id,
            code=verdict.rule.code,
            category=verdict.rule.category,
            key=verdict.seen.key,
            first_seen_at=self.at,
            last_seen_at=self.at,
            opened_at=self.at,
        )
        _describe(finding, found, verdict)
        self.fresh.append(finding)
        self.result.opened += 1
        self._note(FindingEvent.OPENED, finding, found.name, verdict.seen.evidence)

    def _refresh(self, finding: Finding, found: IdentityFacts, verdict: Verdict) -> None:
        is_over = finding.accepted_until is not None and finding.accepted_until < self.at.date()
        if finding.state == FindingState.ACCEPTED and is_over:
            ended = f"Its acceptance ended on {finding.accepted_until:%d %b %Y}."
            self._return(finding, found, verdict, ended)
        else:
            _describe(finding, found, verdict)
            self.changed.append(finding)

    def _return(self, finding: Finding, found: IdentityFacts, verdict: Verdict, why: str = "") -> None:
        open_again(finding, at=self.at)
        _describe(finding, found, verdict)
        self.changed.append(finding)
        self.result.reopened += 1
        self._note(FindingEvent.REOPENED, finding, found.name, why or "Its cause is back.")

    def _resolve(self) -> None:
        """Those whose cause is gone end together; a finding of a merged row is told of under its code alone."""
        ended = Finding.objects.filter(pk__in=self.gone)
        for finding in ended if self.gone else ():
            found = self.facts.get(finding.identity_id)
            self._note(FindingEvent.RESOLVED, finding, found.name if found else "a merged row", "Its cause is gone.")
            self.result.resolved += 1
        ended.update(state=FindingState.RESOLVED, resolved_at=self.at)

    def _note(self, event: FindingEvent, finding: Finding, name: str, reason: str) -> None:
        actor = Actor.system(ACTOR, finding.tenant_id)
        details = {"identity_id": str(finding.identity_id), "code": finding.code, "severity": finding.severity}
        subject = subject_of(finding, name)
        self.events.append(audit.compose(event, actor=actor, subject=subject, reason=reason, details=details))


def open_again(finding: Finding, *, at: datetime) -> None:
    """Set the row in hand to open, with nothing left of an acceptance or an end. Not saved."""
    finding.state, finding.opened_at, finding.last_seen_at, finding.resolved_at = FindingState.OPEN, at, at, None
    finding.accepted_until, finding.accepted_reason, finding.accepted_by = None, "", ""


def _key(finding: Finding) -> Key:
    return finding.identity_id, finding.code, finding.key


def fingerprint_of(found: IdentityFacts, verdict: Verdict) -> str:
    """Sixteen characters that differ when anything that is kept of the verdict does."""
    seen = verdict.seen
    kept = (verdict.severity.value, seen.evidence, dict(seen.details), str(_owner_of(found)))
    return blake2s(repr(kept).encode(), digest_size=8).hexdigest()


def _describe(finding: Finding, found: IdentityFacts, verdict: Verdict) -> None:
    """Write what was seen onto the row."""
    finding.severity, finding.evidence = verdict.severity.value, verdict.seen.evidence
    finding.details, finding.fingerprint = dict(verdict.seen.details), fingerprint_of(found, verdict)
    if not finding.is_assigned:
        finding.owner_id = _owner_of(found)


def _owner_of(found: IdentityFacts) -> UUID | None:
    """The identity's technical owner, else its business owner; only with a working account."""
    for role in ("technical_owner", "business_owner"):
        owner = found.owner(role)
        if owner is not None and owner.is_active:
            return owner.person_id
    return None
