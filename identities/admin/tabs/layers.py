"""Which part plays which role for an identity (S3-52, S4-71), and the four questions an auditor asks of it (S4-06)."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from identities.access.models import RoleBinding
from identities.admin.layers import Layer, layers_of
from identities.admin.pages import address_of, link_to
from identities.admin.parts import Badge, Block, Code, Empty, Lines, Link, Moment, Quiet, Table
from identities.admin.tabs.base import IdentityTab
from identities.policies.models import AuthorizationDecision

SHOWN = 25


class LayersTab(IdentityTab):
    """Who does what for it."""

    kind = "layers"
    label = "Who does what"
    position = 60

    def blocks(self) -> Sequence[Block]:
        at = timezone.now()
        bindings = RoleBinding.objects.effective(at).filter(identity=self.identity).select_related("role")
        self.bindings = list(bindings.order_by("role__name")[:SHOWN])
        layers = layers_of(self.identity, [binding.role.name for binding in self.bindings], at=at)
        return [self._layers(layers), self._answers()]

    def _layers(self, layers: Sequence[Layer]) -> Table:
        gaps = [layer.part.lower() for layer in layers if layer.missing]
        text = f"Missing: {', '.join(gaps)}." if gaps else "Every part is played by somebody."
        rows = [[layer.part, _state(layer), Lines(layer.played_by or ["–"])] for layer in layers]
        return Table("Who plays which part", ["Part", "", "Played by"], rows, Empty("No part"), text)

    def _answers(self) -> Table:
        rows = [[question, answer] for question, answer in self._asked()]
        return Table("Four answers for an audit", ["Question", "Answer"], rows, Empty("No answer"))

    def _asked(self) -> Sequence[tuple[str, object]]:
        last = self._last_call()
        team = self.identity.owner_team
        return (
            ("Which workflow made its last call?", last.workflow),
            ("In which environment?", last.environment),
            ("Which team owns it?", link_to(team) if team else Badge("no team", "warn")),
            ("Why does it have each permission?", self._why()),
        )

    def _why(self) -> object:
        if self.bindings:
            return Lines([Lines([_role(binding), Quiet(_reason(binding))]) for binding in self.bindings])
        if self.identity.account_id is not None:
            return Lines([Quiet("It holds no role of an identity, but that of its account:"), *self._elsewhere()])
        outside = self._elsewhere()
        none = Quiet("It holds no role of ours.")
        return Lines([none, Quiet("Elsewhere, with no reason on record:"), *outside]) if outside else none

    def _elsewhere(self) -> list[object]:
        return [Code(str(one)) for one in self.identity.downstream_permissions[:SHOWN]]

    def _last_call(self) -> "LastCall":
        """The newest answers of the policies tell; which workflow is known where one was asked for."""
        # The account of a service user is asked about as itself.
        actor = self.identity.account_id or self.identity.pk
        rows = AuthorizationDecision.objects.filter(actor_id=str(actor), tenant_id=self.identity.tenant_id)
        newest = list(rows.order_by("-id")[:SHOWN])
        if not newest:
            unseen = Quiet("No call of it was ever decided here.")
            return LastCall(unseen, Quiet(f"Not known; it belongs to {self.identity.environment or 'no environment'}."))
        of_workflow = next((row for row in newest if row.resource_kind == "workflow"), None)
        workflow: object = Quiet("None of its latest calls came from a workflow.")
        if of_workflow is not None:
            outcome = Badge(of_workflow.outcome, "good" if of_workflow.outcome == "allow" else "warn")
            workflow = Lines([Code(of_workflow.resource_id), Moment(of_workflow.at), outcome], row=True)
        return LastCall(workflow, self._where((of_workflow or newest[0]).environment))

    def _where(self, environment: str) -> object:
        if not environment:
            return Quiet("The call did not say.")
        if self.identity.environment and environment != self.identity.environment:
            return Lines([environment, Badge(f"but it belongs to {self.identity.environment}", "bad")], row=True)
        return environment


@dataclass(frozen=True)
class LastCall:
    """What is known of the last call."""

    workflow: object
    environment: object


def _state(layer: Layer) -> Badge:
    return Badge("missing", "warn", layer.missing) if layer.missing else Badge("there", "good")


def _role(binding: RoleBinding) -> Link:
    return Link(binding.role.name, address_of(RoleBinding, binding.pk))


def _reason(binding: RoleBinding) -> str:
    return f"{binding.reason} (until {binding.valid_until:%d %b %Y}, given by {binding.granted_by or 'nobody known'})"
