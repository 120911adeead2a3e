"""The commands on a rotation: go back, end the old one now, deliver again."""

from identities.admin.commands import Call, Command, Done, button
from identities.admin.forms import ReasonForm
from identities.admin.rotation_rows import new_of, old_of
from identities.credentials import rotations
from identities.credentials.models import DeliveryStep, Rotation
from identities.lifecycle import rotations as lifecycle


def _is_open(rotation: Rotation) -> bool:
    return rotation.ended_at is None


def _retire(call: Call) -> Done:
    rotations.retire_old(call.obj, reason=call.values["reason"], actor=call.actor)
    return Done(f"{old_of(call.obj)} is retired.", obj=call.obj)


def _back(call: Call) -> Done:
    lifecycle.roll_back(call.obj, reason=call.values["reason"], actor=call.actor)
    return Done(f"{old_of(call.obj)} goes on, {new_of(call.obj)} has ended.", obj=call.obj)


BUTTONS = (
    button(
        lifecycle.resume,
        key="resume-delivery",
        label="Try again now",
        icon="replay",
        primary=True,
        done="It is tried again.",
        applies=lambda rotation: _is_open(rotation) and rotation.delivery_step != DeliveryStep.DONE,
        title="Try the delivery again",
        intro="It goes on where it stopped. The old secret works meanwhile, and nobody sees the new one.",
    ),
    Command(
        key="roll-back",
        label="Roll back",
        icon="undo",
        danger=True,
        run=_back,
        form=ReasonForm,
        applies=_is_open,
        title="Go back to the old secret",
        confirm="The new one ends at once. Whoever uses it already is shut out.",
    ),
    Command(
        key="retire-old",
        label="Retire the old one now",
        icon="key_off",
        danger=True,
        run=_retire,
        form=ReasonForm,
        applies=_is_open,
        title="Retire the old one now",
        confirm="Whoever still uses the old one is shut out at once. Left alone, it ends by itself when nobody does.",
    ),
)
