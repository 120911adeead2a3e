"""The table of who may do what, and the portal roles as sets of permissions."""

import pytest

from identities.access import matrix
from identities.access.matrix import MATRIX, Duty, Reach
from identities.access.permissions import PERMISSIONS, PORTAL_PERMISSIONS
from identities.people.models import PortalRole

ROLES = ("READ_ONLY", "ANALYST", "AUDITOR", "ADMIN")
AGREED = {
    Duty.READ_REGISTER: ("tenant", "tenant", "every", "tenant"),
    Duty.READ_AUDIT: ("none", "own", "every", "tenant"),
    Duty.REPORT: ("none", "tenant", "none", "tenant"),
    Duty.OPERATE_SCHEDULE: ("none", "own", "none", "tenant"),
    Duty.OWN_PROFILE: ("own", "own", "own", "own"),
    Duty.CANCEL_OWN_REQUEST: ("none", "own", "none", "tenant"),
    Duty.UNDO_DECISION: ("none", "own", "none", "tenant"),
    Duty.DECIDE_REQUEST: ("none", "own", "none", "tenant"),
    Duty.GOVERN: ("none", "none", "none", "tenant"),
    Duty.SIGN_IN_TO_ADMIN: ("own", "own", "own", "own"),
}


def test_every_duty_has_a_cell_for_every_role_and_the_cells_are_as_agreed():
    assert set(AGREED) == set(Duty) == set(MATRIX)
    assert {duty: tuple(MATRIX[duty][PortalRole(role)] for role in ROLES) for duty in Duty} == AGREED


@pytest.mark.parametrize("role", ["", "OWNER", None, "admin"])
def test_a_role_nobody_knows_reaches_nothing(role):
    assert all(matrix.reach(role, duty) is Reach.NONE for duty in Duty)


def test_the_closed_list_has_eighteen_permissions():
    assert len(PERMISSIONS) == 18


def test_portal_roles_are_the_agreed_sets():
    reads = {name for name in PERMISSIONS if name.endswith(".read")} - {"secret.read"}
    assert PORTAL_PERMISSIONS[PortalRole.ADMIN] == PERMISSIONS - {
        "secret.read",
        "token.introspect",
        "audit.write_event",
    }
    assert PORTAL_PERMISSIONS[PortalRole.ANALYST] == reads | {"workflow.execute", "schedule.run"}
    assert PORTAL_PERMISSIONS[PortalRole.AUDITOR] == reads
    assert PORTAL_PERMISSIONS[PortalRole.READ_ONLY] == {
        "schedule.read",
        "run.read",
        "identity.read",
        "role.read",
        "finding.read",
    }
