"""What the table says where the code has only a name: duties, reaches, and routes that no view of the API answers.

A duty or a route without words here is an error when the table is made.
"""

from collections.abc import Mapping
from types import MappingProxyType

from identities.access.matrix import Duty, Reach

REACHES: Mapping[Reach, str] = MappingProxyType(
    {Reach.NONE: "–", Reach.OWN: "own", Reach.TENANT: "tenant", Reach.EVERY: "every tenant"}
)

#: What a duty is, and what "own" comes to where a role's hand goes no further.
DUTIES: Mapping[Duty, str] = MappingProxyType(
    {
        Duty.READ_REGISTER: "read the register, dashboards, findings, schedules and runs",
        Duty.READ_AUDIT: "read the audit and decisions; own: the rows in which one acted",
        Duty.REPORT: "export, report, answer findings and one's review items, ask for more, report a leak",
        Duty.OPERATE_SCHEDULE: "pause, resume, run and preview; own: schedules one owns, or whose team one is in",
        Duty.OWN_PROFILE: "one's own profile, password, history and inbox, and what is asked of oneself",
        Duty.CANCEL_OWN_REQUEST: "take back or end; own: what one asked for oneself",
        Duty.UNDO_DECISION: "undo a review decision; own: items of which one is the reviewer",
        Duty.DECIDE_REQUEST: "say yes or no, never to what one asked for; own: identities one owns",
        Duty.GOVERN: "create, change, stop, and everything about people and service users",
        Duty.SIGN_IN_TO_ADMIN: "sign in to the admin; an AUDITOR finds only buttons there that are about themselves",
    }
)

#: Routes that are not views of the API: who may is decided where they live.
ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "": "everybody; leads to the admin",
        "healthz": "everybody",
        "readyz": "everybody",
        "metrics": "loopback; from elsewhere the bearer of `METRICS_TOKEN`",
        "passport/token": "a managed identity that proves itself",
        "passport/introspect": "a managed identity with `token.introspect`, about tokens of its tenant",
        "passport/revoke": "a managed identity, for its own tokens",
        "passport/revocations": "everybody",
        "passport/jwks.json": "everybody",
        ".well-known/oauth-authorization-server": "everybody",
        ".well-known/oauth-authorization-server/{path}": "everybody",
        "questionnaire/{token}": "whoever holds the link",
        "api/schema": "everybody",
        "api/docs": "everybody",
        "api/docs/redoc": "everybody",
    }
)

#: Pages of the admin that belong to no list, by the name of their address.
SITE_PAGES: Mapping[str, tuple[str, Duty]] = MappingProxyType(
    {
        "index": ("Overview", Duty.READ_REGISTER),
        "search": ("Search", Duty.READ_REGISTER),
        "switch_tenant": ("Look at another tenant, of those that one reads", Duty.READ_REGISTER),
        "notices": ("Waiting for you", Duty.OWN_PROFILE),
        "password_change": ("Change the own password", Duty.OWN_PROFILE),
        "me": ("One's own page: facts, history, sessions, second factor", Duty.OWN_PROFILE),
        "confirm": ("Say once more who one is", Duty.OWN_PROFILE),
        "end_sessions": ("End one's own sessions", Duty.OWN_PROFILE),
        "factor_add": ("Add a second factor", Duty.OWN_PROFILE),
        "factor_codes": ("New recovery codes", Duty.OWN_PROFILE),
        "factor_remove": ("Remove a second factor", Duty.OWN_PROFILE),
        "provider_unlink": ("Forget the account at a provider", Duty.OWN_PROFILE),
        "programme": ("Programme", Duty.READ_REGISTER),
        "policy": ("Identity policy", Duty.READ_REGISTER),
        "policy_edit": ("Edit the identity policy", Duty.GOVERN),
        "reports": ("Reports", Duty.REPORT),
        "report": ("One report", Duty.REPORT),
        "filter_save": ("Save a filter; sharing it takes `report`", Duty.READ_REGISTER),
        "filter_remove": ("Remove a filter of one's own", Duty.READ_REGISTER),
        "secrets_seen": ("Secrets that somebody was shown", Duty.GOVERN),
    }
)

#: Pages of the site that are no work of anybody's: ways in and out, and what other pages ask for.
NO_PAGES = frozenset(
    {"login", "enrol", "prove", "provider", "provider_callback", "logout", "password_change_done", "autocomplete",
     "jsi18n", "view_on_site", "app_list", ""}
)  # fmt: skip
