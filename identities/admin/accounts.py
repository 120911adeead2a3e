"""What the pages of people, of service users and one's own share."""

from identities.admin.commands import Call, Done
from identities.admin.pages import link_to
from identities.admin.parts import Fact
from identities.admin.person_forms import ROLE_HELP
from identities.people import services as people
from identities.people.models import PortalRole, User


def change(call: Call) -> Done:
    """What the form changed of an account."""
    people.change_user(call.obj, **call.changes, actor=call.actor)
    return Done("Saved.", obj=call.obj)


def who_they_are(user: User) -> list[Fact]:
    """The facts of a person that stand first, on their page and on their own."""
    role = PortalRole(user.role)
    return [
        Fact("E-mail address", user.email),
        Fact("Portal role", role.label, ROLE_HELP[role]),
        Fact("Tenant", str(user.tenant)),
        Fact("Manager", link_to(user.manager) if user.manager else ""),
        Fact("Teams", ", ".join(team.name for team in user.teams.all())),
    ]
