"""A migration runs while the old release serves: what would break that, or keep others from writing, is refused.

Since the squashed ones; those are for databases that nobody works with yet. What has to be done all the same stands in
ALLOWED with its reason. The rule for people is in CONTRIBUTING.md, the rehearsal is `python -m benchmarks.upgrade`.
"""

from collections.abc import Iterator, Sequence

import pytest
from django.db import migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from audit.migrations import _concurrently

APPS = ("audit", "identities", "scheduling")
#: (app, migration, what): why it may be so.
ALLOWED: dict[tuple[str, str, str], str] = {}

TAKEN_AWAY = (
    migrations.RemoveField, migrations.DeleteModel, migrations.RenameField, migrations.RenameModel,
    migrations.AlterModelTable, migrations.AlterUniqueTogether,
)  # fmt: skip
BY_HAND = (migrations.RunPython, migrations.RunSQL)
#: Where our own kinds of AddIndex, RemoveIndex and RunSQL are; Django's need psycopg, which not everybody has.
CONCURRENTLY = "_concurrently"


def newer() -> list[tuple[str, Migration]]:
    """What a database that is in use may still have before it."""
    loader = MigrationLoader(None, replace_migrations=False)
    squashed = {name for migration in loader.disk_migrations.values() for name in migration.replaces}
    return [
        (app, migration)
        for (app, name), migration in sorted(loader.disk_migrations.items())
        if app in APPS and not migration.replaces and not migration.initial and (app, name) not in squashed
    ]


def flat(operations: Sequence[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from flat(operation.database_operations)
        else:
            yield operation


def faults(migration: Migration) -> Iterator[tuple[str, str]]:
    """What is wrong, and with what."""
    made: set[str] = set()
    for operation in flat(migration.operations):
        if isinstance(operation, migrations.CreateModel):
            made.add(operation.name_lower)
            continue
        of = str(getattr(operation, "model_name_lower", getattr(operation, "name", "")))
        if of not in made and (fault := fault_of(operation, is_atomic=migration.atomic)):
            yield f"{type(operation).__name__} {of} {getattr(operation, 'name', '') or ''}".strip(), fault


def fault_of(operation: Operation, *, is_atomic: bool) -> str:
    concurrent = type(operation).__module__.endswith(CONCURRENTLY)
    if isinstance(operation, TAKEN_AWAY):
        return "the old code still asks for it: first a release that does not, and only the next takes it away"
    if isinstance(operation, migrations.AddField):
        return fault_of_field(operation.field)
    if isinstance(operation, _concurrently.Unindexed):
        return "a migration with this must have atomic = False" if is_atomic else ""
    if isinstance(operation, migrations.AlterField):
        return "a change of type or null reads or rewrites the whole table, and the old code has the old one"
    if isinstance(operation, migrations.AddConstraint):
        return "it reads the whole table under a lock, and the old code may write what it refuses"
    if isinstance(operation, (migrations.AddIndex, migrations.RemoveIndex)):
        if not concurrent:
            return "nobody can write meanwhile: take those of audit/migrations/_concurrently.py"
        return "a migration with this must have atomic = False" if is_atomic else ""
    if isinstance(operation, BY_HAND):
        if concurrent and " CONCURRENTLY " in str(getattr(operation, "sql", "")):
            return "a migration with this must have atomic = False" if is_atomic else ""
        return "rows are changed under a lock: in batches of their own transactions, and say so in ALLOWED"
    return ""


def fault_of_field(field: "models.Field[object, object]") -> str:
    if field.many_to_many:
        return ""
    if not field.null and not field.has_db_default():
        return "the old code does not fill it: null=True or db_default"
    if field.unique or (field.db_index and not isinstance(field, models.ForeignKey)):
        return "its index is built while nobody can write: add it without, then an index concurrently"
    if isinstance(field, models.ForeignKey) and (field.db_index or field.db_constraint):
        return "index and constraint read the whole table under a lock: db_index=False, db_constraint=False"
    return ""


def test_no_migration_needs_the_old_code_to_stop():
    found = {(app, migration.name, what): why for app, migration in newer() for what, why in faults(migration)}
    assert {key: why for key, why in found.items() if key not in ALLOWED} == {}


def test_each_exception_is_still_one():
    found = {(app, migration.name, what) for app, migration in newer() for what, _ in faults(migration)}
    assert set(ALLOWED) <= found


INDEX = models.Index(fields=["name"], name="by_name")
UNINDEXED = models.ForeignKey("team", models.PROTECT, db_index=False)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("identity", "name"),
        migrations.DeleteModel("identity"),
        migrations.RenameField("identity", "name", "label"),
        migrations.RenameModel("identity", "entity"),
        migrations.AddField("identity", "colour", models.CharField(default="red", max_length=9)),
        migrations.AddField("identity", "colour", models.CharField(null=True, db_index=True, max_length=9)),
        migrations.AddField("identity", "team", models.ForeignKey("team", models.PROTECT, null=True)),
        migrations.AlterField("identity", "name", models.TextField()),
        migrations.AddIndex("identity", INDEX),
        _concurrently.AddIndex("identity", INDEX),
        _concurrently.Unindexed("identity", "team", UNINDEXED),
        _concurrently.Statement("UPDATE identity SET name = ''"),
        migrations.RemoveIndex("identity", "by_name"),
        migrations.AddConstraint("identity", models.UniqueConstraint(fields=["name"], name="once")),
        migrations.RunPython(migrations.RunPython.noop),
        migrations.RunSQL("UPDATE identity SET name = ''"),
        migrations.SeparateDatabaseAndState(database_operations=[migrations.DeleteModel("identity")]),
    ],
    ids=lambda operation: operation.describe()[:60],
)
def test_what_needs_it_is_refused(operation):
    migration = Migration("0099_wrong", "identities")
    migration.operations = [operation]
    assert list(faults(migration))


def test_indexes_that_come_and_go_while_others_write_are_let_through():
    migration = Migration("0099_right", "identities")
    migration.atomic = False
    made = _concurrently.Statement("CREATE INDEX CONCURRENTLY IF NOT EXISTS by_text ON identity (name)", "")
    unindexed = _concurrently.Unindexed("identity", "team", UNINDEXED)
    migration.operations = [_concurrently.AddIndex("identity", INDEX), made, unindexed]
    assert not list(faults(migration))


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("identity", "colour", models.CharField(db_default="red", max_length=9)),
        migrations.AddField("identity", "seen_at", models.DateTimeField(null=True)),
        migrations.AlterModelOptions("identity", {"ordering": ["name"]}),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("identity", "name")]),
    ],
    ids=lambda operation: operation.describe()[:60],
)
def test_what_does_not_is_let_through(operation):
    migration = Migration("0099_right", "identities")
    migration.operations = [operation]
    assert not list(faults(migration))
