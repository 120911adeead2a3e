"""Commands on people, teams and tenants."""

from identities.people.services.reporting_line import set_manager
from identities.people.services.teams import add_member, change_team, create_team, remove_member
from identities.people.services.tenants import change_tenant, create_tenant
from identities.people.services.users import (
    PASSWORD_ROTATED,
    TOKEN_INVALIDATED,
    change_user,
    create_user,
    disable_user,
    enable_user,
    set_password,
    set_role,
)

__all__ = [
    "PASSWORD_ROTATED",
    "TOKEN_INVALIDATED",
    "add_member",
    "change_team",
    "change_tenant",
    "change_user",
    "create_team",
    "create_tenant",
    "create_user",
    "disable_user",
    "enable_user",
    "remove_member",
    "set_manager",
    "set_password",
    "set_role",
]
