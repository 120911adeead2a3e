"""Each tenant's monthly rotation, with an identity of its own that may do this and no more."""

from identities.access.permissions import CREDENTIAL_ROTATE, WORKFLOW_EXECUTE
from scheduling.builtin.giving import BuiltIn
from scheduling.builtin.rotate_due import RotateDue

ROTATION = BuiltIn(
    key="steward-monthly-rotation",
    name="Rotate what rotates by itself",
    step="rotate",
    kind=RotateDue.kind,
    # In the night of the first of each month.
    cron="15 3 1 * *",
    identity="steward-rotation",
    secret_name="steward/rotation",  # noqa: S106 - a name
    role="Built-in: rotate secrets",
    why="Built in: secrets that rest in a vault are replaced before they are due.",
    permissions=(CREDENTIAL_ROTATE, WORKFLOW_EXECUTE),
    purpose="Puts a new secret into the vault for every identity whose secret is due.",
    blast_radius="write_limited",
    privilege_level="medium",
)
