"""The demo company as data: what its people entered by hand. What exports brought in stands in `exports`."""

from scheduling.demo import agents, applications, deployments, motion, vendors
from scheduling.demo.people import PEOPLE, ROLES, STANDARDS, TEAMS
from scheduling.demo.shapes import DOMAIN, SLUG, TENANT, VAULT, Identity, Person

__all__ = [
    "DOMAIN",
    "IDENTITIES",
    "PEOPLE",
    "ROLES",
    "SLUG",
    "STANDARDS",
    "TEAMS",
    "TENANT",
    "VAULT",
    "Identity",
    "Person",
]

IDENTITIES: tuple[Identity, ...] = (
    *applications.IDENTITIES,
    *deployments.IDENTITIES,
    *agents.IDENTITIES,
    *vendors.IDENTITIES,
    *motion.IDENTITIES,
)
