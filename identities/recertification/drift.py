"""Drift: what changes after it was certified is not certified from then on, and asked about again; nothing else is."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from audit import services as audit
from audit.actors import Actor
from identities.events import IdentityEvent
from identities.inventory import posture
from identities.inventory.models import ManagedIdentity
from identities.inventory.portrait import base as portraits
from identities.inventory.states import State
from identities.inventory.subjects import subject_of
from identities.inventory.watchers.base import Watcher
from identities.recertification import asking_again, snapshots
from identities.recertification.models import CertifiedSnapshot

BACK = "It is again as it was certified"


class CertifiedState(Watcher):
    """Compares what changed with what was certified."""

    kind = "certified_state"

    def concerns(self, identity: ManagedIdentity) -> bool:
        # Drift leaves a day in the past, not none: what drifted may drift further, or come back.
        return identity.certified_until is not None and identity.state != State.RETIRED

    def changed(self, identity: ManagedIdentity, *, part: str, actor: Actor) -> None:
        """One query for the certificate and what the part takes; where it is as certified, nothing more."""
        at = timezone.now()
        certificate = snapshots.in_force(identity.pk)
        if certificate is None or certificate.certified_until <= at or part not in certificate.parts:
            return
        content = portraits.kinds[part]().of([identity]).get(identity.pk) if part in portraits.kinds else None
        differs = portraits.digest(content) != certificate.parts[part]["hash"]
        if differs and part in certificate.drifted:
            _note_hand(certificate, part, actor)
        elif differs:
            _drift(certificate, identity, part, at, actor=actor)
        elif part in certificate.drifted:
            _come_back(certificate, identity, part, at, actor=actor)


def changed_by(identity_id: UUID) -> frozenset[str]:
    """By id, who changed what drifted: they do not certify their own change."""
    certificate = snapshots.in_force(identity_id)
    drifted = certificate.drifted.values() if certificate is not None else ()
    return frozenset(who for since in drifted for who in since.get("by", ()))


def _note_hand(certificate: CertifiedSnapshot, part: str, actor: Actor) -> None:
    since = certificate.drifted[part]
    hands = since.get("by", [])
    if actor.id not in hands:
        certificate.drifted = {**certificate.drifted, part: {**since, "by": [*hands, actor.id]}}
        certificate.save(update_fields=["drifted"])


def _drift(certificate: CertifiedSnapshot, identity: ManagedIdentity, part: str, at: datetime, *, actor: Actor) -> None:
    item = asking_again.ask(identity, parts=[part], at=at, actor=actor)
    certificate.drifted = {**certificate.drifted, part: {"at": at.isoformat(), "item": str(item.pk), "by": [actor.id]}}
    certificate.save(update_fields=["drifted"])
    if identity.certified_until is not None and identity.certified_until > at:
        snapshots.set_until(identity, at)
    posture.mark([identity.pk])
    audit.record(
        IdentityEvent.DRIFTED,
        actor=actor,
        subject=subject_of(identity),
        reason=f"{label_of(part)} changed after it was certified on {certificate.certified_at:%d %b %Y}",
        details={"parts": [part], "item_id": str(item.pk), "snapshot_id": str(certificate.pk)},
    )


def _come_back(
    certificate: CertifiedSnapshot, identity: ManagedIdentity, part: str, at: datetime, *, actor: Actor
) -> None:
    certificate.drifted = {name: since for name, since in certificate.drifted.items() if name != part}
    certificate.save(update_fields=["drifted"])
    asking_again.answered(identity, part, at=at, why=BACK, actor=actor)
    if certificate.drifted:
        return
    snapshots.set_until(identity, certificate.certified_until)
    posture.mark([identity.pk])
    audit.record(
        IdentityEvent.CERTIFIED,
        actor=actor,
        subject=subject_of(identity),
        reason=BACK,
        details={"parts": [part], "snapshot_id": str(certificate.pk)},
    )


def label_of(part: str) -> str:
    """What people call a part of the portrait."""
    return portraits.kinds[part].label if part in portraits.kinds else part
