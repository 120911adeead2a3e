"""How much of what must be known of an identity is known: 0 to 100, with what is missing (S3-21, S3-26, S4-10). Pure.

Counted are the eleven fields of a usable inventory and the mandatory tags, each with a weight; together they make 100.
What a person wrote weighs no more than what we see ourselves: for an identity whose tokens we issue, its roles are its
permissions, Passport is its trust source, and its use is observed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from identities.inventory import orphans
from identities.inventory.assessable import Assessable
from identities.inventory.vocabulary import AuthMethod

#: Nothing of theirs lasts long enough to be rotated.
NOTHING_TO_ROTATE = frozenset({AuthMethod.FEDERATED.value, AuthMethod.VAULT_DYNAMIC.value})


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that should be known: the member of the register that holds it, its weight, and whether it is known."""

    member: str
    label: str
    weight: int
    is_known: Callable[[Assessable], bool]


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is not known, and what it would add to the score."""

    member: str
    label: str
    weight: int


def _rotation_is_known(of: Assessable) -> bool:
    is_moot = of.proven_by in NOTHING_TO_ROTATE
    return of.is_ours or is_moot or of.rotate_by is not None or of.rotation_interval_days is not None


FIELDS = (
    Field("name", "Name", 3, lambda of: True),
    Field("kind", "Type", 2, lambda of: bool(of.kind)),
    Field("owner", "Owner", 15, lambda of: not orphans.is_ownerless(of.chain)),
    Field("environment", "Environment", 10, lambda of: bool(of.environment)),
    Field("purpose", "Purpose", 10, lambda of: bool(of.purpose)),
    Field("auth_method", "Credential type", 10, lambda of: of.proven_by != AuthMethod.UNKNOWN),
    Field("deprovisioning_trigger", "What ends it", 10, lambda of: bool(of.deprovisioning_trigger)),
    Field("review_by", "Review date or end", 10, lambda of: of.review_by is not None or of.expires_at is not None),
    Field("upstream_trust_source", "Trust source", 5, lambda of: of.is_ours or bool(of.upstream_trust_source)),
    Field("downstream_permissions", "Permissions", 5, lambda of: of.is_ours or bool(of.downstream_permissions)),
    Field("rotation_interval_days", "Rotation", 5, _rotation_is_known),
    Field("last_used_at", "Last use", 5, lambda of: of.is_observed or of.last_used_at is not None),
    Field("application", "Application", 4, lambda of: bool(of.application)),
    Field("business_unit", "Business unit", 3, lambda of: bool(of.business_unit)),
    Field("ticket", "Ticket", 3, lambda of: bool(of.ticket)),
)
#: The tags without which no identity is fully described (S4-10).
MANDATORY_TAGS = ("business_unit", "application", "environment", "owner", "ticket", "review_by")


def missing_of(facts: Assessable) -> list[Missing]:
    """What is not known, heaviest first."""
    found = [Missing(field.member, field.label, field.weight) for field in FIELDS if not field.is_known(facts)]
    return sorted(found, key=lambda missing: -missing.weight)


def score(missing: Sequence[Missing]) -> int:
    """100 less what is missing."""
    return 100 - sum(one.weight for one in missing)


def missing_tags(facts: Assessable) -> list[str]:
    """The labels of the mandatory tags it lacks, in their order."""
    fields = {field.member: field for field in FIELDS}
    return [fields[tag].label.lower() for tag in MANDATORY_TAGS if not fields[tag].is_known(facts)]
