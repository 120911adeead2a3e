"""The state of Terraform or OpenTofu: identities that are made as code, and the secrets that lie in the state."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from identities.discovery.formats.members import text
from identities.discovery.formats.terraform import instances
from identities.discovery.formats.terraform.gathering import State
from identities.discovery.formats.terraform.holders import HOLDERS
from identities.discovery.importers.base import Importer
from identities.discovery.reading import json_items
from identities.discovery.reading.json_items import Item
from identities.discovery.records import Dropped, Reported

ANOTHERS = "A data source: this state only reads it, whoever makes it has it in theirs."


class TerraformState(Importer):
    """One record for each identity; its keys, secrets and policies in the same state belong to it.

    A state names no account, but itself by its lineage: what vanishes is judged within one state. Its identities meet
    those of the platforms' own exports by ARN, e-mail, application id or access key id.
    """

    kind = "terraform-state"
    platform = "terraform"
    label = "Terraform or OpenTofu state"
    accepts = "terraform.tfstate, or the output of `terraform state pull`, of version 4 or 3"
    signs = ('"terraform_version"', '"lineage"')

    def read(self, files: Iterable[Path], mapping: Mapping[str, str] | None = None) -> Iterator[Reported | Dropped]:
        for path in files:
            self.check_kind(path)
            state = State()
            for item in json_items.items(path, ("resources", "modules")):
                yield from self._take(path, item, state)
            yield from state.reported()

    def _take(self, path: Path, item: Item, state: State) -> Iterator[Dropped]:
        around = item.around
        if around is None or not text(around, "version"):
            raise self.mismatch(path, f"{item.place}: no resource of a state with a version")
        state.lineage = text(around, "lineage")
        if item.collection == "modules":
            state.take(instances.of_module(item.value), item.place)
        elif text(item.value, "mode") != "data":
            state.take(instances.of_resource(item.value), item.place)
        elif text(item.value, "type") in HOLDERS:
            yield Dropped(item.place, f"data.{text(item.value, 'type')}.{text(item.value, 'name')}", ANOTHERS)
