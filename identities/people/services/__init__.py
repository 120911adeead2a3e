"""Commands on people, teams and tenants."""

from identities.people.services.own_account import change_own_password, change_own_profile
from identities.people.services.registering import RegistrationClosed, check_registration_is_open, register_user
from identities.people.services.reporting_line import set_manager
from identities.people.services.rules import is_agents_address
from identities.people.services.sessions import sign_out
from identities.people.services.teams import add_member, change_team, create_team, remove_member
from identities.people.services.tenants import change_tenant, create_tenant
from identities.people.services.users import (
    change_user,
    create_user,
    disable_user,
    enable_user,
    force_reset,
    set_password,
    set_role,
)

__all__ = [
    "RegistrationClosed",
    "add_member",
    "change_own_password",
    "change_own_profile",
    "change_team",
    "change_tenant",
    "change_user",
    "check_registration_is_open",
    "create_team",
    "create_tenant",
    "create_user",
    "disable_user",
    "enable_user",
    "force_reset",
    "is_agents_address",
    "register_user",
    "remove_member",
    "set_manager",
    "set_password",
    "set_role",
    "sign_out",
]
