"""Columns of use: none is lost, they follow each other without a gap, and there are never too many."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from hypothesis import given, strategies as st
from pytest_django import DjangoAssertNumQueries

from identities.credentials import rotation_use, services as credentials, usage as uses
from identities.credentials.rotation_use import MOST_COLUMNS, in_columns
from identities.inventory import usage
from tests.factories import register, tokens

OLD, NEW = uuid4(), uuid4()
SINCE = timezone.now()
seconds = st.integers(0, 400 * 86400)


@given(seconds, st.lists(st.tuples(st.sampled_from([OLD, NEW]), seconds, st.integers(1, 9)), max_size=40))
def test_no_use_is_lost_and_no_column_is_left_out(lasts: int, used: list[tuple[UUID, int, int]]) -> None:
    until = SINCE + timedelta(seconds=lasts)
    rows = [(which, SINCE + timedelta(seconds=at % (lasts + 1)), count) for which, at, count in used]
    found = in_columns(rows, old=OLD, new=NEW, since=SINCE, until=until)
    assert sum(column.old for column in found.columns) == sum(count for which, _, count in used if which == OLD)
    assert sum(column.new for column in found.columns) == sum(count for which, _, count in used if which == NEW)
    starts = [column.at for column in found.columns]
    assert starts == [starts[0] + place * found.step for place in range(len(starts))]
    assert starts[0] <= SINCE <= until < starts[-1] + found.step
    assert len(starts) <= MOST_COLUMNS


@pytest.mark.django_db
def test_both_are_counted_since_the_overlap_began_with_one_question(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    bot = tokens.bot()
    rotation = credentials.issue(bot.identity, actor=register.SYSTEM).rotation
    assert rotation is not None
    assert rotation.old_id is not None
    assert rotation.new_id is not None
    for secret_id, at in ((rotation.old_id, rotation.started_at), (rotation.old_id, SINCE), (rotation.new_id, SINCE)):
        uses.note(secret_id, bot.identity.pk, source=None, at=max(at, rotation.started_at))
    uses.note(rotation.old_id, bot.identity.pk, source=None, at=rotation.started_at - timedelta(hours=2))
    usage.flush()
    with django_assert_num_queries(1):
        found = rotation_use.use_of(rotation, at=rotation.started_at + timedelta(minutes=3))
    assert found.step == timedelta(minutes=1)
    assert [(column.old, column.new) for column in found.columns if column.old or column.new] == [(2, 1)]
