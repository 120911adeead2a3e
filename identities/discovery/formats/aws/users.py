"""Users of IAM, gathered from listings: who they are, which keys they have, what they may do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from identities.discovery.formats.aws import arns, permissions
from identities.discovery.formats.members import text, texts
from identities.discovery.reading.moments import latest, moment
from identities.discovery.reading.tags import facts_from_tags
from identities.discovery.records import Dropped, Reported, ReportedCredential

Members = Mapping[str, object]
BY_NAME = "iam_user_by_name"
#: `list-user-tags` does not print whose tags they are.
WHOSE_TAGS = "Tags that name no user: call the file after the user (alice.json), and import it with the user's listing."


@dataclass
class User:
    """What the files said so far of one user; `account` is "" as long as no ARN told it."""

    name: str
    place: str
    account: str = ""
    said: dict[str, object] = field(default_factory=dict)
    keys: dict[str, ReportedCredential] = field(default_factory=dict)
    uses: list[object] = field(default_factory=list)

    @property
    def arn(self) -> str:
        return text(self.said, "Arn", limit=400)


class Users:
    """All users of the files: found by ARN, or by name where a file tells no account."""

    def __init__(self) -> None:
        self._by_arn: dict[str, User] = {}
        self._nameless: dict[str, User] = {}
        self._groups: dict[tuple[str, str], Members] = {}
        self._tags: dict[str, tuple[list[object], str]] = {}

    def say(self, record: Members, place: str) -> None:
        """A user of list-users, get-user or the account's authorization details."""
        arn, name = text(record, "Arn", limit=400), text(record, "UserName")
        user = self._by_arn.setdefault(arn, User(name, place, arns.account_of(arn)))
        user.said.update(record)

    def say_group(self, record: Members) -> None:
        """A group of the authorization details: its policies are those of its members."""
        arn = text(record, "Arn", limit=400)
        self._groups[arns.account_of(arn), text(record, "GroupName")] = record

    def say_key(self, name: str, key: ReportedCredential, place: str) -> None:
        """An access key; the listing tells the user's name only."""
        user = self._nameless.setdefault(name, User(name, place))
        known = user.keys.get(key.external_id)
        user.keys[key.external_id] = key if known is None or not known.exposed_in else known

    def say_use(self, name: str, used: object, place: str) -> None:
        """When one of the user's keys was used last."""
        self._nameless.setdefault(name, User(name, place)).uses.append(used)

    def say_tag(self, name: str, tag: object, place: str) -> None:
        """One tag of the user who may be called `name`."""
        self._tags.setdefault(name, ([], place))[0].append(tag)

    def reported(self) -> Iterator[Reported | Dropped]:
        """Every user once. Who is known by name alone is the one user of that name, or stands for itself."""
        by_name: dict[str, list[User]] = {}
        for user in self._by_arn.values():
            by_name.setdefault(user.name, []).append(user)
        for name, heard in self._nameless.items():
            namesakes = by_name.get(name, [])
            if len(namesakes) == 1:
                _merge(namesakes[0], heard)
            else:
                by_name[name] = [*namesakes, heard]
        for name, (tags, place) in self._tags.items():
            if len(by_name.get(name, [])) == 1:
                by_name[name][0].said["Tags"] = tags
            else:
                yield Dropped(place, name, WHOSE_TAGS)
        yield from (self._reported(user) for namesakes in by_name.values() for user in namesakes)

    def _reported(self, user: User) -> Reported:
        keys = sorted(user.keys.values(), key=lambda key: key.external_id)
        used = [moment(at) for at in (*user.uses, user.said.get("PasswordLastUsed"))]
        unique = text(user.said, "UserId")
        aliases = (
            user.arn,
            arns.user_alias(user.name),
            arns.unique_alias(unique) if unique else "",
            *(_alias(key) for key in keys),
        )
        return Reported(
            record_type=arns.USER if user.arn else BY_NAME,
            key=user.arn or user.name,
            label=user.name,
            place=user.place,
            account=user.account,
            facts=self._facts(user, has_key=bool(keys)),
            aliases=tuple(alias for alias in aliases if alias),
            credentials=tuple(keys),
            last_used_at=latest(*used, *(key.last_used_at for key in keys)),
        )

    def _facts(self, user: User, *, has_key: bool) -> dict[str, object]:
        """A password that was used makes it a person's account, also where a machine has a key to it.

        What the files do not tell is left out: another file may have told it.
        """
        facts = facts_from_tags(user.said.get("Tags"))
        facts.update(name=user.name, kind="service_account")
        facts.update(permissions.facts([*permissions.attached(user.said), *self._by_groups(user)]))
        if moment(user.said.get("PasswordLastUsed")) is not None:
            facts["ownership_class"] = "human"
        if has_key:
            facts["auth_method"] = "static_api_key"
        return facts

    def _by_groups(self, user: User) -> list[tuple[str, object]]:
        groups = (self._groups.get((user.account, name), {}) for name in texts(user.said, "GroupList"))
        return [policy for group in groups for policy in permissions.attached(group)]


def access_key(record: Members, *, exposed_in: str = "") -> ReportedCredential:
    """The key of list-access-keys; nothing says when it was used."""
    made = moment(record.get("CreateDate"))
    return ReportedCredential(
        kind="access_key",
        external_id=text(record, "AccessKeyId"),
        name=text(record, "AccessKeyId"),
        exposed_in=exposed_in,
        is_active=text(record, "Status") != "Inactive",
        created_at=made,
        last_rotated_at=made,
        last_used_at=moment(record.get("LastUsedDate")),
    )


def _alias(key: ReportedCredential) -> str:
    return arns.key_alias(key.external_id)


def _merge(user: User, heard: User) -> None:
    user.keys.update(heard.keys)
    user.uses += heard.uses
    user.said = {**heard.said, **user.said}
