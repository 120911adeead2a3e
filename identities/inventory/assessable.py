"""What a verdict on an identity is made of, as plain values: a row, and who of its owners is still there. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from identities.inventory.orphans import Answerer
from identities.inventory.states import State
from identities.inventory.vocabulary import AuthMethod, Issuance

#: How Steward's own door proves an identity that nobody described: by a secret of ours, by a token of its platform.
_BY_ISSUANCE = {
    Issuance.PORTAL.value: AuthMethod.LONG_LIVED_SECRET.value,
    Issuance.FEDERATED.value: AuthMethod.FEDERATED.value,
}


@dataclass(frozen=True, slots=True)
class Assessable:
    """The facts that are judged; `chain` is who answers for it. Empty text and None are "not known".

    `account_id`: it is the account of a service user of ours, which we stop and see used though no token comes from us.
    """

    created_at: datetime
    chain: Sequence[Answerer] = ()
    has_team: bool = False
    state: str = State.ACTIVE.value
    state_changed_at: datetime | None = None
    kind: str = ""
    issuance: str = Issuance.PORTAL.value
    ownership_class: str = ""
    environment: str = ""
    purpose: str = ""
    risk_tier: str = "medium"
    privilege_level: str = ""
    blast_radius: str = ""
    auth_method: str = AuthMethod.UNKNOWN.value
    upstream_trust_source: str = ""
    downstream_permissions: Sequence[object] = ()
    deprovisioning_trigger: str = ""
    revocation_procedure: str = ""
    rotation_interval_days: int | None = None
    rotate_by: datetime | None = None
    last_used_at: datetime | None = None
    expected_cadence: str = ""
    schedule_cadence_seconds: int | None = None
    review_by: date | None = None
    expires_at: datetime | None = None
    ticket: str = ""
    repository: str = ""
    business_unit: str = ""
    application: str = ""
    reported_by: Sequence[str] = ()
    unreported_since: datetime | None = None
    account_id: UUID | None = None
    is_merged: bool = False

    @property
    def is_over(self) -> bool:
        """Has it ended for good: retired, or absorbed by another row?"""
        return self.is_merged or self.state == State.RETIRED

    @property
    def is_ours(self) -> bool:
        """Do we issue its tokens?"""
        return self.issuance != Issuance.EXTERNAL

    @property
    def ends_here(self) -> bool:
        """Does it end for good with a stop here, or is it issued by others who have to end it?"""
        return self.is_ours or self.account_id is not None

    @property
    def is_observed(self) -> bool:
        """Would we see it if it were used, without anybody telling us? Only once it may work at all."""
        return self.ends_here and self.state not in (State.REQUESTED, State.APPROVED)

    @property
    def proven_by(self) -> str:
        """How it proves itself: as described, else as our own door takes it, else unknown."""
        if self.auth_method != AuthMethod.UNKNOWN:
            return self.auth_method
        return _BY_ISSUANCE.get(self.issuance, AuthMethod.UNKNOWN.value)
