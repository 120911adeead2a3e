"""Which key the chain stands under, and which it stood under before: the chain cannot be written anew, so it has eras.

Closing one is `replacement`. Whoever has a former key can write a row of eras in its name; such a row never counts
where one of the present key says that the former is former.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import urandom
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.views.decorators.debug import sensitive_variables

from audit import chain, keys, links
from audit.links import CHAIN, COLUMNS, TAG
from audit.models import AuditEra, AuditEvent, AuditSeal, SealHead
from audit.walk import Era

CHECKPOINT = b"steward audit checkpoint"
_SEALING = b"steward audit eras"
_NONCE = 12


@dataclass(frozen=True, slots=True)
class Eras:
    """The past ones in their order, and the open one. `stranger`: a later change of key that nobody here made."""

    past: tuple[Era, ...]
    present: Era
    stranger: int | None = None

    def checkpoint_keys(self, seq: int) -> tuple[bytes, ...]:
        """What may have signed a checkpoint at `seq`: the key of its era or of a later one, never a former."""
        later = (era.checkpoint for era in (*self.past, self.present) if era.holds(seq))
        own = (keys.derived_key(CHECKPOINT),) if self.past else keys.accepted_keys(CHECKPOINT)
        return (*later, *own)

    def has_recorded(self, values: Mapping[str, Any]) -> bool:
        """Whether the row with these `COLUMNS` was written by `record`: under a former key only where it was sealed."""
        if links.is_genuine(values):
            return True
        seq = AuditSeal.objects.filter(event_id=values["id"]).values_list("seq", flat=True).first()
        return seq is not None and links.has_tag(values, [era.tag for era in self.past if era.holds(seq)])


def load() -> Eras:
    """As the rows say that open under a key that is here; without any, the chain has had one key."""
    rows = list(AuditEra.objects.order_by("-id"))
    governing = _governing(rows)
    if governing is None:
        key_id = key_of(SealHead.objects.filter(id=1).first() or SealHead())
        return Eras((), _open_era(key_id), rows[0].until_seq if rows else None)
    row, past = governing
    later = [other.until_seq for other in rows if other.pk > row.pk]
    return Eras(past, _open_era(row.key_id), later[-1] if later else None)


def key_of(head: SealHead) -> str:
    """The id of the key the chain stands under. Where nobody has said so yet: of that which made the last link."""
    if head.key_id or not head.seq:
        return head.key_id or keys.key_id()
    macs = dict(AuditSeal.objects.filter(seq__in=(head.seq - 1, head.seq)).values_list("seq", "mac"))
    values = AuditEvent.objects.filter(seal__seq=head.seq).values(*COLUMNS).first()
    for key_id, key in zip(keys.accepted_ids(), keys.accepted_keys(CHAIN), strict=True):
        if values and _links(key, head.seq, macs.get(head.seq - 1, chain.GENESIS), values, macs.get(head.seq, "")):
            return key_id
    return keys.key_id()


def marks_of_present() -> tuple[str, ...]:
    """What stands on a digest of the present key: its id; and nothing, as before ids were kept, if it is the first."""
    known = load()
    first = (known.past or (known.present,))[0].key_id
    return (keys.key_id(), "") if first == keys.key_id() else (keys.key_id(),)


def is_ours(head: SealHead) -> bool:
    """Whether this process may write the chain on; it says so in the head in hand where nobody had."""
    head.key_id = key_of(head)
    return head.key_id == keys.key_id()


def of_key(key_id: str, *, until: int | None = None, mac: str = "") -> Era | None:
    """The keys that grew from the one with this id; None where it is not here."""
    grown = [keys.derived_under(key_id, info) for info in (CHAIN, TAG, CHECKPOINT)]
    chain_key, tag_key, checkpoint_key = grown
    if chain_key is None or tag_key is None or checkpoint_key is None:
        return None
    return Era(key_id, chain_key, tag_key, checkpoint_key, until, mac)


@sensitive_variables("content")
def seal(row: AuditEra, past: Sequence[Era]) -> None:
    """Put the keys of all eras before into the row in hand, under the present key: that is its signature as well."""
    content = json.dumps([_written(era) for era in past]).encode()
    nonce = urandom(_NONCE)
    sealed = AESGCM(keys.derived_key(_SEALING)).encrypt(nonce, content, _said(row))
    row.sealed_keys = urlsafe_b64encode(nonce + sealed).decode("ascii")


def _governing(rows: Sequence[AuditEra]) -> tuple[AuditEra, tuple[Era, ...]] | None:
    opened = [(row, past) for row in rows if (past := _opened(row))]
    if not opened:
        return None
    newest = opened[0]
    own = next((found for found in opened if found[0].key_id == keys.key_id()), newest)
    says_ours_is_former = own[0].key_id in {era.key_id for era in newest[1]}
    is_former_itself = newest[0].key_id in {era.key_id for era in own[1]}
    return newest if says_ours_is_former and not is_former_itself else own


@sensitive_variables("key", "raw", "content")
def _opened(row: AuditEra) -> tuple[Era, ...]:
    """The eras before, or none where it is not sealed by the key it names, or that is not here."""
    key = keys.derived_under(row.key_id, _SEALING)
    if key is None:
        return ()
    try:
        raw = urlsafe_b64decode(row.sealed_keys)
        content = json.loads(AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], _said(row)))
    except (InvalidTag, NotBase64, ValueError):
        return ()
    return tuple(_read(members) for members in content)


def _said(row: AuditEra) -> bytes:
    fields = {"until": row.until_seq, "mac": row.mac, "key": row.key_id, "closed_at": chain.moment(row.closed_at)}
    return chain.canonical(["steward-audit-era-1", fields])


def _open_era(key_id: str) -> Era:
    # A chain under a key that is not here is walked with ours, and breaks at its first record.
    own = Era(keys.key_id(), links.chain_key(), links.tag_key(), keys.derived_key(CHECKPOINT))
    return of_key(key_id) or own


def _links(key: bytes, seq: int, previous: str, values: Mapping[str, Any], mac: str) -> bool:
    try:
        return chain.is_same(chain.link(key, seq, previous, links.covered(values)), mac)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def _written(era: Era) -> dict[str, object]:
    grown = {"chain": era.chain.hex(), "tag": era.tag.hex(), "checkpoint": era.checkpoint.hex()}
    return {"until": era.until, "mac": era.mac, "key": era.key_id, **grown}


def _read(members: Mapping[str, Any]) -> Era:
    chain_key, tag_key, checkpoint = (bytes.fromhex(members[name]) for name in ("chain", "tag", "checkpoint"))
    return Era(members["key"], chain_key, tag_key, checkpoint, members["until"], members["mac"])
