"""Indexes by which reports of a million identities are ordered; built without keeping anybody from writing."""

from django.db import migrations, models

from audit.migrations._concurrently import AddIndex, Statement

#: What the report of the privileged adds up: PostgreSQL takes the index only for the very same sum.
POINTS = (
    "privilege_level = 'admin' THEN 30",
    "privilege_level = 'high' THEN 20",
    "privilege_level = 'medium' THEN 8",
    "privilege_level = '' THEN 10",
    "blast_radius = 'privileged' THEN 20",
    "blast_radius = 'human_impersonating' THEN 20",
    "blast_radius = 'write_limited' THEN 6",
    "(internet_exposed OR trust_boundary = 'internet_exposed') THEN 15",
    "trust_boundary = 'regulated_data' THEN 10",
    "trust_boundary = 'third_party_saas' THEN 5",
    "environment = 'production' THEN 10",
    "business_criticality IN ('high', 'critical') THEN 10",
    "customer_facing THEN 5",
)
SCORE = "(" * len(POINTS) + "0" + "".join(f" + CASE WHEN {points} ELSE 0 END)" for points in POINTS)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("identities", "0022_lists_by_index"),
    ]

    operations = [
        AddIndex(
            model_name="managedidentity",
            index=models.Index(fields=["triage", "name", "id", "state"], name="identity_triage"),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(fields=["-data_classification", "name", "id", "state"], name="identity_data_reach"),
        ),
        Statement(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS identity_exposure ON identities_managedidentity "
            f"(({SCORE}) DESC, name, id) WHERE NOT (state = 'retired')",
            "DROP INDEX CONCURRENTLY IF EXISTS identity_exposure",
        ),
    ]
