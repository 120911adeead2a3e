"""What must be true of whatever an importer reads, asked of every kind in the same way."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from identities.credentials.models import ExternalKind
from identities.discovery.packing import pack
from identities.discovery.records import Dropped, Reported
from identities.inventory import facts as register
from tests.identities.discovery.importers.exports import CANARY, read

LABEL, PLACE, KEY, RECORD_TYPE = 254, 120, 400, 48


def check(
    kind: str, files: Iterable[Path], *, canaries: Collection[str] = (CANARY,), mapping: Mapping[str, str] | None = None
) -> list[Reported | Dropped]:
    """Read `files` twice as `kind`; every record is well formed, none holds a canary, and both readings are equal."""
    listed = list(files)
    found = read(kind, *listed, mapping=mapping)
    assert found == read(kind, *listed, mapping=mapping)
    assert not [canary for canary in canaries if canary in repr(found)]
    rows = [record for record in found if isinstance(record, Reported)]
    for record in found:
        assert record.place
        assert len(record.place) <= PLACE
        assert len(record.label) <= LABEL
        assert isinstance(record, Reported) or record.reason.endswith(".")
    for row in rows:
        well_formed(row)
    assert len({(row.account, row.record_type, row.key) for row in rows}) == len(rows)
    return found


def well_formed(row: Reported) -> None:
    """Its key fits, its facts are members of the register that fit it, its credentials are named and dated in UTC."""
    assert row.key
    assert len(row.key) <= KEY
    assert row.label
    assert re.fullmatch(rf"[a-z0-9_]{{1,{RECORD_TYPE}}}", row.record_type)
    assert set(row.facts) <= register.WRITABLE
    assert not register.fit(row.facts).dropped
    assert all(row.aliases)
    assert all(credential.kind in ExternalKind.values for credential in row.credentials)
    assert all(credential.external_id and len(credential.exposed_in) <= KEY for credential in row.credentials)
    names = [(credential.kind, credential.external_id) for credential in row.credentials]
    assert len(set(names)) == len(names)
    assert _are_aware(row)
    assert pack(row)


def _are_aware(row: Reported) -> bool:
    moments: Sequence[object] = [
        row.last_used_at,
        *(getattr(key, name) for key in row.credentials for name in ("created_at", "last_used_at", "expires_at")),
    ]
    return all(getattr(at, "tzinfo", True) is not None for at in moments if at is not None)
