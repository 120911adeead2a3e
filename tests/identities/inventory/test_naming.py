"""Names that are free."""

import pytest

from identities.inventory import services as inventory
from identities.inventory.naming import LONGEST, free_names, is_numbered
from identities.inventory.states import State
from tests.factories import register

pytestmark = pytest.mark.django_db


def test_a_name_is_taken_whatever_its_case_and_only_in_its_tenant() -> None:
    tenant = register.tenant()
    register.identity(tenant, name="Über BOT")
    assert free_names(tenant.pk, ["Über bot", "Other"]) == ["Über bot (2)", "Other"]
    assert free_names(register.tenant().pk, ["Über bot"]) == ["Über bot"]


def test_the_name_of_a_retired_one_is_free() -> None:
    tenant = register.tenant()
    old = register.identity(tenant, name="bot")
    inventory.set_state(old, target=State.RETIRED, reason="over", actor=register.SYSTEM)
    assert free_names(tenant.pk, ["bot"]) == ["bot"]


def test_names_of_one_batch_do_not_meet() -> None:
    tenant = register.tenant()
    assert free_names(tenant.pk, ["a", "A", "a (2)", "b"]) == ["a", "A (3)", "a (2)", "b"]


def test_many_of_one_name_are_numbered_on_from_those_that_are_there() -> None:
    tenant = register.tenant()
    for name in ("x", *(f"x ({number})" for number in range(2, 40))):
        register.identity(tenant, name=name)
    assert free_names(tenant.pk, ["x", "x"]) == ["x (40)", "x (41)"]


def test_the_source_tells_names_of_two_sources_apart_and_a_number_those_of_one() -> None:
    tenant = register.tenant()
    first = register.identity(tenant, name="default/default")
    first.reported_by = ["kubernetes/c1"]
    first.save()
    wanted = ["default/default"] * 4
    sources = ["kubernetes/c2", "kubernetes/c2", "kubernetes/c1", "terraform/90fdadc7-8595-7cd3-5c9a-c4a973bfd7f8"]
    names = free_names(tenant.pk, wanted, sources)
    assert names == [
        "default/default (c2)",
        "default/default (2)",
        "default/default (3)",
        "default/default (terraform)",
    ]
    assert [is_numbered(name, "default/default", source) for name, source in zip(names, sources, strict=True)] == [
        True
    ] * 4
    assert not is_numbered("default/default (c2)", "default/default", "kubernetes/c1")


def test_the_second_source_of_one_batch_says_which_it_is() -> None:
    assert free_names(register.tenant().pk, ["bot", "Bot"], ["aws/71", "aws/72"]) == ["bot", "Bot (72)"]
    assert free_names(register.tenant().pk, ["bot", "Bot"], ["aws/1", "entra/default"]) == ["bot", "Bot (entra)"]


def test_a_long_name_makes_room_for_its_number() -> None:
    tenant = register.tenant()
    long = "n" * LONGEST
    register.identity(tenant, name=long)
    [free] = free_names(tenant.pk, [long])
    assert (len(free), free[-4:]) == (LONGEST, " (2)")
    assert is_numbered(free, long)


@pytest.mark.parametrize(
    ("name", "is_it"), [("bot", True), ("bot (12)", True), ("bot (x)", False), ("bots (2)", False)]
)
def test_a_number_is_told_from_another_name(name: str, is_it: bool) -> None:
    assert is_numbered(name, "bot") is is_it
