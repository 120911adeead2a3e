"""What surrounds the work in hand."""

from uuid import uuid4

import structlog

from audit import context


def test_outside_of_any_work_nothing_is_known() -> None:
    assert context.current() == context.Context("", "", None)


def test_inner_work_keeps_what_it_does_not_replace() -> None:
    run = uuid4()
    with context.bound(correlation_id="outer-id-1", address="192.0.2.1"), context.bound(run_id=run) as inner:
        assert inner == context.current() == context.Context("outer-id-1", "192.0.2.1", run)
    assert context.current() == context.Context()


def test_work_without_an_id_gets_one() -> None:
    with context.bound() as made:
        assert context.is_well_formed(made.correlation_id)


def test_log_lines_carry_both_ids_and_lose_them_again() -> None:
    run = uuid4()
    with context.bound(correlation_id="outer-id-1", run_id=run):
        assert structlog.contextvars.get_contextvars() == {"correlation_id": "outer-id-1", "run_id": str(run)}
    assert structlog.contextvars.get_contextvars() == {}


def test_a_made_id_is_well_formed_and_never_the_same() -> None:
    first, second = context.new_correlation_id(), context.new_correlation_id()
    assert context.is_well_formed(first)
    assert first != second
