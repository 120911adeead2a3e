"""Indexes made and taken away while others write: concurrently on PostgreSQL. On SQLite there is nobody to wait.

Django's own operations of that kind need psycopg, which an installation on SQLite does not have. The migration has to
say `atomic = False`; one that was interrupted is begun again: what is there already is left, what was half built is
built anew.
"""

from typing import Any

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor as Editor
from django.db.migrations.state import ProjectState as State


def _how(schema_editor: Editor) -> dict[str, Any]:
    return {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}


def _is_there(schema_editor: Editor, name: str) -> bool | None:
    """Whether there is such an index: None for one whose building was interrupted. Only PostgreSQL is asked."""
    if schema_editor.connection.vendor != "postgresql" or schema_editor.collect_sql:
        return False
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [f'"{name}"'])
        found = cursor.fetchone()
    return False if found is None else bool(found[0]) or None


def _add(schema_editor: Editor, model: type[models.Model], index: models.Index) -> None:
    there = _is_there(schema_editor, index.name)
    if there is None:
        schema_editor.remove_index(model, index, **_how(schema_editor))
    if not there:
        schema_editor.add_index(model, index, **_how(schema_editor))


def _remove(schema_editor: Editor, model: type[models.Model], index: models.Index) -> None:
    is_known = schema_editor.connection.vendor == "postgresql" and not schema_editor.collect_sql
    if not is_known or _is_there(schema_editor, index.name) is not False:
        schema_editor.remove_index(model, index, **_how(schema_editor))


class AddIndex(migrations.AddIndex):
    """Add one index."""

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            _add(schema_editor, model, self.index)

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            _remove(schema_editor, model, self.index)


class RemoveIndex(migrations.RemoveIndex):
    """Take one index away."""

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            _remove(schema_editor, model, index)

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            _add(schema_editor, model, index)


class Unindexed(migrations.AlterField):
    """A foreign key loses the index that Django made for it: others that begin with its column do its work.

    Nothing else of the field may change. Django's own way would build the whole table anew on SQLite.
    """

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            for name in _own_indexes(schema_editor, model, self.name):
                how = "CONCURRENTLY " if schema_editor.connection.vendor == "postgresql" else ""
                schema_editor.execute(f"DROP INDEX {how}IF EXISTS {schema_editor.quote_name(name)}")

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = schema_editor._create_index_sql  # type: ignore[attr-defined]  # the stubs do not know it
            schema_editor.execute(index(model, fields=[_field(model, self.name)], **_how(schema_editor)))


def _field(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    return next(field for field in model._meta.local_concrete_fields if field.name == name)


def _own_indexes(schema_editor: Editor, model: type[models.Model], name: str) -> list[str]:
    """The indexes over this one column that no `Meta` names, as the database knows them."""
    with schema_editor.connection.cursor() as cursor:
        found = schema_editor.connection.introspection.get_constraints(cursor, model._meta.db_table)
    columns, named = [_field(model, name).column], {index.name for index in model._meta.indexes}
    return [
        name
        for name, one in found.items()
        if one["index"] and not one["unique"] and one["columns"] == columns and name not in named
    ]


class Statement(migrations.RunSQL):
    """An index that only PostgreSQL has, in its own words, which leave out what is there already."""

    def database_forwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Editor, from_state: State, to_state: State) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
