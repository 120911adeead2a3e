"""When a credential of ours is due: by policy, unless it was renewed or the identity is excepted. Pure."""

from datetime import datetime

from identities.credentials.rotation_dates import rotate_by
from identities.inventory.models import ManagedIdentity
from identities.inventory.standards import Standards


def latest(created_at: datetime, identity: ManagedIdentity, standards: Standards) -> datetime:
    """The day beyond which only an exception lets a credential of this identity go: what its tier allows at most."""
    return rotate_by(created_at, identity.risk_tier, internet_exposed=identity.internet_exposed, standards=standards)


def by_policy(created_at: datetime, identity: ManagedIdentity, standards: Standards) -> datetime:
    """What the policy of today makes of the day it was made; the identity's own interval counts where it is shorter."""
    return rotate_by(
        created_at,
        identity.risk_tier,
        internet_exposed=identity.internet_exposed,
        own_days=identity.rotation_interval_days,
        standards=standards,
    )


def effective(
    *,
    created_at: datetime,
    own: datetime,
    renewed_at: datetime | None,
    expires_at: datetime | None,
    excepted_until: datetime | None,
    identity: ManagedIdentity,
    standards: Standards,
) -> datetime:
    """`own` is the day that stands on the credential, put there by policy or (`renewed_at`) by somebody on purpose.

    While an exception covers it, it counts as it is; one that was set on purpose counts up to the tier's maximum; else
    what policy says today does. A credential with an end of its own is due by that at the latest.
    """
    if excepted_until is not None and own <= excepted_until:
        due = own
    elif renewed_at is not None:
        due = min(own, latest(created_at, identity, standards))
    else:
        due = by_policy(created_at, identity, standards)
    return min(due, expires_at) if expires_at else due
