"""What was certified, kept part by part and sealed: a certificate speaks of a state, not of a name."""

import hmac
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit import changes, keys, services as audit
from audit.actors import Actor
from audit.moments import zulu
from identities.errors import Conflict, Refused
from identities.events import IdentityEvent
from identities.inventory import posture, provenance, services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.portrait.base import digest, portrait
from identities.inventory.states import State
from identities.inventory.subjects import subject_of
from identities.inventory.vocabulary import Environment, Origin
from identities.recertification import asking_again
from identities.recertification.models import CertifiedSnapshot, ReviewItem
from identities.vaults.resealing import SealedColumn
from identities.vaults.sealed_box import CannotOpen

#: Of the key that seals snapshots, apart from every other key grown from the installation's.
PURPOSE = b"steward certified snapshot"
AGAIN = "Certified again"
BY_REVIEW = "certification"


@transaction.atomic
def certify(item: ReviewItem, *, actor: Actor, until: datetime) -> CertifiedSnapshot:
    """Keep the state of the item's identity as it is now as certified until `until`; the certificate before it ends.

    An item that `asks` for parts certifies those alone: the others stay as they were certified, to their old day. Its
    day of review moves along. Raises Refused (`not_a_person`) and Conflict: retired (`identity_retired`), or in
    production with nobody who owns it (`no_owner`).
    """
    if not actor.is_human:
        raise Refused("Only a person certifies.", code="not_a_person")
    identity = inventory.lock(item.identity)
    _check(identity)
    at, former = timezone.now(), in_force(identity.pk)
    parts: dict[str, Any] = sealed_parts(portrait(identity))
    drifted: dict[str, Any] = {}
    if former is not None and item.asks:
        parts, until, drifted = _in_part(former, parts, asked=item.asks, until=until)
    if former is not None:
        _end(former, at, AGAIN)
    made = CertifiedSnapshot(
        identity=identity,
        item=item,
        parts=parts,
        digest=_digest(parts),
        certified_at=at,
        certified_by=actor.label,
        certified_until=until,
        drifted=drifted,
    )
    made.seal = _seal(made)
    made.save(force_insert=True)
    _note(made, identity, at, actor=actor)
    if not item.asks:
        asking_again.drop_open(identity, but=item, at=at, why=AGAIN, actor=actor)
    return made


def in_force(identity_id: UUID) -> CertifiedSnapshot | None:
    """The certificate that counts, held until the caller's transaction ends; it may be past its day, or drifted."""
    rows = CertifiedSnapshot.objects.select_for_update(no_key=True, of=("self",))
    return rows.filter(identity_id=identity_id, ended_at=None).first()


def end(identity: ManagedIdentity, *, reason: str, at: datetime) -> bool:
    """The identity counts as not certified any more; whoever ends it records why. Says whether it was certified.

    The caller holds the row of the identity.
    """
    former = in_force(identity.pk)
    if former is not None:
        _end(former, at, reason)
    if identity.certified_until is not None:
        set_until(identity, None)
    return former is not None


def set_until(identity: ManagedIdentity, until: datetime | None) -> None:
    """The verdict on the identity's row, which lower rooms read."""
    identity.certified_until = until
    ManagedIdentity.objects.filter(pk=identity.pk).update(certified_until=until)


def is_intact(snapshot: CertifiedSnapshot) -> bool:
    """Is it, to the letter, what was certified? No part, name or day in it was altered since, and none taken out."""
    hashes = all(part["hash"] == digest(part["content"]) for part in snapshot.parts.values())
    return hashes and snapshot.digest == _digest(snapshot.parts) and _holds(snapshot, keys.accepted_keys(PURPOSE))


def renewed_seal(snapshot: CertifiedSnapshot) -> str | None:
    """Its seal under the present key; None where it has that. Raises `CannotOpen` for one that is not intact: it stays.

    Only what a key that counts has proven is sealed anew: nobody makes a broken certificate whole by it.
    """
    if not is_intact(snapshot):
        raise CannotOpen("certificate")
    return None if _holds(snapshot, [keys.derived_key(PURPOSE)]) else _seal(snapshot)


SEALED = SealedColumn("certificates of reviews", CertifiedSnapshot, "seal", lambda row, _: renewed_seal(row))


def sealed_parts(content: Mapping[str, Any]) -> dict[str, Any]:
    """A portrait as a certificate keeps it."""
    return {kind: {"hash": digest(part), "content": part} for kind, part in content.items()}


def _check(identity: ManagedIdentity) -> None:
    if identity.state == State.RETIRED:
        raise Conflict(f"Managed identity '{identity.name}' is retired.", code="identity_retired")
    if identity.environment == Environment.PRODUCTION and not identity.has_owner:
        said = f"Nobody owns '{identity.name}', and it is in production: it cannot be certified. Name an owner first."
        raise Conflict(said, code="no_owner")


def _in_part(
    former: CertifiedSnapshot, now: Mapping[str, Any], *, asked: Collection[str], until: datetime
) -> tuple[dict[str, Any], datetime, dict[str, Any]]:
    """What was asked as it is now, the rest as it was certified; an answer about a part prolongs nothing."""
    parts = {**former.parts, **{kind: now[kind] for kind in asked if kind in now}}
    drifted = {kind: since for kind, since in former.drifted.items() if kind not in asked}
    return parts, min(until, former.certified_until), drifted


def _end(snapshot: CertifiedSnapshot, at: datetime, reason: str) -> None:
    snapshot.ended_at, snapshot.ended_reason = at, reason[:254]
    snapshot.save(update_fields=["ended_at", "ended_reason"])


def _digest(parts: Mapping[str, Any]) -> str:
    return digest({kind: part["hash"] for kind, part in parts.items()})


def _holds(snapshot: CertifiedSnapshot, accepted: Collection[bytes]) -> bool:
    return any(hmac.compare_digest(snapshot.seal, _seal(snapshot, key)) for key in accepted)


def _seal(snapshot: CertifiedSnapshot, key: bytes | None = None) -> str:
    said = [
        str(snapshot.identity_id),
        str(snapshot.item_id),
        snapshot.digest,
        zulu(snapshot.certified_at),
        snapshot.certified_by,
        zulu(snapshot.certified_until),
    ]
    return hmac.digest(key or keys.derived_key(PURPOSE), json.dumps(said, ensure_ascii=False).encode(), sha256).hex()


def _note(made: CertifiedSnapshot, identity: ManagedIdentity, at: datetime, *, actor: Actor) -> None:
    """On the identity's row, its timeline and its next verdict."""
    before = {"certified_until": identity.certified_until, "review_by": identity.review_by}
    identity.certified_until = at if made.drifted else made.certified_until
    day = made.certified_until.date()
    if identity.review_by is not None and identity.review_by < day:
        identity.review_by = day
        identity.provenance = provenance.marked(
            identity.provenance, ["review_by"], origin=Origin.EDITED, at=at, by=actor.label, source=BY_REVIEW
        )
    identity.save(update_fields=["certified_until", "review_by", "provenance"])
    posture.mark([identity.pk])
    after = {"certified_until": identity.certified_until, "review_by": identity.review_by}
    audit.record(
        IdentityEvent.CERTIFIED,
        actor=actor,
        subject=subject_of(identity),
        changes=changes.between(_plain(before), _plain(after)),
        details={"item_id": str(made.item_id), "snapshot_id": str(made.pk), "snapshot_sha256": made.digest},
    )


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if value else None for name, value in facts.items()}
