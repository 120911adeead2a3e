"""Identities with a secret, for the tests of tokens: made through the rooms' own commands, one call each."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from audit.actors import Actor
from identities.access.models import Role, RoleBinding
from identities.credentials import services as credentials
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.people.models import PortalRole, Tenant, User

SYSTEM = Actor.system("tests")
_numbers = count(1)


@dataclass(frozen=True)
class Bot:
    """An identity and the text of its secret."""

    identity: ManagedIdentity
    secret: str

    @property
    def client_id(self) -> str:
        return self.identity.client_id


def tenant() -> Tenant:
    number = next(_numbers)
    return Tenant.objects.create(name=f"Tenant {number}", slug=f"tenant-{number}")


def identity(*, of: Tenant | None = None, **facts: Any) -> ManagedIdentity:
    number = next(_numbers)
    facts.setdefault("name", f"bot-{number}")
    return ManagedIdentity.objects.create(
        tenant=of or tenant(),
        client_id=f"mi_{number:022d}",
        environment="production",
        purpose="tests",
        **facts,
    )


def bot(*, of: Tenant | None = None, permissions: tuple[str, ...] = (), **facts: Any) -> Bot:
    """An active identity with one secret, and one role when permissions are named."""
    made = identity(of=of, **facts)
    issued = credentials.issue(made, actor=SYSTEM)
    if permissions:
        grant(made, *permissions)
    return Bot(identity=made, secret=issued.text)


def grant(to: ManagedIdentity, *permissions: str, name: str = "") -> Role:
    role = Role.objects.create(tenant=to.tenant, name=name or f"role-{next(_numbers)}", permissions=list(permissions))
    now = timezone.now()
    RoleBinding.objects.create(
        identity=to, role=role, valid_from=now - timedelta(days=1), valid_until=now + timedelta(days=1), reason="tests"
    )
    return role


def stop(which: ManagedIdentity, state: State = State.DISABLED) -> None:
    """Only the row's state, without the command that also kills tokens."""
    which.state, which.state_changed_at = state.value, timezone.now()
    which.save(update_fields=["state", "state_changed_at"])


def person(*, of: Tenant | None = None) -> User:
    number = next(_numbers)
    return User.objects.create(email=f"person{number}@example.com", tenant=of or tenant(), role=PortalRole.ADMIN)
