"""`identities`: every member that may be written, and whether it is active or disabled."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.utils import timezone

from audit.actors import Actor
from identities.errors import Invalid
from identities.inventory import bulk, facts, owners, proposals, services as inventory
from identities.inventory.directory import Directory
from identities.inventory.members import MEMBERS, Unfit
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.inventory.vocabulary import Issuance
from identities.lifecycle import services as lifecycle
from identities.names import snake
from identities.people.models import Tenant
from identities.provisioning.planning import Change, Values, Weight
from identities.provisioning.privilege import weigh_identity
from identities.provisioning.schemas import identity_schema
from identities.provisioning.sections.base import Section

PEOPLE = (*owners.ROLES, "owner_team")
#: Only these two are anybody's plan; the others come from approvals and incidents and are left as they are.
PLANNED = (State.ACTIVE.value, State.DISABLED.value)
SOURCE = "as code"


def _absent() -> dict[str, Any]:
    return {name: facts.plain(member.read(None)) for name, member in MEMBERS.items()} | dict.fromkeys(PEOPLE, "")


class Identities(Section):
    """An identity is known by its name; to rename one is to make another."""

    kind = "identities"
    position = 30
    absent: ClassVar[Values] = _absent()
    schema: ClassVar[Values] = identity_schema()

    def key(self, values: Values) -> str:
        return str(values["name"])

    def read(self, entry: Values) -> Values:
        errors: dict[str, list[str]] = {}
        found: dict[str, Any] = {}
        for written, value in entry.items():
            member = snake(written)
            try:
                found[member] = self._one(member, value)
            except Unfit as error:
                errors[member] = [str(error)]
        if errors:
            raise Invalid(errors)
        return found

    def current(self, tenant: Tenant) -> Sequence[Values]:
        rows = ManagedIdentity.objects.filter(tenant=tenant).exclude(state=State.RETIRED).select_related("owner_team")
        return [self._row(row) for row in rows.order_by("name", "id").iterator(chunk_size=2000)]

    def weigh(self, before: Values | None, changes: Sequence[Change]) -> Weight:
        return weigh_identity(before, changes)

    def create(self, tenant: Tenant, values: Values, *, actor: Actor, reason: str) -> None:
        plain = {member: value for member, value in values.items() if member != "state"}
        if values.get("issuance") == Issuance.EXTERNAL:
            made = self._enter(tenant, plain, actor=actor)
        else:
            made = inventory.create(tenant_id=tenant.pk, facts=plain, actor=actor, source=SOURCE)
        if values.get("state") == State.DISABLED:
            lifecycle.disable(made, reason=reason, actor=actor)

    def _enter(self, tenant: Tenant, plain: Values, *, actor: Actor) -> ManagedIdentity:
        """What others issue stands there with what is missing, as its import left it: nothing is asked or filled in."""
        _, unfit = proposals.words_of(plain, Directory(tenant.pk, people=(), teams=(plain.get("owner_team"),)))
        if unfit:
            raise Invalid({member: [why] for member, why in unfit.items()})
        entry = bulk.Entry(facts=plain, source=SOURCE)
        return bulk.enter_many(tenant_id=tenant.pk, entries=[entry], actor=actor, at=timezone.now())[0]

    def change(self, tenant: Tenant, values: Values, changes: Sequence[Change], *, actor: Actor, reason: str) -> None:
        row = ManagedIdentity.objects.exclude(state=State.RETIRED).get(tenant=tenant, name__iexact=values["name"])
        named = {change.member: change.after for change in changes}
        target = named.pop("state", None)
        if named:
            row = inventory.change(row, facts=named, actor=actor, reason=reason, source=SOURCE)
        if target is not None:
            move = lifecycle.enable if target == State.ACTIVE else lifecycle.disable
            move(row, reason=reason, actor=actor)

    def _one(self, member: str, value: object) -> object:
        if member in PEOPLE:
            return str(value or "").strip()
        if member == "state":
            return value
        return _plain(MEMBERS[member].read(value))

    def _row(self, row: ManagedIdentity) -> Values:
        said: dict[str, Any] = {name: _plain(getattr(row, name)) for name in MEMBERS}
        said |= {role: getattr(row, f"{role}_label") for role in owners.ROLES}
        said["owner_team"] = row.owner_team.name if row.owner_team else ""
        silent = {name: value for name, value in said.items() if name != "name" and value == self.absent[name]}
        kept = {name: value for name, value in said.items() if name not in silent}
        return kept | ({"state": row.state} if row.state in PLANNED else {})


def _plain(value: object) -> object:
    """As JSON, and so that equal things look equal."""
    if isinstance(value, Mapping):
        return dict(sorted(value.items()))
    return facts.plain(value.astimezone(UTC) if isinstance(value, datetime) else value)
