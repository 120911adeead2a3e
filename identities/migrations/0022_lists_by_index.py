"""Indexes for the lists of a register of a million that were still slow; built without keeping anybody from writing."""

from django.db import migrations, models

from audit.migrations._concurrently import AddIndex, Statement


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("identities", "0021_found_by_index"),
    ]

    operations = [
        AddIndex(
            model_name="approvalrequest",
            index=models.Index(fields=["-requested_at", "id"], name="approval_asked"),
        ),
        AddIndex(
            model_name="clientsecret",
            index=models.Index(
                condition=models.Q(("revoked_at", None)), fields=["identity", "expires_at"], name="secret_alive"
            ),
        ),
        AddIndex(
            model_name="delivery",
            index=models.Index(fields=["channel", "state"], name="delivery_of_channel"),
        ),
        AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["category", "severity", "first_seen_at", "id"],
                name="finding_longest_open",
            ),
        ),
        AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("state", "resolved"), _negated=True),
                fields=["tenant", "category", "state", "severity"],
                name="finding_standing",
            ),
        ),
        AddIndex(
            model_name="finding",
            index=models.Index(fields=["opened_at", "category", "tenant"], name="finding_opened"),
        ),
        AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("resolved_at__isnull", False)),
                fields=["resolved_at", "category", "state", "tenant"],
                name="finding_resolved",
            ),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(
                condition=models.Q(("data_classification", ""), _negated=True),
                fields=["data_classification"],
                name="identity_data_classification",
            ),
        ),
        AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("done_at", None), models.Q(("seen_at", None), ("waits", True), _connector="OR")),
                fields=["person"],
                name="notice_open",
            ),
        ),
        AddIndex(
            model_name="reviewitem",
            index=models.Index(
                condition=models.Q(("remediation_state", "failed")),
                fields=["campaign", "id"],
                name="review_item_failed",
            ),
        ),
        AddIndex(
            model_name="rolebinding",
            index=models.Index(
                fields=["role", "identity", "valid_until", "valid_from", "ended_at"], name="binding_of_role"
            ),
        ),
        # A comparison with a value of JSON is no condition that Django can write into an index.
        Statement(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS identity_by_hand ON identities_managedidentity (name, id) "
            "WHERE reported_by = '[]'::jsonb AND unreported_since IS NULL",
            "DROP INDEX CONCURRENTLY IF EXISTS identity_by_hand",
        ),
    ]
