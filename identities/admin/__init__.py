"""The admin: pages for people. Importing it registers every page of this app."""

from identities.admin import (
    audit_events as audit_events,
    bindings as bindings,
    decisions as decisions,
    findings as findings,
    identities as identities,
    imports as imports,
    people as people,
    policies as policies,
    questionnaires as questionnaires,
    roles as roles,
    rotations as rotations,
    teams as teams,
    tenants as tenants,
    vaults as vaults,
)
