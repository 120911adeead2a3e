"""Operations on many tables at once. Django draws all there is anew for each single one, and so grows with their square."""

from django.db.migrations.operations.base import Operation


def know(state, app_label, tables):
    """Add to the state what it does not know yet; it is drawn when somebody asks, once."""
    vars(state).pop("apps", None)
    for table in tables:
        if (app_label, table.name_lower) not in state.models:
            table.state_forwards(app_label, state)


def forget(state, app_label, tables):
    """Take these out of the state."""
    vars(state).pop("apps", None)
    for table in tables:
        state.remove_model(app_label, table.name_lower)


class CreateTables(Operation):
    """Create these tables.

    With `beside`, what is migrated next in the same go is drawn beside those tables alone, until KnowTables brings the
    others back. Where the tables are there already, all of them are known throughout.
    """

    reduces_to_sql = True

    def __init__(self, tables, beside=None):
        self.tables, self.beside = tables, beside

    def state_forwards(self, app_label, state):
        know(state, app_label, self.tables)

    def models(self, app_label, schema_editor, state):
        """Those that belong into this database."""
        drawn = [state.apps.get_model(app_label, table.name) for table in self.tables]
        return [model for model in drawn if self.allow_migrate_model(schema_editor.connection.alias, model)]

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for model in self.models(app_label, schema_editor, to_state):
            schema_editor.create_model(model)
        if self.beside is not None:
            forget(to_state, app_label, [table for table in self.tables if table.name not in self.beside])

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        for model in reversed(self.models(app_label, schema_editor, from_state)):
            schema_editor.delete_model(model)

    def describe(self):
        return f"Create {len(self.tables)} tables"


class KnowTables(Operation):
    """These tables are there: nothing happens in the database, nor in a state that knows them."""

    reduces_to_sql = False

    def __init__(self, tables):
        self.tables = tables

    def state_forwards(self, app_label, state):
        know(state, app_label, self.tables)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        pass

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        pass

    def describe(self):
        return f"Know {len(self.tables)} tables"
