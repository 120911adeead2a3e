"""The theme and the sidebar of the admin, as django-unfold reads them."""

from collections.abc import Callable
from functools import partial
from typing import Any

import environ
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

ENVIRONMENT_TONES = {"production": "bad", "staging": "warn", "development": "info", "sandbox": "quiet"}
env = environ.Env()
INSTALLATION = env.str("STEWARD_ENVIRONMENT", default="")


def may_see(label: str, request: HttpRequest) -> bool:
    """Whether the page of this model is open to the person; asked once a sidebar item."""
    # The site imports the rooms, and this module is read with the settings, before there are any.
    from django.apps import apps

    from identities.admin.site import site

    return bool(site.get_model_admin(apps.get_model(label)).has_view_permission(request))


def may_report(request: HttpRequest) -> bool:
    """Whether the reports are open to the person."""
    from identities.access.matrix import Duty
    from identities.admin.scope import scope_of

    return scope_of(request).may(Duty.REPORT)


def is_among_findings(request: HttpRequest) -> bool:
    """Whether the page is one of the findings' own, not the ten that stand below them."""
    return "/identities/finding/" in request.path and not request.path.endswith("/top-ten/")


def waiting_for(request: HttpRequest) -> str:
    """How much waits for the person; counted with the session's own query."""
    number = getattr(request.user, "waiting", 0)
    return "99+" if number > 99 else str(number or "")


def asset(path: str) -> Callable[[HttpRequest], str]:
    """The address of one of our own files, looked up when a page is drawn."""
    return lambda request: static(path)


def label_of_environment(request: HttpRequest) -> list[str] | None:
    """What this installation is, from STEWARD_ENVIRONMENT; nothing where it is unset."""
    return [INSTALLATION, ENVIRONMENT_TONES.get(INSTALLATION.lower(), "info")] if INSTALLATION else None


def _item(title: str, icon: str, label: str) -> dict[str, Any]:
    name = label.replace(".", "_").lower()
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{name}_changelist"),
        "permission": partial(may_see, label),
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Steward",
    "SITE_HEADER": "Steward",
    "SITE_SUBHEADER": "Non-human identities",
    "SITE_URL": None,
    "SITE_ICON": asset("steward/mark.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": asset("steward/mark.svg")}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": label_of_environment,
    "BORDER_RADIUS": "8px",
    "STYLES": [
        asset("steward/steward.css"),
        asset("steward/forms.css"),
        asset("steward/pictures.css"),
        asset("steward/register.css"),
        asset("steward/programme.css"),
        asset("steward/findings.css"),
    ],
    "SCRIPTS": [asset("steward/steward.js"), asset("steward/imports.js"), asset("steward/live.js")],
    "COLORS": {
        "primary": {
            "50": "#f0fdfa",
            "100": "#ccfbf1",
            "200": "#99f6e4",
            "300": "#5eead4",
            "400": "#2dd4bf",
            "500": "#14b8a6",
            "600": "#0d9488",
            "700": "#0f766e",
            "800": "#115e59",
            "900": "#134e4a",
            "950": "#042f2e",
        }
    },
    "ACCOUNT": {"navigation": [{"title": "My account", "link": reverse_lazy("admin:me")}]},
    "SIDEBAR": {
        "show_search": False,
        "navigation": [
            {
                "items": [
                    {"title": "Overview", "icon": "space_dashboard", "link": reverse_lazy("admin:index")},
                    {
                        "title": "Waiting for you",
                        "icon": "inbox",
                        "link": reverse_lazy("admin:notices"),
                        "badge": "config.unfold.waiting_for",
                    },
                    {"title": "Programme", "icon": "monitoring", "link": reverse_lazy("admin:programme")},
                    {
                        "title": "Reports",
                        "icon": "summarize",
                        "link": reverse_lazy("admin:reports"),
                        "permission": may_report,
                    },
                    {"title": "Policy", "icon": "gavel", "link": reverse_lazy("admin:policy")},
                ]
            },
            {
                "title": "Register",
                "collapsible": True,
                "items": [
                    _item("Identities", "smart_toy", "identities.ManagedIdentity"),
                    _item("Findings", "flag", "identities.Finding") | {"active": is_among_findings},
                    {
                        "title": "NHI Top 10",
                        "icon": "format_list_numbered",
                        "link": reverse_lazy("admin:identities_finding_top_ten"),
                        "permission": partial(may_see, "identities.Finding"),
                    },
                    _item("Imports", "upload_file", "identities.ImportRun"),
                    _item("Questionnaires", "quiz", "identities.Questionnaire"),
                ],
            },
            {
                "title": "Credentials",
                "collapsible": True,
                "items": [
                    _item("Rotations", "autorenew", "identities.Rotation"),
                    _item("Quarantines", "shield_lock", "identities.Quarantine"),
                    _item("Leaks", "crisis_alert", "identities.LeakReport"),
                    _item("Secret references", "key", "identities.SecretGrant"),
                    _item("Vaults", "lock", "identities.VaultConnection"),
                ],
            },
            {
                "title": "Governance",
                "collapsible": True,
                "items": [
                    _item("Requests", "add_moderator", "identities.IdentityRequest"),
                    _item("Campaigns", "fact_check", "identities.ReviewCampaign"),
                    _item("Review plans", "event_upcoming", "identities.CampaignPlan"),
                    _item("Approvals", "how_to_vote", "identities.ApprovalRequest"),
                    _item("Elevations", "bolt", "identities.Elevation"),
                    _item("Break-glass", "e911_emergency", "identities.BreakGlassGrant"),
                    _item("Exceptions", "rule", "identities.PolicyException"),
                    _item("Succession", "family_history", "identities.SuccessionCase"),
                ],
            },
            {
                "title": "Scheduling",
                "collapsible": True,
                "items": [
                    _item("Schedules", "event_repeat", "scheduling.Schedule"),
                    _item("Runs", "play_circle", "scheduling.ScheduleRun"),
                    _item("Workflows", "account_tree", "scheduling.Workflow"),
                ],
            },
            {
                "title": "Access",
                "collapsible": True,
                "items": [
                    _item("Roles", "badge", "identities.Role"),
                    _item("Role bindings", "link", "identities.RoleBinding"),
                    _item("Resource policies", "policy", "identities.ResourcePolicy"),
                ],
            },
            {
                "title": "Evidence",
                "collapsible": True,
                "items": [
                    _item("Audit log", "history", "audit.AuditEvent"),
                    _item("Decisions", "rule", "identities.AuthorizationDecision"),
                ],
            },
            {
                "title": "Organisation",
                "collapsible": True,
                "items": [
                    _item("Teams", "groups", "identities.Team"),
                    _item("People", "group", "identities.User"),
                    _item("Service users", "precision_manufacturing", "identities.ServiceUser"),
                    _item("Replacements", "move_up", "identities.Replacement"),
                    _item("Tenants", "domain", "identities.Tenant"),
                    _item("Channels", "campaign", "identities.Channel"),
                    _item("Subscriptions", "notifications", "identities.Subscription"),
                    _item("Deliveries", "outgoing_mail", "identities.Delivery"),
                ],
            },
        ],
    },
}
