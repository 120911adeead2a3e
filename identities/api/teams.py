"""Teams: people of one tenant who own identities and schedules together."""

from uuid import UUID

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.schema import describe
from identities.api.serializers import ListQuery, Reference, Shape
from identities.api.views import PortalView
from identities.people import selectors, services as people
from identities.people.models import Team, User


class MemberShape(Reference):
    """A member of a team."""

    label = serializers.CharField(source="email", help_text="The address they sign in with.")


class TeamShape(Shape):
    """A team."""

    id = serializers.UUIDField(read_only=True, help_text="Immutable.")
    tenant_id = serializers.UUIDField(read_only=True, help_text="The tenant it belongs to.")
    name = serializers.CharField(help_text="Unique in the tenant, whatever its case.")
    email = serializers.CharField(help_text="Where the team is reached; may be empty.")
    members = MemberShape(many=True, help_text="Who is in it.")
    created_at = serializers.DateTimeField(read_only=True, help_text="When it was made.")
    updated_at = serializers.DateTimeField(read_only=True, help_text="When it last changed.")


class TeamFactsShape(Shape):
    """What of a team is written."""

    name = serializers.CharField(max_length=120, help_text="Unique in the tenant, whatever its case.")
    email = serializers.EmailField(
        required=False, allow_blank=True, max_length=254, help_text="Where the team is reached."
    )


class NewTeamShape(TeamFactsShape):
    """What a team is made of."""

    tenant_id = serializers.UUIDField(required=False, help_text="Platform administrator only; silent is the own one.")


class NewMemberShape(Shape):
    """Who joins."""

    user_id = serializers.UUIDField(help_text="A user of the team's tenant.")


class TeamsView(PortalView):
    """The teams that the caller sees."""

    tag = "teams"
    resource_kind = "team"
    duties = {"GET": Duty.READ_REGISTER, "POST": Duty.GOVERN}
    machine_permissions = {"GET": "identity.read"}
    orderings = {"name": "name", "createdAt": "created_at"}
    ordering = "name"

    @describe("List teams", answer=TeamShape, query=ListQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query()
        tenants = self.listed_tenant_ids(query.get("tenant_id"))
        return self.listing(selectors.teams(tenants), TeamShape, query)

    @describe(
        "Make a team",
        body=NewTeamShape,
        answer=TeamShape,
        status=201,
        examples={"a team": {"name": "Payroll operations", "email": "payroll@example.com"}},
    )
    def post(self, request: Request) -> Response:
        body = self.read(NewTeamShape)
        tenant = self.tenant_for(body.pop("tenant_id", None))
        team = people.create_team(tenant=tenant, **body, actor=self.actor)
        return self.show(team, TeamShape, status=201)


class TeamView(PortalView):
    """One team."""

    tag = "teams"
    resource_kind = "team"
    duties = {"GET": Duty.READ_REGISTER, "PATCH": Duty.GOVERN}
    machine_permissions = {"GET": "identity.read"}

    @describe("Read a team", answer=TeamShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.get_or_404(selectors.teams(None), id), TeamShape)

    @describe(
        "Change a team",
        body=TeamFactsShape,
        answer=TeamShape,
        examples={"a new address": {"email": "payroll-ops@example.com"}},
    )
    def patch(self, request: Request, id: UUID) -> Response:  # noqa: A002
        team = self.get_or_404(Team.objects.all(), id)
        changed = people.change_team(team, **self.read(TeamFactsShape, partial=True), actor=self.actor)
        return self.show(changed, TeamShape)


class TeamMembersView(PortalView):
    """Who joins a team."""

    tag = "teams"
    resource_kind = "team"
    duties = {"POST": Duty.GOVERN}

    @describe("Add a member", body=NewMemberShape, answer=TeamShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        team = self.get_or_404(Team.objects.all(), id)
        user = User.objects.filter(pk=self.read(NewMemberShape)["user_id"], tenant_id=team.tenant_id).first()
        if user is None:
            raise serializers.ValidationError({"userId": ["There is no such user."]})
        return self.show(people.add_member(team, user, actor=self.actor), TeamShape)


class TeamMemberView(PortalView):
    """Who leaves a team."""

    tag = "teams"
    resource_kind = "team"
    duties = {"DELETE": Duty.GOVERN}

    @describe("Remove a member", answer=None, status=204)
    def delete(self, request: Request, id: UUID, user_id: UUID) -> Response:  # noqa: A002
        team = self.get_or_404(Team.objects.all(), id)
        user = self.get_or_404(User.objects.filter(teams=team), user_id)
        people.remove_member(team, user, actor=self.actor)
        return Response(status=204)


urlpatterns = [
    path("teams", TeamsView.as_view(), name="teams"),
    path("teams/<uuid:id>", TeamView.as_view(), name="team"),
    path("teams/<uuid:id>/members", TeamMembersView.as_view(), name="team-members"),
    path("teams/<uuid:id>/members/<uuid:user_id>", TeamMemberView.as_view(), name="team-member"),
]
