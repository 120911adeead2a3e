"""Tenants, people and identities made through the rooms' commands, for tests of the register."""

from itertools import count
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from audit.actors import Actor
from identities.access.models import Role
from identities.access.principal import Principal
from identities.inventory import bulk, services as inventory
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole, Team, Tenant, User
from tests.factories import tokens

SYSTEM = Actor.system("tests")
_numbers = count(1)
tenant = tokens.tenant
grant = tokens.grant


def person(of: Tenant, role: PortalRole = PortalRole.ADMIN, **facts: Any) -> User:
    number = next(_numbers)
    return User.objects.create(email=facts.pop("email", f"p{number}@example.com"), tenant=of, role=role, **facts)


def team(of: Tenant, *members: User) -> Team:
    made = Team.objects.create(tenant=of, name=f"Team {next(_numbers)}")
    made.members.set(members)
    return made


def identity(of: Tenant, actor: Actor = SYSTEM, **facts: Any) -> ManagedIdentity:
    wanted = {"name": f"bot {next(_numbers)}", "environment": "production", "purpose": "Runs payroll.", **facts}
    return inventory.create(tenant_id=of.pk, facts=wanted, actor=actor)


def imported(of: Tenant, source: str = "aws/1", **facts: Any) -> ManagedIdentity:
    """A row as an import enters it: nobody was asked for what the export did not hold."""
    entry = bulk.Entry(facts=facts, source=source, reported_by=(source,))
    return bulk.enter_many(tenant_id=of.pk, entries=[entry], actor=SYSTEM, at=timezone.now())[0]


def role(of: Tenant, *permissions: str) -> Role:
    return Role.objects.create(tenant=of, name=f"role {next(_numbers)}", permissions=list(permissions))


def client_of(user: User) -> APIClient:
    """A client that is signed in as `user`."""
    client = APIClient()
    client.force_authenticate(Principal.person(user))  # type: ignore[arg-type]
    return client


def client_of_machine(which: ManagedIdentity, *permissions: str) -> APIClient:
    """A client that calls as an identity with these permissions."""
    client = APIClient()
    client.force_authenticate(Principal.machine(which, permissions=permissions, role_names=()))  # type: ignore[arg-type]
    return client
