"""NHI5-ADMIN: a machine that may do anything."""

import re
from collections.abc import Iterator
from datetime import datetime

from identities.detections.facts import IdentityFacts
from identities.detections.models import Severity
from identities.detections.rules.base import Observation, Rule
from identities.inventory.vocabulary import PrivilegeLevel

#: How platforms spell "everything": AWS, Google Cloud, Kubernetes, Entra and Graph, GitHub, Okta, Keycloak.
_EVERYTHING = re.compile(
    r"^\*(:\*)?$|AdministratorAccess|\bIAMFullAccess\b|\bPowerUserAccess\b|^roles/(owner|editor)\b|\bcluster-admin\b"
    r"|Global Administrator|Privileged Role Administrator|Directory\.ReadWrite\.All|RoleManagement\.ReadWrite"
    r"|AppRoleAssignment\.ReadWrite\.All|\badmin:org\b|\borganization_administration:write\b|\bsuper[_ ]?admin"
    r"|\brealm-admin\b",
    re.IGNORECASE,
)


class Administrator(Rule):
    """By its privilege level, or by a permission elsewhere that amounts to it."""

    code = "NHI5-ADMIN"
    category = "NHI5"
    severity = Severity.HIGH
    title = "Administrator rights on a machine"
    why = "A program needs what its work needs; with everything, one leaked credential is the whole estate."
    mend = "List what it really calls, give it a role with just that, and take the administrator rights away."
    field = "privilege_level"

    def judge(self, facts: IdentityFacts, at: datetime) -> Iterator[Observation]:
        found = [name for name in facts.downstream_permissions if _EVERYTHING.search(name)]
        if facts.privilege_level != PrivilegeLevel.ADMIN and not found:
            return
        said = f"It holds {', '.join(found[:5])}." if found else "Its privilege level is admin."
        far = facts.internet_exposed or facts.is_vendor
        yield Observation(said, details={"permissions": found[:20]}, severity=Severity.CRITICAL if far else None)
