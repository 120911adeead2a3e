"""Tenants and people beyond the cast; quick ones straight as rows, since their making has tests of its own."""

from itertools import count
from typing import Any

from django.contrib.auth.hashers import make_password

from audit.actors import Actor
from identities.people.models import PortalRole, Team, Tenant, User

SYSTEM = Actor.system("tests")
PASSWORD = "Correct-Horse-1"
_numbers = count(1)


def tenant(name: str = "") -> Tenant:
    number = next(_numbers)
    return Tenant.objects.create(name=name or f"Company {number}", slug=f"company-{number}")


def person(*, of: Tenant | None = None, role: PortalRole | str = PortalRole.ADMIN, **facts: Any) -> User:
    number = next(_numbers)
    facts.setdefault("email", f"user{number}@example.com")
    facts.setdefault("password", make_password(PASSWORD))
    return User.objects.create(tenant=of or tenant(), role=role, **facts)


def agent(*, of: Tenant | None = None, role: PortalRole | str = PortalRole.ANALYST, **facts: Any) -> User:
    return person(of=of, role=role, email=f"task{next(_numbers)}-agent@example.com", is_agent=True, **facts)


def platform_admin(*, of: Tenant | None = None) -> User:
    return person(of=of, is_platform_admin=True)


def team(*members: User, of: Tenant | None = None, name: str = "") -> Team:
    made = Team.objects.create(tenant=of or tenant(), name=name or f"Team {next(_numbers)}")
    made.members.set(members)
    return made
