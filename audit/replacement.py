"""Replacing the key of the audit: what is sealed stays under the former one, what follows stands under the present."""

from django.db import transaction

from audit import clock, eras, keys, links, services as audit
from audit.actors import Actor, Subject
from audit.events import InstallationEvent
from audit.links import COLUMNS
from audit.models import AuditEra, AuditEvent, SealHead

INSTALLATION = Subject("installation", "steward", "Steward")


class CannotReplace(ValueError):
    """The chain cannot go over to the present key; the text says why and names keys by their ids only."""


def is_due() -> bool:
    """Whether the chain stands under another key than the present one."""
    return eras.key_of(SealHead.present()) != keys.key_id()


@transaction.atomic
def close_era(*, actor: Actor) -> AuditEra | None:
    """Let the chain go on under the present key, from the next record on; None where it does already.

    Waits for a sealer that is at work, and no other with the former key seals after it. Raises `CannotReplace` where
    the former key is not among the fallbacks, and for a present key that was replaced before.
    """
    head = SealHead.locked()
    if eras.is_ours(head):
        return None
    known = eras.load()
    ended = eras.of_key(head.key_id, until=head.seq, mac=head.mac)
    if ended is None:
        raise CannotReplace(f"The audit stands under key {head.key_id}, which is not among the fallbacks.")
    if known.present.key_id != head.key_id or known.stranger is not None:
        raise CannotReplace("The record of former changes of key does not fit: run verify_audit.")
    if keys.key_id() in {era.key_id for era in known.past}:
        raise CannotReplace(f"Key {keys.key_id()} was replaced before; a former key does not come back: make another.")
    row = AuditEra(until_seq=head.seq, mac=head.mac, key_id=keys.key_id(), closed_at=clock.now())
    eras.seal(row, [*known.past, ended])
    row.save(force_insert=True)
    head.key_id = row.key_id
    head.save(update_fields=["key_id"])
    audit.record(
        InstallationEvent.KEY_REPLACED,
        actor=actor,
        subject=INSTALLATION,
        changes={"key_id": {"previous": ended.key_id, "current": row.key_id}},
        details={"until_seq": row.until_seq},
    )
    return row


def waiting() -> int:
    """How many records wait to be sealed whose tag is of a former key: without that key nobody seals them."""
    head, tag_keys = SealHead.present(), [links.tag_key()]
    rows = AuditEvent.objects.unsealed().filter(id__gt=head.swept_id).values(*COLUMNS)
    return sum(not links.has_tag(values, tag_keys) for values in rows.iterator(chunk_size=1000))
