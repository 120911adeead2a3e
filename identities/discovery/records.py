"""What an importer says of one identity, without a secret in it, and how it says that a file cannot be taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


class Unreadable(Exception):
    """The file cannot be taken, whole or in part: one line that says where ("row 3, column 7") and what is wrong.

    It never quotes a value of the file: that could be a secret.
    """


@dataclass(frozen=True, slots=True)
class ReportedCredential:
    """A credential by name: `kind` as in ExternalKind, `external_id` stable within the source.

    `exposed_in` says where its value lay in the file ("secret of aws_iam_access_key.key[0]"); the value itself never
    gets here.
    """

    kind: str
    external_id: str
    name: str = ""
    scope: tuple[str, ...] = ()
    stored_at: str = ""
    exposed_in: str = ""
    is_active: bool = True
    created_at: datetime | None = None
    last_rotated_at: datetime | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """One identity as a source reports it.

    `account` is the account, cluster or organisation that the file itself names, empty where it names none (then the
    importer's `--source` stands in). `key` is the natural key within (source, record type). `facts` are members of the
    register in snake case, only those the source knows; owners are texts, as proposals. `aliases` are names by which
    other sources know it ("arn:aws:iam::1:user/x"): a shared one means one identity; one that begins with "./" holds
    within the record's own source alone. `place` is where it stands in the file ("row 12"). `notes` say, in a sentence
    each, what was left out of the record and why.
    """

    record_type: str
    key: str
    label: str
    place: str
    account: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    credentials: tuple[ReportedCredential, ...] = ()
    last_used_at: datetime | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dropped:
    """A record that is no identity, or none that can be named, with the reason in one sentence."""

    place: str
    label: str
    reason: str
