"""Counting: the few statements from which every number of a tenant and of each of its teams is concluded.

Each statement counts everything at once, grouped by team, so that their number does not depend on how many teams
there are; teams then add up to their tenant. Nothing here loads rows of the register.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncDate

from audit.models import AuditEvent
from identities.credentials.models import ClientKey, ClientSecret, ExternalCredential
from identities.detections.models import Finding, FindingState
from identities.events import TokenEvent
from identities.inventory.models import ManagedIdentity
from identities.policies.models import AuthorizationDecision, DecisionOutcome
from identities.programme.arithmetic import FINDING_KEYS, Tally
from identities.programme.conditions import CONDITIONS, condition, in_use, unmanaged
from identities.programme.durations import averages
from identities.programme.slices import Slice
from identities.tokens.models import IssuedToken

DAY = timedelta(days=1)
SHORT_LIFE = timedelta(hours=1)
ByTeam = dict[UUID | None, Tally]
#: Environments are told for so many identities that failed to sign in; the others count as not known.
MOST_FAILING = 2000


def count_everything(slice_: Slice, at: datetime) -> ByTeam:
    """All that can be counted, by team (None: of no team). What knows no team is in the whole alone: see `whole`."""
    found: ByTeam = defaultdict(Tally)
    for statement in (_identities, _ages, _external, _ours, _findings, _tokens):
        statement(slice_, at, found)
    return found


def count_register(slice_: Slice, at: datetime) -> ByTeam:
    """Only what the register's own rows tell: one statement."""
    found: ByTeam = defaultdict(Tally)
    _identities(slice_, at, found)
    return found


def whole(by_team: Mapping[UUID | None, Tally]) -> Tally:
    """The tally of all teams together; everything that was counted is in it, though it be none."""
    total = Tally()
    for tally in by_team.values():
        total.add(tally)
    return total


def count_around(slice_: Slice, at: datetime, into: Tally) -> None:
    """What belongs to a tenant and to no team: tokens issued, refusals by environment, how long things took."""
    if slice_.is_whole:
        _events(slice_, at, into)
        _violations(slice_, at, into)
    took = averages(slice_, at)
    into.means.update(took.means)
    into.parts.update(took.by_tier)


def _identities(slice_: Slice, at: datetime, found: ByTeam) -> None:
    counts: dict[str, Any] = {key: Count("pk", filter=condition(key, at)) for key in CONDITIONS if key != "total"}
    rows: Any = ManagedIdentity.objects.filter(slice_.identities()).order_by().values("owner_team_id")
    for row in rows.annotate(total=Count("pk"), **_renamed(counts)):
        found[row["owner_team_id"]].counts.update({key: row[_column(key)] for key in counts} | {"total": row["total"]})
    _nought(found, CONDITIONS)


def _ages(slice_: Slice, at: datetime, found: ByTeam) -> None:
    rows = ManagedIdentity.objects.filter(slice_.identities(), condition("rotation_known", at)).order_by()
    grouped = rows.values(team=F("owner_team_id"), day=TruncDate("last_rotated_at"))
    for row in grouped.annotate(n=Count("pk")):
        found[row["team"]].ages[max((at.date() - row["day"]).days, 0)] += row["n"]


def _external(slice_: Slice, at: datetime, found: ByTeam) -> None:
    rows = ExternalCredential.objects.filter(slice_.identities("identity__"), in_use())
    for row in _by_team(rows).annotate(
        n=Count("pk"), unmanaged=Count("pk", filter=unmanaged()), expired=Count("pk", filter=Q(expires_at__lte=at))
    ):
        counts = found[row["team"]].counts
        counts["credentials"] += row["n"]
        counts["every_credential"] += row["n"]
        counts["unmanaged"] += row["unmanaged"]
        counts["expired"] += row["expired"]
    _nought(found, ("credentials", "every_credential", "unmanaged", "expired"))


def _ours(slice_: Slice, at: datetime, found: ByTeam) -> None:
    mine, n, expired = slice_.identities("identity__"), Count("pk"), Count("pk", filter=Q(expires_at__lte=at))
    secrets = _by_team(ClientSecret.objects.filter(mine, revoked_at=None)).annotate(n=n, expired=expired)
    keys = _by_team(ClientKey.objects.filter(mine, revoked_at=None)).annotate(n=n, expired=expired)
    for row in secrets.union(keys, all=True):
        counts = found[row["team"]].counts
        counts["every_credential"] += row["n"]
        counts["expired"] += row["expired"]


def _findings(slice_: Slice, at: datetime, found: ByTeam) -> None:
    # Those of a retired identity are open for the seconds until they are resolved, and listed so long.
    rows = Finding.objects.filter(slice_.every_identity("identity__"), state=FindingState.OPEN).order_by()
    for row in rows.values("category", team=F("identity__owner_team_id")).annotate(n=Count("pk")):
        counts = found[row["team"]].counts
        counts["findings"] += row["n"]
        if row["category"] in FINDING_KEYS:
            counts[FINDING_KEYS[row["category"]]] += row["n"]
    _nought(found, ("findings", *FINDING_KEYS.values()))


def _tokens(slice_: Slice, at: datetime, found: ByTeam) -> None:
    rows = IssuedToken.objects.filter(slice_.identities("identity__"), expires_at__gt=at, revoked_at=None)
    short = Count("pk", filter=Q(expires_at__lte=F("issued_at") + SHORT_LIFE))
    for row in _by_team(rows).annotate(n=Count("pk"), short=short):
        found[row["team"]].counts.update({"tokens_alive": row["n"], "tokens_short_lived": row["short"]})
    _nought(found, ("tokens_alive", "tokens_short_lived"))


def _events(slice_: Slice, at: datetime, into: Tally) -> None:
    recent = AuditEvent.objects.filter(slice_.rows(), recorded_at__gte=at - DAY, recorded_at__lte=at)
    kinds = (TokenEvent.ISSUED.value, TokenEvent.REFUSED.value)
    counted = dict(recent.filter(type__in=kinds).order_by().values_list("type").annotate(n=Count("pk")))
    into.counts["tokens_today"] = counted.get(kinds[0], 0)
    into.counts["failed_sign_ins"] = counted.get(kinds[1], 0)
    if counted.get(kinds[1]):
        into.parts["failed_sign_ins"] = _by_environment(recent.filter(type=kinds[1]))


def _by_environment(refused: QuerySet[Any]) -> Counter[str]:
    by_subject = dict(refused.order_by().values_list("subject_id").annotate(n=Count("pk"))[:MOST_FAILING])
    known = {str(pk): name for pk, name in _environments(by_subject)}
    found: Counter[str] = Counter()
    for subject, count in by_subject.items():
        found[known.get(subject) or "unknown"] += count
    return found


def _environments(ids: Iterable[str]) -> Iterable[tuple[UUID, str]]:
    whole_ids = [UUID(text) for text in ids if len(text) == 36]
    return ManagedIdentity.objects.filter(pk__in=whole_ids).values_list("pk", "environment")


def _violations(slice_: Slice, at: datetime, into: Tally) -> None:
    denied = AuthorizationDecision.objects.filter(
        slice_.rows(), at__gte=at - DAY, at__lte=at, outcome=DecisionOutcome.DENY
    )
    counted = Counter(dict(denied.order_by().values_list("environment").annotate(n=Count("pk"))))
    into.counts["violations"] = counted.total()
    into.parts["violations"] = Counter({name or "unknown": count for name, count in counted.items()})


def _by_team(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    return rows.order_by().values(team=F("identity__owner_team_id"))


def _nought(found: ByTeam, keys: Iterable[str]) -> None:
    """What was counted and not met is none, which is known; the whole is there even without a single row."""
    tallies = list(found.values()) or [found[None]]
    for key in keys:
        for tally in tallies:
            tally.counts.setdefault(key, 0)


def _column(key: str) -> str:
    # Some numbers have the name of a column, which an annotation may not take.
    return f"n_{key}"


def _renamed(counts: Mapping[str, Any]) -> dict[str, Any]:
    return {_column(key): count for key, count in counts.items()}
