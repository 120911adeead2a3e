"""When the credentials in motion moved: rotations that are under way, the leak, the stops, who was shown, who reads.

Part of `history`, by the same licence: what `moving` has made was made by commands, on the day the demo loaded.
"""

from datetime import datetime, timedelta

from identities.access.models import SecretGrant
from identities.credentials import rotations
from identities.credentials.models import (
    ClientKey,
    ClientSecret,
    ExternalCredential,
    Rotation,
    RotationState,
    SecretShowing,
    SecretSource,
)
from identities.credentials.usage import Source
from identities.detections.models import LeakMatch, LeakReport
from identities.inventory.models import Knock, ManagedIdentity, PolicyException
from identities.lifecycle.models import Cause, Quarantine, QuarantineLine
from identities.people.models import Notice, Tenant, User
from identities.statements.prepared import insert_many, update_many
from identities.tokens.models import IssuedToken
from identities.vaults.failures import VaultNameUnknown
from scheduling.demo import motion, moving, past_rotations
from scheduling.demo.shapes import DAY, HOUR, address

MINUTE = timedelta(minutes=1)
#: How long ago, and how far apart, things happened.
LEAK, DRILL, STOP = 9 * DAY, 62 * DAY, 2.1 * HOUR
STARTED = {moving.RUNNING: 3 * DAY, moving.OVERDUE: 8 * DAY, moving.UNDELIVERED: 5 * HOUR}
WALL, OFFICE = Source("10.20.4.17", "wallboard/2.3"), Source("10.20.4.21", "wallboard/2.4")
GATES = (Source("10.20.8.11", "gateway/5.1 north"), Source("10.20.8.12", "gateway/5.1 south"))
DOCK = Source("10.20.6.40", "dock-doors/0.9")
MAILER, STRANGER = Source("10.20.3.8", "newsletter-sender/2.0"), Source("203.0.113.77", "curl/8.5.0")
PRINTER = Source("10.20.7.31", "letter-press/3.0")
SHOWN_TO = ("olek.brandt", "jonas.lindqvist")
UNKNOWN_NAME = "The name in the vault's address is not known: look at the spelling and the DNS"


def write(tenant: Tenant, at: datetime) -> None:
    """Move everything to its day, seen from `at`."""
    rows = {row.name: row for row in ManagedIdentity.objects.filter(tenant=tenant)}
    _leak(rows[motion.LEAKED], at)
    _stops(rows, at)
    _showings(tenant, at)
    _readers(tenant, at)
    ClientKey.objects.filter(identity__tenant=tenant).update(
        created_at=at - 40 * DAY, first_used_at=at - 40 * DAY + HOUR, last_used_at=at - 7 * HOUR, uses=2170
    )
    PolicyException.objects.filter(identity__tenant=tenant).update(granted_at=at - 30 * DAY)
    own = ExternalCredential.objects.filter(identity=rows[moving.CERTIFIED], source="by hand")
    own.update(first_seen_at=at - 18 * DAY, last_seen_at=at - HOUR, last_used_at=at - 20 * MINUTE)
    _running(rows[moving.RUNNING], at)
    _undelivered(rows[moving.UNDELIVERED], at)
    _overdue(rows[moving.OVERDUE], at)
    # What was said on the way is of the day on which it would have been; nobody is written to about a made-up company.
    Notice.objects.filter(tenant=tenant).update(mail_at=None)


def _leak(identity: ManagedIdentity, at: datetime) -> None:
    then = at - LEAK
    for match in LeakMatch.objects.filter(identity=identity).select_related("secret"):
        LeakReport.objects.filter(pk=match.report_id).update(reported_at=then)
        secret = ClientSecret.objects.filter(pk=match.secret_id)
        secret.update(
            created_at=then - 66 * DAY, revoked_at=then, rotate_by=then + 24 * DAY,
            first_used_at=then - 65 * DAY, last_used_at=then - 40 * MINUTE, uses=412,
        )  # fmt: skip
        insert_many(
            [
                _source(match.secret, MAILER, then - 65 * DAY, then - 5 * HOUR, 408),
                _source(match.secret, STRANGER, then - 90 * MINUTE, then - 40 * MINUTE, 4),
            ]
        )
    ManagedIdentity.objects.filter(pk=identity.pk).update(tokens_revoked_at=then)
    _tell_since(identity, "leak", then)


def _stops(rows: dict[str, ManagedIdentity], at: datetime) -> None:
    for row in Quarantine.objects.filter(identity__in=[rows[moving.DRILLED], rows[motion.QUARANTINED]]):
        began = at - (DRILL if row.cause == Cause.DRILL else STOP)
        called, closed = row.called_at, row.closed_at
        row.contained_at = began + (row.contained_at - called if row.contained_at else timedelta())
        row.called_at, row.called_by = began, address("priya.raman")
        ManagedIdentity.objects.filter(pk=row.identity_id).update(tokens_revoked_at=began)
        for line in row.lines.all():
            _line(line, began, called)
        if closed is not None:
            last = began + 14 * MINUTE
            row.complete_at, row.released_at, row.closed_at = last, began + HOUR, began + HOUR
            ManagedIdentity.objects.filter(pk=row.identity_id).update(
                revocation_tested_at=last, revocation_seconds=(last - began).total_seconds()
            )
        row.save(update_fields=["called_at", "called_by", "contained_at", "complete_at", "released_at", "closed_at"])
        _tell_since(rows[motion.QUARANTINED if closed is None else moving.DRILLED], "quarantine", began)
    paused = rows[motion.PAUSED]
    since = ManagedIdentity.objects.values_list("state_changed_at", flat=True).get(pk=paused.pk)
    ManagedIdentity.objects.filter(pk=paused.pk).update(tokens_revoked_at=since)
    Knock.objects.create(
        identity=paused, state=paused.state, since=since, address=PRINTER.address, user_agent=PRINTER.user_agent,
        first_at=since + 5 * HOUR, last_at=at - 3 * HOUR, times=9,
    )  # fmt: skip


def _line(line: QuarantineLine, began: datetime, called: datetime) -> None:
    line.due_at = began + (line.due_at - called) if line.due_at else None
    if line.done_at is not None:
        line.done_at, line.done_by = began + (3 + 4 * (line.position % 4)) * MINUTE, address("lena.okafor")
    line.save(update_fields=["due_at", "done_at", "done_by"])


def _showings(tenant: Tenant, at: datetime) -> None:
    """Who was shown the secret that is being carried into a vault; one of them has left since."""
    people = {user.email: user for user in User.objects.filter(tenant=tenant)}
    found = SecretShowing.objects.filter(secret__identity__tenant=tenant).select_related("secret")
    for showing in list(found):
        first, *others = (people[address(login)] for login in SHOWN_TO)
        then = showing.secret.created_at + MINUTE
        showing.person, showing.label, showing.shown_at = first, first.email, then
        showing.save(update_fields=["person", "label", "shown_at"])
        insert_many(
            [SecretShowing(secret=showing.secret, person=one, label=one.email, shown_at=then + HOUR) for one in others]
        )


def _readers(tenant: Tenant, at: datetime) -> None:
    """Who reads what since when. One has not read for months, one reads as long as its schedule last ran."""
    found = list(SecretGrant.objects.filter(identity__tenant=tenant).select_related("identity"))
    for grant in found:
        is_asked = grant.decided_at is None
        grant.asked_at = at - 3 * DAY if is_asked else max(grant.identity.created_at, at - 330 * DAY)
        grant.asked_by = address("ines.marchetti") if is_asked else grant.asked_by
        grant.decided_at = None if is_asked else grant.asked_at + HOUR
        if not is_asked and grant.identity.last_used_at is not None:
            grant.last_used_at, grant.uses = grant.identity.last_used_at, 96
    update_many(found, ["asked_at", "asked_by", "decided_at", "last_used_at", "uses"])


def _running(identity: ManagedIdentity, at: datetime) -> None:
    """Both in use; one wallboard has not been told of the new one."""
    rotation = _begun(identity, at)
    old, new, began = rotation.old, rotation.new, rotation.started_at
    assert old is not None and new is not None  # noqa: S101, PT018 - of a rotation of secrets
    _used(old, old.created_at + HOUR, at - 25 * MINUTE, 610)
    _used(new, began + 40 * MINUTE, at - 4 * MINUTE, 133)
    uses = past_rotations.spans(old, past_rotations.falling(began, at - 25 * MINUTE, 11, to=2))
    rising = [*past_rotations.falling(began + HOUR, at - HOUR, 1, to=10), (at - 4 * MINUTE, 3)]
    insert_many([*uses, *past_rotations.spans(new, rising)])
    insert_many(
        [
            _source(old, WALL, old.created_at + HOUR, at - 25 * MINUTE, 188),
            _source(old, OFFICE, old.created_at + DAY, began + 5 * HOUR, 422),
            _source(new, OFFICE, began + 40 * MINUTE, at - 4 * MINUTE, 133),
        ]
    )
    _seen(rotation, began + 40 * MINUTE, at)


def _overdue(identity: ManagedIdentity, at: datetime) -> None:
    """One of two gateways stays with the old one: at the deadline the machine itself says so."""
    rotation = _begun(identity, at)
    old, new, began = rotation.old, rotation.new, rotation.started_at
    assert old is not None and new is not None  # noqa: S101, PT018 - of a rotation of secrets
    north, south = GATES
    _used(old, old.created_at + HOUR, at - 50 * MINUTE, 388)
    _used(new, began + 2 * HOUR, at - 12 * MINUTE, 101)
    counts = past_rotations.falling(began + 2 * HOUR, at, 6, to=7)
    insert_many([*past_rotations.spans(old, past_rotations.falling(began, at, 13, to=6))])
    insert_many([*past_rotations.spans(new, counts)])
    insert_many(
        [
            _source(old, south, old.created_at + HOUR, at - 50 * MINUTE, 288),
            _source(old, north, old.created_at + HOUR, began - 10 * MINUTE, 100),
            _source(new, north, began + 2 * HOUR, at - 12 * MINUTE, 101),
        ]
    )
    _seen(rotation, began + 2 * HOUR, at)
    rotations.advance(rotation.pk, at=at)


def _undelivered(identity: ManagedIdentity, at: datetime) -> None:
    """The vault has not answered since; the portal tries again within the minute, and goes on by itself."""
    rotation = _begun(identity, at)
    old = rotation.old
    assert old is not None  # noqa: S101 - of a rotation of secrets
    _used(old, old.created_at + HOUR, at - 8 * MINUTE, 2960)
    insert_many([_source(old, DOCK, old.created_at + HOUR, at - 8 * MINUTE, 2960)])
    insert_many(past_rotations.spans(old, past_rotations.falling(rotation.started_at, at, 9, to=9, step=HOUR / 2)))
    Rotation.objects.filter(pk=rotation.pk).update(
        delivery_problem=VaultNameUnknown.code, delivery_reason=UNKNOWN_NAME, delivery_tries=21,
        deliver_at=at + MINUTE, delivery_held_until=None,
    )  # fmt: skip


def _begun(identity: ManagedIdentity, at: datetime) -> Rotation:
    """Its open rotation, begun on its day."""
    rotation = Rotation.objects.select_related("old", "new").get(identity=identity, ended_at=None)
    began, lasts = at - STARTED[identity.name], rotation.cutover_deadline - rotation.started_at
    rotation.started_at = rotation.watched_since = began
    rotation.started_by = address("tomasz.wrobel")
    rotation.cutover_deadline, rotation.looked_at = began + lasts, at
    rotation.distributed_at = began + 2 * MINUTE / 60 if rotation.distributed_at else None
    rotation.consider_at = at + 5 * MINUTE
    rotation.save()
    ClientSecret.objects.filter(rotations_to=rotation).update(created_at=began)
    SecretSource.objects.filter(secret=rotation.old).delete()
    # The token with which the new one was tried; it ended at once.
    tried = IssuedToken.objects.filter(identity=identity, issued_at__gte=at)
    tried.update(issued_at=began, expires_at=began + MINUTE, revoked_at=began)
    return rotation


def _seen(rotation: Rotation, moment: datetime, at: datetime) -> None:
    rotation.state, rotation.both_seen_at = RotationState.BOTH_SEEN, moment
    rotation.save(update_fields=["state", "both_seen_at"])


def _used(secret: ClientSecret, first: datetime, last: datetime, uses: int) -> None:
    ClientSecret.objects.filter(pk=secret.pk).update(first_used_at=first, last_used_at=last, uses=uses)


def _source(secret: ClientSecret, came: Source, first: datetime, last: datetime, uses: int) -> SecretSource:
    return past_rotations.source(secret, came.address, came.user_agent, (first, last), uses)


def _tell_since(identity: ManagedIdentity, kind: str, then: datetime) -> None:
    Notice.objects.filter(about_id=str(identity.pk), kind=kind).update(created_at=then, seen_at=then + HOUR)
