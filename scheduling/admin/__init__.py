"""The admin's pages of the scheduler, and what it adds to the overview and to an identity's page."""

from scheduling.admin import (
    identity_tabs as identity_tabs,
    panels as panels,
    preflight_panel as preflight_panel,
    runs as runs,
    schedules as schedules,
    workflows as workflows,
)
