"""The credential report of AWS IAM: one CSV with every user of an account and the age of what they hold."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from identities.discovery.formats.aws import arns
from identities.discovery.importers.base import Importer
from identities.discovery.reading import csv_rows
from identities.discovery.reading.moments import latest, moment
from identities.discovery.reading.tables import Row
from identities.discovery.reading.text import clean
from identities.discovery.records import Dropped, Reported, ReportedCredential

NEEDED = frozenset({"user", "arn", "password_enabled", "access_key_1_active"})
ROOT = "<root_account>"
A_PERSON = "Signs in to the console with a password and has no access key: a person, not a machine's identity."
NO_ARN = "The row has no ARN, so the user cannot be told from others."

Cells = Mapping[str, str]


class AwsCredentialReport(Importer):
    """`aws iam get-credential-report`. The report names no access key ids: keys are the user's first and second."""

    kind = "aws-credential-report"
    platform = "aws"
    label = "AWS IAM credential report"
    accepts = "the CSV of `aws iam get-credential-report` (its Content, decoded)"
    signs = ("access_key_1_active,",)

    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported | Dropped]:
        for path in files:
            self.check_kind(path)
            if not set(csv_rows.headers(path)) >= NEEDED:
                raise self.mismatch(path, "row 1: the columns of a credential report are missing")
            for row in csv_rows.rows(path):
                yield _record(row)


def _record(row: Row) -> Reported | Dropped:
    cells = row.cells
    arn, user = clean(cells["arn"], 400), clean(cells["user"])
    account = arns.account_of(arn)
    if not account:
        return Dropped(row.place, user, NO_ARN)
    keys = [key for number in (1, 2) if (key := _access_key(cells, number))]
    others = [*_certificates(cells), *_password(cells)]
    is_root = user == ROOT or arns.resource_of(arn) == "root"
    if not keys and _is_true(cells["password_enabled"]) and not is_root:
        return Dropped(row.place, user, A_PERSON)
    return Reported(
        record_type=arns.USER,
        key=arn,
        label=f"root of {account}" if is_root else user,
        place=row.place,
        account=account,
        facts=_root(account) if is_root else _facts(user, cells, has_key=bool(keys)),
        aliases=(arn,) if is_root else (arn, arns.user_alias(user)),
        credentials=(*keys, *others),
        last_used_at=latest(*(found.last_used_at for found in (*keys, *others)), moment(cells["password_last_used"])),
    )


def _root(account: str) -> dict[str, object]:
    return {
        "name": f"root of {account}",
        "kind": "cloud_key",
        "auth_method": "human_shared_admin",
        "privilege_level": "admin",
        "ownership_class": "human",
    }


def _facts(user: str, cells: Cells, *, has_key: bool) -> dict[str, object]:
    """A console password beside a key: a personal account that a machine uses, or one that a machine shares."""
    has_password = _is_true(cells["password_enabled"])
    has_certificate = _is_true(cells.get("cert_1_active", "")) or _is_true(cells.get("cert_2_active", ""))
    facts: dict[str, object] = {
        "name": user,
        "kind": "service_account",
        "ownership_class": "human" if has_password else "workload",
    }
    if has_key or has_certificate:
        facts["auth_method"] = "static_api_key" if has_key else "long_lived_secret"
    return facts


def _access_key(cells: Cells, number: int) -> ReportedCredential | None:
    """A key there is or was: one that never was has neither a date nor is it active."""
    prefix = f"access_key_{number}"
    made = moment(cells.get(f"{prefix}_last_rotated"))
    is_active = _is_true(cells.get(f"{prefix}_active", ""))
    if made is None and not is_active:
        return None
    used = moment(cells.get(f"{prefix}_last_used_date"))
    if cells["user"] == ROOT and not is_active and used is None and made == moment(cells.get("user_creation_time")):
        return None  # accounts of the first years report a key of root's, as old as themselves, that never was
    return ReportedCredential(
        kind="access_key",
        external_id=prefix,
        name=f"Access key {number}",
        is_active=is_active,
        created_at=made,
        last_rotated_at=made,
        last_used_at=used,
    )


def _certificates(cells: Cells) -> Iterator[ReportedCredential]:
    for number in (1, 2):
        made = moment(cells.get(f"cert_{number}_last_rotated"))
        is_active = _is_true(cells.get(f"cert_{number}_active", ""))
        if is_active or made is not None:
            yield ReportedCredential(
                kind="certificate",
                external_id=f"cert_{number}",
                name=f"Signing certificate {number}",
                is_active=is_active,
                created_at=made,
                last_rotated_at=made,
            )


def _password(cells: Cells) -> Iterator[ReportedCredential]:
    if _is_true(cells["password_enabled"]):
        changed = moment(cells.get("password_last_changed"))
        yield ReportedCredential(
            kind="password",
            external_id="console_password",
            name="Console password",
            last_rotated_at=changed,
            last_used_at=moment(cells.get("password_last_used")),
        )


def _is_true(text: str) -> bool:
    return text.strip().lower() == "true"
