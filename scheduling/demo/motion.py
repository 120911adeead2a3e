"""Identities whose credentials are in motion: one is stopped, one paused, one leaked, one brings keys of its own."""

from scheduling.demo.people import CARE, DATA, WAREHOUSE
from scheduling.demo.shapes import DAY, Identity, address, documented

QUARANTINED, PAUSED, LEAKED, KEYED, SHOWN = (
    "courier-booking", "loyalty-mailer", "newsletter-sender", "route-planner", "dock-door-controller",
)  # fmt: skip

FAIR_APPLICATION = "Trade fair"
FAIR = ("fair-kiosk", "fair-badge-printer", "fair-visitor-counter")

IDENTITIES = (
    Identity(
        QUARANTINED,
        "Books couriers for parcels and fetches their labels",
        "saas_connector",
        "production",
        documented(
            "lena.okafor", CARE, "Sales", "Courier booking", "CARE-58",
            ownership_class="vendor", issuance="external", auth_method="oauth_delegated", function="sync",
            trust_boundary="third_party_saas", upstream_trust_source="login.courier.example subject=harbour-foods",
            downstream_systems=["courier portal", "label store"], downstream_permissions=["parcels: book"],
            revocation_procedure=(
                "Courier portal > Integrations > Harbour Foods > Revoke; Sign out its sessions on the same page; "
                "Ask the courier's desk to confirm that no booking runs; Delete the labels that it stored since Friday"
            ),
            revocation_tested_at=-95 * DAY, vendor_contract="Quickquay Couriers, contract 88-14",
            vendor_renewal_on=210 * DAY, deputy_owner=address("amara.diallo"),
            tags={"read-write-reason": "Bookings are made and followed (CARE-58)"},
        ),
        age=310, used=0.1,
    ),
    Identity(
        PAUSED,
        "Sends letters with loyalty points; whether anybody still waits for them is what the pause is to tell",
        "service_account",
        "production",
        documented("noor.haddad", DATA, "Sales", "Loyalty letters", "DATA-88", risk_tier="low", function="notify"),
        vault_name="loyalty-mailer-client-secret",
        age=610, used=2.2, rotated=52,
    ),
    Identity(
        LEAKED,
        "Sends the weekly newsletter to those who asked for it",
        "service_account",
        "production",
        documented("lena.okafor", CARE, "Sales", "Newsletter", "CARE-40", function="notify"),
        vault_name="newsletter-sender-client-secret",
        age=230, used=0.8, rotated=9,
    ),
    Identity(
        KEYED,
        "Plans the delivery vans' routes each morning",
        "workload",
        "production",
        documented("lucia.ferrante", WAREHOUSE, "Logistics", "Routes", "COLD-90", function="decide"),
        age=95, used=0.3,
    ),
    Identity(
        SHOWN,
        "Opens the dock doors for lorries that were announced",
        "workload",
        "production",
        documented(
            "jonas.lindqvist", WAREHOUSE, "Logistics", "Dock doors", "COLD-71", deputy_owner=address("lucia.ferrante"),
            risk_tier="low",
        ),
        age=290, used=0.02, rotated=230,
    ),
    Identity(
        FAIR[0],
        "Shows offers on the kiosk at the trade fair",
        "workload",
        "production",
        documented("lena.okafor", CARE, "Sales", FAIR_APPLICATION, "CARE-77", risk_tier="low", function="notify"),
        age=80, used=0.2,
    ),
    Identity(
        FAIR[1],
        "Prints visitors' badges at the trade fair",
        "workload",
        "production",
        documented("lena.okafor", CARE, "Sales", FAIR_APPLICATION, "CARE-77", risk_tier="low", function="notify"),
        age=80, used=1,
    ),
    Identity(
        FAIR[2],
        "Counts visitors at the trade fair's gate; whether anybody still reads the numbers nobody answered",
        "workload",
        "production",
        documented("noor.haddad", DATA, "Sales", FAIR_APPLICATION, "DATA-390", risk_tier="medium", function="observe"),
        age=80, used=19,
    ),
)  # fmt: skip
