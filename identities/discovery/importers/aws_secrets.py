"""Importer for AWS Secrets Manager: names of secrets, as `aws secretsmanager list-secrets` prints them."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from identities.discovery.formats.exports import Entry, entries
from identities.discovery.formats.members import Members, flag, known, text, within
from identities.discovery.importers.base import Importer
from identities.discovery.reading.moments import latest, moment
from identities.discovery.reading.tags import facts_from_tags
from identities.discovery.records import Reported, ReportedCredential

LISTS = ("SecretList",)
SECRETS = ("SecretString", "SecretBinary")


class AwsSecrets(Importer):
    """A secret by its ARN, with its dates and tags; what it proves somebody to be is for its owner to say."""

    kind = "aws-secrets"
    platform = "aws"
    label = "AWS Secrets Manager"
    accepts = "JSON of `aws secretsmanager list-secrets` or `describe-secret`"
    signs = ('"SecretList"', ":secretsmanager:")

    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported]:
        for entry in entries(self.checked(files), LISTS, secrets=SECRETS):
            if not text(entry.record, "ARN").startswith("arn:"):
                raise self.mismatch(entry.path, f"{entry.place} is no secret of AWS Secrets Manager")
            yield _reported(entry)


def _reported(entry: Entry) -> Reported:
    item = entry.record
    arn, name = text(item, "ARN", limit=400), text(item, "Name")
    used = moment(item.get("LastAccessedDate"))
    credential = ReportedCredential(
        kind="stored_secret",
        external_id=arn,
        name=name,
        stored_at=arn,
        exposed_in=f"value of {name} in the export" if entry.held else "",
        is_active=item.get("DeletedDate") is None,
        created_at=moment(item.get("CreatedDate")),
        last_rotated_at=latest(moment(item.get("LastRotatedDate")), moment(item.get("LastChangedDate"))),
        last_used_at=used,
    )
    facts = known(
        kind="api_client",
        description=text(item, "Description", limit=1000),
        rotation_interval_days=_interval(item),
        upstream_dependencies=[f"rotated by {rotator}"] if (rotator := text(item, "RotationLambdaARN")) else [],
    )
    return Reported(
        record_type=f"secret_{_region(arn)}".rstrip("_"),
        key=arn,
        label=name or arn,
        place=entry.place,
        account=_account(arn),
        facts={**facts_from_tags(item.get("Tags")), **facts},
        credentials=(credential,),
        last_used_at=used,
    )


def _region(arn: str) -> str:
    """A listing is of one region: what is missing from it has not vanished from another."""
    return arn.split(":")[3].replace("-", "_") if arn.count(":") > 5 else ""


def _account(arn: str) -> str:
    """arn:aws:secretsmanager:region:account:secret:name-suffix"""
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else ""


def _interval(item: Members) -> int | None:
    """Days between rotations, where AWS does rotate it."""
    days = within(item, "RotationRules").get("AutomaticallyAfterDays")
    return days if flag(item, "RotationEnabled") and isinstance(days, int) and days > 0 else None
