"""The admin: pages for people. Importing it registers every page of this app."""

from identities.admin import (
    audit_events as audit_events,
    bindings as bindings,
    decisions as decisions,
    findings as findings,
    identities as identities,
    imports as imports,
    leaks as leaks,
    people as people,
    policies as policies,
    quarantines as quarantines,
    questionnaires as questionnaires,
    roles as roles,
    rotations as rotations,
    secret_references as secret_references,
    successions as successions,
    teams as teams,
    tenants as tenants,
    vaults as vaults,
)
