"""Roles of IAM: who may become them, and what they may then do."""

from collections.abc import Mapping

from identities.discovery.formats.aws import arns, permissions, trust
from identities.discovery.formats.members import text, within
from identities.discovery.reading.moments import moment
from identities.discovery.reading.tags import facts_from_tags
from identities.discovery.reading.text import clean
from identities.discovery.records import Dropped, Reported

AWS_OWN = "A role that AWS made for a service of its own; it cannot be changed and proves itself to AWS alone."
FOR_PEOPLE = "A role in which people sign in through AWS IAM Identity Center; it is no machine's identity."


def reported(record: Mapping[str, object], place: str) -> Reported | Dropped:
    """The role of list-roles, get-role or the account's authorization details."""
    arn, name = text(record, "Arn", limit=400), text(record, "RoleName")
    path = text(record, "Path")
    if path.startswith("/aws-service-role/"):
        return Dropped(place, name, AWS_OWN)
    if path.startswith("/aws-reserved/sso.amazonaws.com/"):
        return Dropped(place, name, FOR_PEOPLE)
    unique = text(record, "RoleId")
    return Reported(
        record_type=arns.ROLE,
        key=arn,
        label=name,
        place=place,
        account=arns.account_of(arn),
        facts=facts(record, name),
        aliases=(arn, arns.unique_alias(unique)) if unique else (arn,),
        last_used_at=moment(within(record, "RoleLastUsed").get("LastUsedDate")),
    )


def facts(record: Mapping[str, object], name: str) -> dict[str, object]:
    """A role for services, pods and pipelines is a workload's; one that users and accounts assume a service account.

    No role holds a secret: who may become it gets credentials for an hour or so.
    """
    sources = trust.sources(record.get("AssumeRolePolicyDocument"))
    sorts = {sort for sort, _ in sources}
    said = facts_from_tags(record.get("Tags"))
    said.update(name=name, kind="workload" if sorts & {"Service", "Federated"} else "service_account")
    said.update(permissions.facts(permissions.attached(record)))
    if description := clean(record.get("Description"), 1000):
        said["description"] = description
    if sources:
        said["upstream_trust_source"] = clean("; ".join(source for _, source in sources))
        said["auth_method"] = "federated" if "Federated" in sorts else "conditional_service_account"
        said["ownership_class"] = "workload"
    return said
