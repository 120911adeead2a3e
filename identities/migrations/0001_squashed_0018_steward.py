"""All tables of the first eighteen migrations, each made once; a database that has those goes on from where it is."""

from django.db import migrations

from identities.migrations._at_once import CreateTables
from identities.migrations._tables import TABLES


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("identities", "0001_ground"),
        ("identities", "0002_register_facts"),
        ("identities", "0003_findings"),
        ("identities", "0004_discovery"),
        ("identities", "0005_programme"),
        ("identities", "0006_register_search"),
        ("identities", "0007_credentials_in_motion"),
        ("identities", "0008_secret_grants_in_force"),
        ("identities", "0009_rotate_what_was_shown"),
        ("identities", "0010_rotations_watched"),
        ("identities", "0011_due_dates_indexed"),
        ("identities", "0012_pauses_by_their_end"),
        ("identities", "0013_use_of_keys"),
        ("identities", "0014_overlaps_warned_of"),
        ("identities", "0015_rotation_dates_indexed"),
        ("identities", "0016_governance"),
        ("identities", "0017_caretaken_indexed"),
        ("identities", "0018_service_users"),
    ]

    dependencies = []

    # Other apps' migrations hang on the accounts and the clients. They are drawn beside those, not beside all there is.
    operations = [CreateTables(TABLES, beside={"Tenant", "User", "OAuthClient"})]
