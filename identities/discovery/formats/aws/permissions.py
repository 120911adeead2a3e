"""What a user or role may do in AWS, by its policies."""

from collections.abc import Iterable, Mapping

from identities.discovery.formats.aws.trust import statements, texts
from identities.discovery.reading.text import clean

ADMIN = frozenset({"AdministratorAccess"})
HIGH = frozenset({"PowerUserAccess", "IAMFullAccess", "SecurityAudit", "AWSOrganizationsFullAccess"})
READING = ("ReadOnlyAccess", "ViewOnlyAccess", "ReadOnly")
MOST = 100


def attached(record: Mapping[str, object]) -> list[tuple[str, object]]:
    """The policies of a user, group or role in account authorization details: (name, document or None)."""
    found: list[tuple[str, object]] = []
    for member in ("AttachedManagedPolicies", "UserPolicyList", "RolePolicyList", "GroupPolicyList"):
        listed = record.get(member)
        policies = [policy for policy in listed if isinstance(policy, Mapping)] if isinstance(listed, list) else []
        found += [(clean(policy.get("PolicyName")), policy.get("PolicyDocument")) for policy in policies]
    return [(name, document) for name, document in found if name]


def facts(policies: Iterable[tuple[str, object]]) -> dict[str, object]:
    """`downstream_permissions`, and `privilege_level` and `blast_radius` where the policies leave no doubt.

    AdministratorAccess and an own policy for every action on everything is admin; PowerUserAccess, IAM and all-of-a-
    service policies are high; reading policies alone are low. Of other policies only the names are known.
    """
    named = list(policies)
    if not named:
        return {}
    said: dict[str, object] = {
        "downstream_permissions": sorted({_said(name, document) for name, document in named})[:MOST]
    }
    if any(name in ADMIN or _is_all(document) for name, document in named):
        return {**said, "privilege_level": "admin", "blast_radius": "privileged"}
    if any(name in HIGH or name.endswith("FullAccess") for name, _ in named):
        return {**said, "privilege_level": "high"}
    if all(name.endswith(READING) for name, _ in named):
        return {**said, "privilege_level": "low", "blast_radius": "read_only"}
    return said


def _said(name: str, document: object) -> str:
    actions = sorted({action for statement in statements(document) for action in texts(statement.get("Action"))})
    return clean(f"{name}: {', '.join(actions)}" if actions else name)


def _is_all(document: object) -> bool:
    return any(
        {"*", "*:*"} & set(texts(statement.get("Action"))) and "*" in texts(statement.get("Resource"))
        for statement in statements(document)
    )
