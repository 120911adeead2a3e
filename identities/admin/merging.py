"""Merging two rows that are one identity, and parting them again: the commands, with what would come of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from identities.admin.commands import Call, Command, Done, Preview
from identities.admin.forms import ReasonForm
from identities.admin.parts import Block, Empty, Fact, Facts, Notice, Table
from identities.admin.searching import OfTenant
from identities.admin.wording import words
from identities.discovery import merging
from identities.discovery.models import Merge
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State

LIVING = [state.value for state in State if state is not State.RETIRED]


class MergeForm(ReasonForm):
    """Into which other identity, and why."""

    into = OfTenant(
        ManagedIdentity,
        label="Merge into",
        where={"state__in": LIVING},
        by=("name", "client_id"),
        help_text="This one stays, and takes in what it lacks.",
    )
    field_order = ("into", "reason")

    def clean(self) -> dict[str, Any]:
        return {**(super().clean() or self.cleaned_data), "absorbed": self.obj}


def _merge(call: Call) -> Done:
    kept = call.values["into"]
    merging.merge(kept=kept, absorbed=call.obj, reason=call.values["reason"], actor=call.actor)
    return Done(f"{call.obj} is part of {kept} now. It can be parted again under Sources.", obj=kept)


def _part(call: Call) -> Done:
    parted = merging.part(call.item, reason=call.values["reason"], actor=call.actor)
    return Done(f"{parted.absorbed} is a row of its own again.", obj=parted.absorbed)


def _foreseen(values: Mapping[str, Any]) -> Sequence[Block]:
    found = merging.foresee(kept=values["into"], absorbed=values["absorbed"])
    if found.refused:
        return [Notice("This cannot be merged.", found.refused, "warn", "block")]
    rows = [[words(member), mine, theirs] for member, (mine, theirs) in found.stays.items()]
    return [
        Facts(
            "What moves",
            [
                Fact("Records of sources", found.records),
                Fact("Credentials elsewhere", found.credentials),
                *(Fact(f"{words(member)} is filled in", str(value)) for member, value in found.filled.items()),
            ],
        ),
        Table(
            "What stays as the other one has it",
            ["Member", "Kept", "Left behind"],
            rows,
            Empty("Nothing differs", "The two say the same.", icon="check_circle"),
        ),
    ]


def _merge_of(identity: ManagedIdentity, merge_id: str) -> Merge | None:
    rows = Merge.objects.select_related("kept", "absorbed").filter(kept=identity, parted_at=None)
    return next((merge for merge in rows if str(merge.pk) == merge_id), None)


MERGE = Command(
    key="merge",
    label="Merge into …",
    icon="merge",
    run=_merge,
    form=MergeForm,
    danger=True,
    title="Merge",
    intro="Two rows that are one identity become one. Records of sources and credentials elsewhere move.",
    confirm="This row rests as retired until the two are parted again.",
    applies=lambda identity: identity.state != State.RETIRED,
    preview=Preview("Show what would happen", ("into",), _foreseen),
)
PART = Command(
    key="part",
    label="Part again",
    icon="call_split",
    run=_part,
    form=ReasonForm,
    item=_merge_of,
    listed=False,
    intro=lambda merge: f"{merge.absorbed} becomes a row of its own again, with all that came from it.",
)
