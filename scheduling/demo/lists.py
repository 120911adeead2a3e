"""Lists that people kept before there was a register, as CSV, and the deploy keys of a repository."""

import csv
import io
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from scheduling.demo.shapes import DAY, address

COLUMNS = (
    "name", "kind", "purpose", "environment", "owner", "business owner", "team", "business unit", "application",
    "ticket", "ownership", "auth method", "privilege", "blast radius", "risk tier", "permissions", "trust source",
    "deprovisioning trigger", "revocation procedure", "review by", "expires at", "vendor contract", "renewal",
    "last used",
)  # fmt: skip
_NOTHING = ""

#: One row each, by column; a span is a moment, seen from the day of the list.
ROWS: tuple[Mapping[str, object], ...] = (
    {
        "name": address("jonas.lindqvist"), "kind": "bot", "purpose": "Books loading docks for the carriers at night",
        "environment": "production", "owner": address("jonas.lindqvist"), "team": "Warehouse and cold chain",
        "ownership": "human", "auth method": "long-lived secret", "privilege": "medium", "application": "Dock planner",
        "ticket": "COLD-19", "deprovisioning trigger": "When the carriers book by themselves",
        "review by": 120 * DAY, "last used": -1 * DAY,
    },
    {
        "name": "helpdesk-widget", "kind": "saas connector", "purpose": "Chat window of the shop",
        "environment": "production", "owner": "agency (old contact)", "team": "Customer care", "ownership": "vendor",
        "auth method": "static API key", "privilege": "medium", "business unit": "Customer care",
        "application": "Help desk", "vendor contract": "Quayside Chat, order 88", "renewal": -40 * DAY,
        "review by": 60 * DAY,
    },
    {
        "name": "hr-payroll-reader", "kind": "service user", "purpose": "Reads absences for payroll and for rostering",
        "environment": "production", "owner": address("ines.marchetti"), "team": "Finance automation",
        "business unit": "Finance, People", "application": "Absences", "ticket": "FIN-1492",
        "auth method": "long-lived secret", "privilege": "low", "blast radius": "read only",
        "deprovisioning trigger": "When payroll and rostering share one system", "review by": -25 * DAY,
        "revocation procedure": "Lock the user in the absence system", "last used": -2 * DAY,
    },
    {
        "name": "erp-batch", "kind": "service user", "purpose": "Books goods received into the ERP",
        "environment": "production", "owner": address("lucia.ferrante"), "business owner": address("jonas.lindqvist"),
        "team": "Warehouse and cold chain", "business unit": "Logistics", "application": "ERP", "ticket": "COLD-7",
        "auth method": "password", "risk tier": "high", "privilege": "medium", "review by": 30 * DAY,
        "deprovisioning trigger": "With the ERP", "revocation procedure": "Lock the user in the ERP",
        "last used": -1 * DAY,
    },
    {
        "name": "warehouse-admin", "kind": "service account", "purpose": "Administers the warehouse terminals",
        "environment": "production", "owner": address("jonas.lindqvist"), "team": "Warehouse and cold chain",
        "business unit": "Logistics", "application": "Terminals", "auth method": "human shared admin",
        "privilege": "admin", "blast radius": "privileged", "risk tier": "high", "ticket": "COLD-2",
        "last used": -1 * DAY,
    },
    {
        "name": "tide-feed-reader", "kind": "api client", "purpose": "Reads tides and wind for the fishing fleet",
        "environment": "production", "owner": address("noor.haddad"), "business owner": address("noor.haddad"),
        "team": "Data", "business unit": "Fleet", "application": "Tide tables", "ticket": "DATA-120",
        "auth method": "oauth delegated", "privilege": "low", "blast radius": "read only",
        "trust source": "login.tides.example subject=harbour-foods", "permissions": "tides: read",
        "deprovisioning trigger": "When the fleet is sold", "revocation procedure": "Revoke the consent at the feed",
        "review by": 170 * DAY, "expires at": 260 * DAY, "last used": -1 * DAY,
    },
    {
        "name": "Tide feed (old list)", "kind": "api client", "purpose": "Tides for the fleet",
        "environment": "production", "team": "Data", "auth method": "oauth delegated",
    },
    {
        "name": "reviews-scraper-dev", "kind": "api client", "environment": "production", "auth method": "unknown",
    },
)  # fmt: skip


def spring_list(at: datetime) -> str:
    """The list of integrations that went round by mail each spring."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows({name: _cell(value, at) for name, value in row.items()} for row in ROWS)
    return text.getvalue()


def deploy_keys(at: datetime) -> str:
    """`gh api repos/harbour-foods/recipes/keys`; the keys themselves are left out."""
    key = {
        "id": 900117,
        "title": "press server",
        "url": "https://api.github.com/repos/harbour-foods/recipes/keys/900117",
        "created_at": (at - 505 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "last_used": (at - 3 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "read_only": False,
        "added_by": "twrobel-harbour",
        "enabled": True,
    }
    return json.dumps([key])


def cut_off(at: datetime) -> str:
    """An export of clients whose download broke off: it cannot be read, and says so."""
    whole = json.dumps([{"clientId": "roster-planner", "serviceAccountsEnabled": True, "protocol": "openid-connect"}])
    return whole[:-18]


def _cell(value: object, at: datetime) -> object:
    return (at + value).strftime("%Y-%m-%d") if isinstance(value, timedelta) else value
