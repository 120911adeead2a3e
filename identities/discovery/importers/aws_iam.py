"""Listings of AWS IAM as its command line prints them: users, access keys, roles and what they may do."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from identities.discovery.formats.aws import roles
from identities.discovery.formats.aws.users import BY_NAME, Users, access_key
from identities.discovery.formats.members import text, within
from identities.discovery.importers.base import Importer
from identities.discovery.reading import json_items
from identities.discovery.reading.json_items import Item
from identities.discovery.reading.secrets import Sealed, sealed
from identities.discovery.reading.text import clean
from identities.discovery.records import Dropped, Reported

LISTS = (
    "Users",
    "AccessKeyMetadata",
    "Roles",
    "UserDetailList",
    "RoleDetailList",
    "GroupDetailList",
    "Policies",
    "Tags",
)
KEPT_ASIDE = frozenset({"Policies"})


class AwsIam(Importer):
    """Files of one or several accounts in any order; what they say of one user becomes one record.

    Users are gathered before the first is given out, for the next file may say more of them; AWS allows an account
    5,000.
    """

    kind = "aws-iam"
    platform = "aws"
    label = "AWS IAM listings"
    accepts = (
        "JSON of `aws iam` list-users, get-user, list-access-keys, get-access-key-last-used, list-roles, get-role, "
        "list-user-tags and get-account-authorization-details"
    )
    partial = frozenset({BY_NAME})
    signs = (
        '"AccessKeyMetadata"',
        '"PasswordLastUsed"',
        '"AssumeRolePolicyDocument"',
        '"UserDetailList"',
        '"AccessKeyLastUsed"',
    )

    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported | Dropped]:
        users = Users()
        for path in files:
            self.check_kind(path)
            for item in json_items.items(path, LISTS):
                if item.collection in KEPT_ASIDE:
                    continue
                found = self._take(path, item, users)
                if found is not None:
                    yield found
        yield from users.reported()

    def _take(self, path: Path, item: Item, users: Users) -> Reported | Dropped | None:
        kept = sealed(item.value)
        record: Mapping[str, object] = kept.record
        place = f"{clean(path.name, 60)}, {item.place}"
        if item.collection == "Tags":
            users.say_tag(clean(path.stem), record, place)
            return None
        if item.collection == "GroupDetailList":
            users.say_group(record)
            return None
        for member in ("User", "Role", "AccessKey"):
            record = within(record, member) or record
        if "AccessKeyId" in record:
            users.say_key(text(record, "UserName"), access_key(record, exposed_in=_exposed(path, kept)), place)
        elif "AccessKeyLastUsed" in record:
            users.say_use(text(record, "UserName"), within(record, "AccessKeyLastUsed").get("LastUsedDate"), place)
        elif "RoleName" in record and "Arn" in record:
            return roles.reported(record, place)
        elif "UserName" in record and "Arn" in record:
            users.say(record, place)
        elif record.keys() - {"IsTruncated", "Marker", "NextToken"}:
            raise self.mismatch(path, f"{item.place}: neither a user, nor an access key, nor a role")
        return None


def _exposed(path: Path, kept: Sealed) -> str:
    return f"{kept.held[0]} in {clean(path.name, 80)}" if kept.held else ""
