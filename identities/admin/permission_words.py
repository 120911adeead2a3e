"""What each permission lets an identity do, in words, and which of them are strong."""

from identities.admin.parts import Badge

MEANING = {
    "workflow.execute": "Run workflows as itself, and be run by schedules",
    "schedule.read": "See schedules",
    "schedule.run": "Start a schedule by hand",
    "schedule.write": "Make and change schedules",
    "run.read": "See runs and their steps",
    "identity.read": "See the register",
    "identity.write": "Change entries of the register",
    "credential.rotate": "Rotate secrets",
    "identity.quarantine": "Stop an identity at once",
    "role.read": "See roles and who holds them",
    "finding.read": "See findings",
    "audit.read": "Read the audit log",
    "audit.write_event": "Hand in events of its own for the audit log",
    "token.introspect": "Ask whether a token of this tenant is alive",
    "review.read": "See reviews",
    "register.import": "Import identities from elsewhere",
    "report.read": "Fetch reports",
    "secret.read": "Read the value of a secret: the strongest of all",
}
STRONG = frozenset({"secret.read", "identity.write", "identity.quarantine", "schedule.write", "register.import"})


def permission_badge(name: str) -> Badge:
    """A permission as a badge; strong ones stand out."""
    return Badge(name, "warn" if name in STRONG else "quiet", MEANING.get(name, ""))
