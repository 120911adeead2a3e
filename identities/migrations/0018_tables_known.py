"""After the migrations of other apps that hang on accounts and clients, all tables are known. The database stays as it is."""

from django.db import migrations

from identities.migrations._at_once import KnowTables
from identities.migrations._tables import TABLES


class Migration(migrations.Migration):
    dependencies = [
        ("identities", "0018_service_users"),
        ("account", "__latest__"),
        ("admin", "__latest__"),
        ("mfa", "__latest__"),
        ("oauth2_provider", "__latest__"),
        ("socialaccount", "__latest__"),
    ]

    operations = [KnowTables(TABLES)]
