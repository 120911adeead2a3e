"""From a row to its tag and its link: which fields they cover, and the keys they are made with."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from audit import chain, keys
from audit.models import RECORD_FIELDS, plain_record

CHAIN, TAG = b"steward audit chain", b"steward audit tag"
COLUMNS = ("id", "tag", *RECORD_FIELDS)

# Ids are given out when a row is inserted and seen when its transaction commits, so a lower id may appear after a
# higher one was sealed. The sealer looks again at everything this young; no transaction of ours comes near it.
GRACE = timedelta(minutes=15)


def chain_key() -> bytes:
    """Makes the macs that link."""
    return keys.derived_key(CHAIN)


def tag_key() -> bytes:
    """Makes the tag a record is born with."""
    return keys.derived_key(TAG)


def tag_of(record: Mapping[str, object]) -> str:
    """The tag only the holder of the key can put on a record; the sealer takes in nothing without it."""
    return chain.tag(tag_key(), record)


def tag_of_written(record: str) -> str:
    """As `tag_of`, of a record in its canonical form."""
    return chain.tag_of_written(tag_key(), record)


def is_genuine(values: Mapping[str, Any]) -> bool:
    """Whether the row with these `COLUMNS` was written by `record` and is as it was; under any key that is accepted."""
    return has_tag(values, keys.accepted_keys(TAG))


def has_tag(values: Mapping[str, Any], tag_keys: Iterable[bytes]) -> bool:
    """Whether its tag was made with one of these keys."""
    try:
        record = plain_record(values)
        return any(chain.is_same(chain.tag(key, record), values["tag"]) for key in tag_keys)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def covered(values: Mapping[str, Any]) -> dict[str, object]:
    """What a link covers: every field of the record, its row id and its tag."""
    return plain_record(values) | {"id": values["id"], "tag": values["tag"]}
