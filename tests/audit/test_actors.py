"""Who counts as a person."""

import pytest

from audit.actors import HUMAN_KINDS, MACHINE_KINDS, Actor, ActorKind


@pytest.mark.parametrize("kind", list(ActorKind))
def test_only_a_person_is_human(kind: ActorKind) -> None:
    assert Actor(kind, "1", "x").is_human is (kind == ActorKind.PERSON)


def test_only_who_never_said_who_they_are_is_neither_human_nor_machine() -> None:
    assert not HUMAN_KINDS & MACHINE_KINDS
    assert set(ActorKind) - HUMAN_KINDS - MACHINE_KINDS == {ActorKind.ANONYMOUS}


def test_a_part_of_steward_is_a_machine() -> None:
    actor = Actor.system("scheduler")
    assert (actor.kind, actor.id, actor.label) == (ActorKind.SYSTEM, "scheduler", "scheduler")
    assert actor.kind in MACHINE_KINDS
