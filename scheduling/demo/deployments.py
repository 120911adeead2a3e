"""What builds, deploys and guards: runners, proxies, forwarders, the administrator of the database."""

from scheduling.demo.people import PLATFORM, SECURITY
from scheduling.demo.shapes import DAY, Identity, documented, owned

GITHUB = "token.actions.githubusercontent.com"

IDENTITIES = (
    Identity(
        "shop-deployer",
        "Deploys the web shop from the build pipeline",
        "deploy_runner",
        "production",
        documented(
            "tomasz.wrobel", PLATFORM, "Platform", "Web shop", "PLAT-902",
            risk_tier="high", issuance="federated", auth_method="federated", repository="harbour-foods/shop",
            internet_exposed=True, function="deploy", disable_strategy="staged",
            upstream_trust_source=f"{GITHUB} subject=repo:harbour-foods/shop:environment:production",
        ),
        age=280, used=0.4,
    ),
    Identity(
        "docs-publisher",
        "Publishes the handbook from any branch of any repository",
        "deploy_runner",
        "staging",
        documented(
            "tomasz.wrobel", PLATFORM, "Platform", "Handbook", "PLAT-377",
            issuance="federated", auth_method="federated", repository="harbour-foods/handbook", function="deploy",
            upstream_trust_source=f"{GITHUB} subject=*", review_by=-11 * DAY,
        ),
        age=310, used=3,
    ),
    Identity(
        "ingress-proxy",
        "Takes calls from the internet to the shop",
        "workload",
        "production",
        documented(
            "amara.diallo", PLATFORM, "Platform", "Web shop", "PLAT-210",
            issuance="external", auth_method="mtls", internet_exposed=True, trust_boundary="internet_exposed",
            upstream_trust_source="harbour-ca subject=spiffe://harbour.example/production/ingress",
            downstream_permissions=["shop: forward"], rotation_interval_days=30,
            revocation_procedure="Revoke the certificate at the harbour CA; proxies reload within a minute",
        ),
        age=350, used=0.01,
    ),
    Identity(
        "db-migrator",
        "Changes the tables of the shop at each release",
        "database_user",
        "production",
        documented(
            "amara.diallo", PLATFORM, "Platform", "Shop database", "PLAT-733",
            issuance="external", auth_method="vault_dynamic", risk_tier="high", privilege_level="admin",
            blast_radius="privileged", data_classification="restricted", disable_strategy="staged",
            upstream_trust_source="vault database/creds/db-migrator", downstream_permissions=["shop: all tables, DDL"],
            revocation_procedure="vault lease revoke -prefix database/creds/db-migrator",
        ),
        age=240, used=4,
    ),
    Identity(
        "release-notifier",
        "Posts releases to the team chat",
        "webhook",
        "staging",
        owned("tomasz.wrobel", PLATFORM, risk_tier="low", issuance="external", function="notify"),
        age=190,
    ),
    Identity(
        "siem-forwarder",
        "Hands the audit trail on to the security team's log store",
        "api_client",
        "production",
        documented(
            "priya.raman", SECURITY, "Security", "Log store", "SEC-17",
            issuance="external", auth_method="mtls", function="observe", blast_radius="read_only",
            upstream_trust_source="harbour-ca subject=spiffe://harbour.example/production/siem",
            downstream_permissions=["log store: append"], rotation_interval_days=60,
            revocation_procedure="Revoke the certificate at the harbour CA; the log store keeps what it has",
        ),
        age=170, used=0.02,
    ),
)  # fmt: skip
