"""Rotation overdue."""

from identities.programme.reports.listed import Listed


class RotationOverdue(Listed):
    """Rotation overdue."""

    name = "rotation-overdue"
    title = "Rotation overdue"
    key = "rotation_overdue"
    position = 70
    why = (
        "The date by which these should have been rotated has passed. A secret goes on working: it only gets "
        "older, and more people have seen it."
    )
    nothing = "Everything is rotated in time."
