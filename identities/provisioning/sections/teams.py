"""`teams`: name, address, and members by e-mail."""

from collections.abc import Sequence
from typing import ClassVar

from audit.actors import Actor
from identities.errors import Invalid
from identities.people.models import Team, Tenant, User
from identities.people.services import teams
from identities.provisioning.planning import Change, Values, Weight
from identities.provisioning.sections.base import Section, texts


class Teams(Section):
    """Members who are not in the document are taken out only where the entry names `members`."""

    kind = "teams"
    position = 10
    absent: ClassVar[Values] = {"email": "", "members": []}
    schema: ClassVar[Values] = {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 120},
            "email": {"type": "string", "maxLength": 254},
            "members": {"type": "array", "items": {"type": "string"}, "description": "E-mail addresses of people."},
        },
    }

    def key(self, values: Values) -> str:
        return str(values["name"])

    def read(self, entry: Values) -> Values:
        found = {"name": entry["name"].strip()}
        found |= {"email": entry["email"].strip().lower()} if "email" in entry else {}
        found |= {"members": texts(each.lower() for each in entry["members"])} if "members" in entry else {}
        return found

    def current(self, tenant: Tenant) -> Sequence[Values]:
        rows = Team.objects.filter(tenant=tenant).prefetch_related("members").order_by("name")
        return [
            {"name": team.name, "email": team.email, "members": texts(user.email for user in team.members.all())}
            for team in rows
        ]

    def weigh(self, before: Values | None, changes: Sequence[Change]) -> Weight:
        if before is not None and any(change.member == "members" for change in changes):
            return Weight(touches=("changes who answers for what the team owns",))
        return Weight()

    def create(self, tenant: Tenant, values: Values, *, actor: Actor, reason: str) -> None:
        team = teams.create_team(tenant=tenant, name=values["name"], email=values.get("email", ""), actor=actor)
        self._fill(team, values.get("members", []), actor)

    def change(self, tenant: Tenant, values: Values, changes: Sequence[Change], *, actor: Actor, reason: str) -> None:
        team = Team.objects.get(tenant=tenant, name__iexact=values["name"])
        named = {change.member: change.after for change in changes}
        teams.change_team(team, actor=actor, name=named.get("name"), email=named.get("email"))
        if "members" in named:
            self._fill(team, named["members"], actor)

    def _fill(self, team: Team, emails: Sequence[str], actor: Actor) -> None:
        wanted = {user.email: user for user in User.objects.filter(tenant=team.tenant, email__in=emails)}
        if unknown := sorted(set(emails) - set(wanted)):
            raise Invalid({"members": [f"There is nobody with the address {unknown[0]}."]})
        present = {user.email: user for user in team.members.all()}
        for email in sorted(set(wanted) - set(present)):
            teams.add_member(team, wanted[email], actor=actor)
        for email in sorted(set(present) - set(wanted)):
            teams.remove_member(team, present[email], actor=actor)
