"""Indexes for filters of the register that may find little among a million rows; what is rare is so in every tenant.

And the orders of reports, for who sees every tenant.
"""

from django.db import models

#: Not known for most rows, and then in no index.
CLASSIFIED = (
    "function", "trust_boundary", "blast_radius", "privilege_level", "business_criticality", "disable_strategy",
    "application", "data_classification",
)  # fmt: skip
DATED = ("review_by", "expires_at", "unreported_since")
FLAGS = ("is_orphaned", "internet_exposed", "customer_facing")

FILTERED = (
    models.Index(fields=["triage", "name", "id", "state"], name="identity_triage"),
    models.Index(fields=["-data_classification", "name", "id", "state"], name="identity_data_reach"),
    models.Index(fields=["kind"], name="identity_kind"),
    models.Index(fields=["auth_method"], name="identity_auth_method"),
    *(
        models.Index(fields=[member], condition=~models.Q(**{member: ""}), name=f"identity_{member}")
        for member in CLASSIFIED
    ),
    *(
        models.Index(fields=[member], condition=models.Q(**{f"{member}__isnull": False}), name=f"identity_{member}")
        for member in DATED
    ),
    *(
        models.Index(fields=["name"], condition=models.Q(**{member: True}), name=f"identity_{member}")
        for member in FLAGS
    ),
)
