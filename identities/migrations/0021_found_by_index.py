"""Indexes for what pages and lists ask of a register of a million; built without keeping anybody from writing."""

from django.db import migrations, models

from audit.migrations._concurrently import AddIndex, Statement


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("identities", "0020_deliveries"),
    ]

    operations = [
        AddIndex(
            model_name="authorizationdecision",
            index=models.Index(condition=models.Q(("outcome", "deny")), fields=["-id"], name="decision_denied"),
        ),
        AddIndex(
            model_name="authorizationdecision",
            index=models.Index(condition=models.Q(("actor_kind", "person")), fields=["-id"], name="decision_of_people"),
        ),
        AddIndex(
            model_name="delivery",
            index=models.Index(
                models.OrderBy(
                    models.Case(
                        models.When(state="dead", then=models.Value(0)),
                        models.When(state="waiting", then=models.Value(1)),
                        models.When(state="sent", then=models.Value(2)),
                        default=models.Value(3),
                        output_field=models.IntegerField(),
                    )
                ),
                models.OrderBy(models.F("created_at"), descending=True),
                models.F("id"),
                name="delivery_in_order",
            ),
        ),
        AddIndex(
            model_name="delivery",
            index=models.Index(fields=["created_at", "id"], name="delivery_made"),
        ),
        AddIndex(
            model_name="finding",
            index=models.Index(
                models.OrderBy(
                    models.Case(
                        models.When(severity="critical", then=models.Value(0)),
                        models.When(severity="high", then=models.Value(1)),
                        models.When(severity="medium", then=models.Value(2)),
                        models.When(severity="low", then=models.Value(3)),
                        default=models.Value(4),
                        output_field=models.IntegerField(),
                    )
                ),
                models.OrderBy(models.F("opened_at"), descending=True),
                models.F("id"),
                condition=models.Q(("state", "resolved"), _negated=True),
                name="finding_worst",
            ),
        ),
        AddIndex(
            model_name="finding",
            index=models.Index(fields=["code", "id"], name="finding_of_rule"),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(fields=["kind"], name="identity_kind"),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(fields=["auth_method"], name="identity_auth_method"),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(
                condition=models.Q(("function", ""), _negated=True), fields=["function"], name="identity_function"
            ),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(
                condition=models.Q(("trust_boundary", ""), _negated=True),
                fields=["trust_boundary"],
                name="identity_trust_boundary",
            ),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(
                condition=models.Q(("blast_radius", ""), _negated=True),
                fields=["blast_radius"],
                name="identity_blast_radius",
            ),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(
                condition=models.Q(("privilege_level", ""), _negated=True),
                fields=["privilege_level"],
                name="identity_privilege_level",
            ),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(
                condition=models.Q(("business_criticality", ""), _negated=True),
                fields=["business_criticality"],
                name="identity_business_criticality",
            ),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(
                condition=models.Q(("disable_strategy", ""), _negated=True),
                fields=["disable_strategy"],
                name="identity_disable_strategy",
            ),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(
                condition=models.Q(("application", ""), _negated=True),
                fields=["application"],
                name="identity_application",
            ),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(
                condition=models.Q(("review_by__isnull", False)), fields=["review_by"], name="identity_review_by"
            ),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(
                condition=models.Q(("expires_at__isnull", False)), fields=["expires_at"], name="identity_expires_at"
            ),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(
                condition=models.Q(("unreported_since__isnull", False)),
                fields=["unreported_since"],
                name="identity_unreported_since",
            ),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(condition=models.Q(("is_orphaned", True)), fields=["name"], name="identity_is_orphaned"),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(
                condition=models.Q(("internet_exposed", True)), fields=["name"], name="identity_internet_exposed"
            ),
        ),
        AddIndex(
            model_name="managedidentity",
            index=models.Index(
                condition=models.Q(("customer_facing", True)), fields=["name"], name="identity_customer_facing"
            ),
        ),
        AddIndex(
            model_name="reviewitem",
            index=models.Index(fields=["-opened_at", "id"], name="review_item_opened"),
        ),
        AddIndex(
            model_name="rolebinding",
            index=models.Index(fields=["created_at", "id"], name="binding_made"),
        ),
        AddIndex(
            model_name="secretgrant",
            index=models.Index(fields=["secret_name", "id"], name="secret_grant_named"),
        ),
        AddIndex(
            model_name="secretgrant",
            index=models.Index(fields=["asked_at", "id"], name="secret_grant_asked"),
        ),
        # Containment in JSON: SQLite asks the text instead.
        Statement(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS identity_reasons ON identities_managedidentity "
            "USING gin (triage_reasons jsonb_path_ops)",
            "DROP INDEX CONCURRENTLY IF EXISTS identity_reasons",
        ),
    ]
