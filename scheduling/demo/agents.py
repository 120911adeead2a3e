"""AI agents and what acts on somebody's behalf: several protocols, tools, delegated consents."""

from scheduling.demo.people import CARE, WAREHOUSE
from scheduling.demo.shapes import Identity, documented

IDENTITIES = (
    Identity(
        "support-assistant",
        "Drafts answers to customers' questions and sends them in the name of whoever is on duty",
        "ai_agent",
        "staging",
        documented(
            "amara.diallo", CARE, "Customer care", "Help desk", "CARE-77",
            risk_tier="high", customer_facing=True, issuance="external", auth_method="agent_broker",
            privilege_level="medium", blast_radius="human_impersonating", function="decide",
            data_classification="confidential", trust_boundary="third_party_saas",
            protocols=["MCP: knowledge base", "MCP: ticket search", "HTTPS: mail gateway"],
            upstream_trust_source="agent broker subject=support-assistant",
            downstream_systems=["mail gateway", "help desk", "knowledge base"],
            downstream_permissions=["mail: send as the person on duty", "tickets: search"],
            revocation_procedure="Switch the agent off in the broker: every tool refuses it at once",
        ),
        age=64, used=0.2,
    ),
    Identity(
        "order-triage-agent",
        "Sorts incoming orders by urgency and asks for what is missing",
        "ai_agent",
        "production",
        documented(
            "lena.okafor", CARE, "Customer care", "Order desk", "CARE-85",
            issuance="external", auth_method="oauth_delegated", function="enrich",
            protocols=["MCP: orders", "A2A: warehouse planner", "HTTPS: chat"],
            upstream_trust_source="login.harbour.example subject=order-triage-agent",
            downstream_systems=["orders", "chat"], downstream_permissions=["orders: set urgency", "chat: post"],
            revocation_procedure="Withdraw its consent in login.harbour.example, then stop its container",
        ),
        age=48, used=0.05,
    ),
    Identity(
        "forklift-telemetry",
        "Shows where the forklifts are",
        "oauth_client",
        "staging",
        documented(
            "jonas.lindqvist", WAREHOUSE, "Logistics", "Forklifts", "COLD-66",
            issuance="external", auth_method="oauth_delegated", risk_tier="low", blast_radius="read_only",
            function="observe", upstream_trust_source="login.harbour.example subject=forklift-telemetry",
            downstream_permissions=["Telemetry.Read", "Calendars.Read", "Contacts.Read"],
            revocation_procedure="Withdraw its consent in login.harbour.example",
        ),
        age=120, used=1,
    ),
)  # fmt: skip
