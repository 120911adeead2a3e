"""A vendor as it should be. The one with gaps came by an import, for by hand nobody could have entered it."""

from scheduling.demo.people import CARE
from scheduling.demo.shapes import DAY, Identity, documented

IDENTITIES = (
    Identity(
        "crm-connector",
        "Keeps customers in step between shop and CRM",
        "saas_connector",
        "production",
        documented(
            "amara.diallo", CARE, "Sales", "CRM", "CARE-12",
            risk_tier="high", ownership_class="vendor", issuance="external", auth_method="oauth_delegated",
            data_classification="confidential", trust_boundary="third_party_saas", function="sync",
            upstream_trust_source="login.crm.example subject=harbour-foods",
            downstream_systems=["CRM"], downstream_permissions=["customers: read and write"],
            tags={"read-write-reason": "Customers are kept in step both ways (CARE-12)"},
            revocation_procedure="Settings > Connected apps > Steward sync > Revoke; then tell the vendor's desk",
            revocation_tested_at=-62 * DAY, vendor_contract="Brightcask CRM, contract 2214",
            vendor_renewal_on=140 * DAY, deputy_owner="lena.okafor@demo.steward.localhost",
        ),
        age=540, used=0.1,
    ),
)  # fmt: skip
