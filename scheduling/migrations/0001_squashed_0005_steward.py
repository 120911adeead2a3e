"""All tables of the first five migrations, each made once; a database that has those goes on from where it is."""

from django.db import migrations

from identities.migrations._at_once import CreateTables
from scheduling.migrations._tables import TABLES


class Migration(migrations.Migration):
    initial = True

    # The fourth gave grants for the schedules there were: an empty database has none.
    replaces = [
        ("scheduling", "0001_ground"),
        ("scheduling", "0002_schedule_blocked"),
        ("scheduling", "0003_preflight"),
        ("scheduling", "0004_grants_of_schedules"),
        ("scheduling", "0005_schedule_approvals"),
    ]

    dependencies = [("identities", "0018_tables_known")]

    operations = [CreateTables(TABLES)]
