"""What a claim and a run write has no index that another one makes idle."""

import pytest
from django.db import connection

from scheduling.models import RunStep, Schedule, ScheduleRun


@pytest.mark.parametrize("model", [Schedule, ScheduleRun, RunStep])
def test_a_table_that_is_written_all_the_time_keeps_no_index_up_for_nothing(model, db):
    """One over a single column can answer nothing that a longer one cannot which begins with it and has every row."""
    partial = {index.name for index in model._meta.indexes if index.condition is not None}
    partial |= {one.name for one in model._meta.constraints if getattr(one, "condition", None) is not None}
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)
    whole = {name: one["columns"] for name, one in found.items() if one["index"] or one["unique"]}
    whole = {name: columns for name, columns in whole.items() if name not in partial and columns and columns[0]}
    begun = {columns[0] for columns in whole.values() if len(columns) > 1}
    assert [name for name, columns in whole.items() if len(columns) == 1 and columns[0] in begun] == []
