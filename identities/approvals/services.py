"""Commands on approvals: ask, approve, reject, withdraw, and let expire what nobody answered."""

from identities.approvals.asking import ask
from identities.approvals.ending import drop, expire_due, withdraw
from identities.approvals.voting import approve, reject

__all__ = ["approve", "ask", "drop", "expire_due", "reject", "withdraw"]
