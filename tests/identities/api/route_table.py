"""Every route of the API: who may, and what of another tenant is put into its path. A route without a row fails."""

from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from identities.api.views import UnknownRoute

READ, AUDIT, GOVERN = "read_register", "read_audit", "govern"
OPERATE, PROFILE, REPORT = "operate_schedule", "own_profile", "report"


@dataclass(frozen=True)
class Row:
    """One method of one route: its duty, and the permission that lets a machine in (none: no machine)."""

    method: str
    route: str
    duty: str
    machine: str = ""


def _rows(*lines: tuple[str, ...]) -> tuple[Row, ...]:
    return tuple(Row(*line) for line in lines)


ROWS = _rows(
    ("GET", "api/auth/me", PROFILE),
    ("GET", "api/tenants", READ, "identity.read"),
    ("POST", "api/tenants", GOVERN),
    ("GET", "api/tenants/<uuid:id>", READ, "identity.read"),
    ("PATCH", "api/tenants/<uuid:id>", GOVERN),
    ("GET", "api/teams", READ, "identity.read"),
    ("POST", "api/teams", GOVERN),
    ("GET", "api/teams/<uuid:id>", READ, "identity.read"),
    ("PATCH", "api/teams/<uuid:id>", GOVERN),
    ("POST", "api/teams/<uuid:id>/members", GOVERN),
    ("DELETE", "api/teams/<uuid:id>/members/<uuid:user_id>", GOVERN),
    ("GET", "api/roleBundles", READ, "role.read"),
    ("GET", "api/identityRequests", READ),
    ("POST", "api/identityRequests", REPORT),
    ("GET", "api/identityRequests/<uuid:id>", READ),
    ("PATCH", "api/identityRequests/<uuid:id>", REPORT),
    ("POST", "api/identityRequests/<uuid:id>/approve", "decide_request"),
    ("POST", "api/identityRequests/<uuid:id>/reject", "decide_request"),
    ("POST", "api/identityRequests/<uuid:id>/cancel", "cancel_own_request"),
    ("POST", "api/identityRequests/<uuid:id>/secret", REPORT),
    ("GET", "api/roles", READ, "role.read"),
    ("POST", "api/roles", GOVERN),
    ("GET", "api/roles/<uuid:id>", READ, "role.read"),
    ("PATCH", "api/roles/<uuid:id>", GOVERN),
    ("DELETE", "api/roles/<uuid:id>", GOVERN),
    ("GET", "api/roleBindings", READ, "role.read"),
    ("POST", "api/roleBindings", GOVERN),
    ("GET", "api/roleBindings/<uuid:id>", READ, "role.read"),
    ("DELETE", "api/roleBindings/<uuid:id>", GOVERN),
    ("POST", "api/roleBindings/<uuid:id>/end", GOVERN),
    ("GET", "api/identities", READ, "identity.read"),
    ("POST", "api/identities", GOVERN, "identity.write"),
    ("GET", "api/identities/<uuid:id>", READ, "identity.read"),
    ("PATCH", "api/identities/<uuid:id>", GOVERN, "identity.write"),
    ("DELETE", "api/identities/<uuid:id>", GOVERN, "identity.write"),
    ("POST", "api/identities/<uuid:id>/disable", GOVERN, "identity.write"),
    ("POST", "api/identities/<uuid:id>/enable", GOVERN, "identity.write"),
    ("POST", "api/identities/<uuid:id>/retire", GOVERN, "identity.write"),
    ("POST", "api/identities/<uuid:id>/pause", GOVERN, "identity.quarantine"),
    ("POST", "api/identities/<uuid:id>/resume", GOVERN, "identity.quarantine"),
    ("POST", "api/identities/<uuid:id>/quarantine", GOVERN, "identity.quarantine"),
    ("POST", "api/identities/<uuid:id>/release", GOVERN),
    ("POST", "api/identities/<uuid:id>/drill", GOVERN),
    ("GET", "api/identities/<uuid:id>/quarantines", READ, "identity.read"),
    ("POST", "api/identities/<uuid:id>/transfer", GOVERN),
    ("GET", "api/transfers", READ, "identity.read"),
    ("POST", "api/transfers/<uuid:id>/accept", PROFILE),
    ("POST", "api/transfers/<uuid:id>/decline", PROFILE),
    ("POST", "api/transfers/<uuid:id>/withdraw", GOVERN),
    ("GET", "api/successions", READ, "identity.read"),
    ("GET", "api/successions/<uuid:id>", READ, "identity.read"),
    ("POST", "api/successions/<uuid:id>/accept", PROFILE),
    ("POST", "api/successions/<uuid:id>/decline", PROFILE),
    ("GET", "api/approvals", READ, "identity.read"),
    ("GET", "api/approvals/<uuid:id>", READ, "identity.read"),
    ("POST", "api/approvals/<uuid:id>/approve", "decide_request"),
    ("POST", "api/approvals/<uuid:id>/reject", "decide_request"),
    ("POST", "api/approvals/<uuid:id>/withdraw", "cancel_own_request"),
    ("GET", "api/campaigns", READ, "review.read"),
    ("POST", "api/campaigns", GOVERN),
    ("GET", "api/campaigns/<uuid:id>", READ, "review.read"),
    ("POST", "api/campaigns/<uuid:id>/cancel", GOVERN),
    ("GET", "api/campaigns/<uuid:id>/items", READ, "review.read"),
    ("GET", "api/campaigns/<uuid:id>/report", AUDIT),
    ("GET", "api/campaignItems", READ, "review.read"),
    ("POST", "api/campaignItems/certify", REPORT),
    ("GET", "api/campaignItems/<uuid:id>", READ, "review.read"),
    ("POST", "api/campaignItems/<uuid:id>/decide", REPORT),
    ("POST", "api/campaignItems/<uuid:id>/undo", "undo_decision"),
    ("GET", "api/campaignPlans", READ, "review.read"),
    ("POST", "api/campaignPlans", GOVERN),
    ("GET", "api/campaignPlans/<uuid:id>", READ, "review.read"),
    ("PATCH", "api/campaignPlans/<uuid:id>", GOVERN),
    ("DELETE", "api/campaignPlans/<uuid:id>", GOVERN),
    ("GET", "api/quarantines", READ, "identity.read"),
    ("GET", "api/quarantines/<uuid:id>", READ, "identity.read"),
    ("GET", "api/quarantines/<uuid:id>/evidence", AUDIT, "audit.read"),
    ("POST", "api/quarantines/<uuid:id>/lines/<uuid:line_id>/done", REPORT),
    ("POST", "api/quarantines/<uuid:id>/lines/<uuid:line_id>/assign", GOVERN),
    ("GET", "api/identities/<uuid:id>/dependencies", READ, "identity.read"),
    ("GET", "api/identities/<uuid:id>/timeline", AUDIT, "audit.read"),
    ("GET", "api/standards", READ, "identity.read"),
    ("PATCH", "api/standards", GOVERN),
    ("GET", "api/identities/<uuid:id>/credentials", READ, "identity.read"),
    ("POST", "api/identities/<uuid:id>/credentials", GOVERN, "credential.rotate"),
    ("POST", "api/credentials/<uuid:id>/rotate", GOVERN, "credential.rotate"),
    ("POST", "api/credentials/<uuid:id>/revoke", GOVERN, "credential.rotate"),
    ("POST", "api/credentials/<uuid:id>/renew", GOVERN),
    ("GET", "api/identities/<uuid:id>/exceptions", READ, "identity.read"),
    ("POST", "api/identities/<uuid:id>/exceptions", GOVERN),
    ("POST", "api/exceptions/<uuid:id>/end", GOVERN),
    ("POST", "api/exceptions/<uuid:id>/renew", GOVERN),
    ("GET", "api/exceptions", READ, "identity.read"),
    ("GET", "api/elevations", READ, "identity.read"),
    ("POST", "api/elevations", REPORT),
    ("GET", "api/elevations/<uuid:id>", READ, "identity.read"),
    ("POST", "api/elevations/<uuid:id>/end", "cancel_own_request"),
    ("POST", "api/elevations/<uuid:id>/cancel", "cancel_own_request"),
    ("GET", "api/breakGlass", READ, "identity.read"),
    ("POST", "api/breakGlass", REPORT),
    ("GET", "api/breakGlass/<uuid:id>", READ, "identity.read"),
    ("POST", "api/breakGlass/<uuid:id>/use", REPORT),
    ("POST", "api/breakGlass/<uuid:id>/end", "cancel_own_request"),
    ("POST", "api/breakGlass/<uuid:id>/cancel", "cancel_own_request"),
    ("POST", "api/breakGlass/<uuid:id>/rotated", REPORT),
    ("POST", "api/breakGlass/<uuid:id>/review", "decide_request"),
    ("GET", "api/users/<uuid:id>/secretsSeen", GOVERN),
    ("POST", "api/users/<uuid:id>/secretsSeen/rotate", GOVERN),
    ("GET", "api/identities/<uuid:id>/externalCredentials", READ, "identity.read"),
    ("POST", "api/identities/<uuid:id>/externalCredentials", GOVERN, "identity.write"),
    ("PATCH", "api/externalCredentials/<uuid:id>", GOVERN, "identity.write"),
    ("DELETE", "api/externalCredentials/<uuid:id>", GOVERN, "identity.write"),
    ("GET", "api/identities/<uuid:id>/rotations", READ, "identity.read"),
    ("GET", "api/rotations/<uuid:id>", READ, "identity.read"),
    ("GET", "api/rotations/<uuid:id>/use", READ, "identity.read"),
    ("POST", "api/rotations/<uuid:id>/rollback", GOVERN, "credential.rotate"),
    ("GET", "api/imports", GOVERN, "register.import"),
    ("POST", "api/imports", GOVERN, "register.import"),
    ("GET", "api/imports/<uuid:id>", GOVERN, "register.import"),
    ("GET", "api/imports/<uuid:id>/rows", GOVERN, "register.import"),
    ("POST", "api/imports/<uuid:id>/apply", GOVERN, "register.import"),
    ("POST", "api/imports/<uuid:id>/discard", GOVERN, "register.import"),
    ("GET", "api/inbox", PROFILE),
    ("POST", "api/inbox/seen", PROFILE),
    ("GET", "api/channels", GOVERN),
    ("POST", "api/channels", GOVERN),
    ("GET", "api/channels/<uuid:id>", GOVERN),
    ("PATCH", "api/channels/<uuid:id>", GOVERN),
    ("DELETE", "api/channels/<uuid:id>", GOVERN),
    ("POST", "api/channels/<uuid:id>/test", GOVERN),
    ("POST", "api/channels/<uuid:id>/rotateSecret", GOVERN),
    ("GET", "api/subscriptions", REPORT),
    ("POST", "api/subscriptions", REPORT),
    ("GET", "api/subscriptions/vocabulary", REPORT),
    ("GET", "api/subscriptions/<uuid:id>", REPORT),
    ("PATCH", "api/subscriptions/<uuid:id>", REPORT),
    ("DELETE", "api/subscriptions/<uuid:id>", REPORT),
    ("GET", "api/deliveries", GOVERN),
    ("GET", "api/deliveries/<uuid:id>", GOVERN),
    ("POST", "api/deliveries/<uuid:id>/resend", GOVERN),
    ("GET", "api/vaultConnections", READ),
    ("POST", "api/vaultConnections", GOVERN),
    ("GET", "api/vaultConnections/<uuid:id>", READ),
    ("PATCH", "api/vaultConnections/<uuid:id>", GOVERN),
    ("DELETE", "api/vaultConnections/<uuid:id>", GOVERN),
    ("GET", "api/secretGrants", READ, "identity.read"),
    ("POST", "api/secretGrants", REPORT),
    ("GET", "api/secretGrants/<uuid:id>", READ, "identity.read"),
    ("POST", "api/secretGrants/<uuid:id>/approve", GOVERN),
    ("POST", "api/secretGrants/<uuid:id>/reject", GOVERN),
    ("POST", "api/secretGrants/<uuid:id>/end", GOVERN),
    ("POST", "api/secretGrants/<uuid:id>/extend", GOVERN),
    ("GET", "api/policies", READ),
    ("POST", "api/policies", GOVERN),
    ("POST", "api/policies/validate", GOVERN),
    ("GET", "api/policies/<uuid:id>", READ),
    ("PATCH", "api/policies/<uuid:id>", GOVERN),
    ("DELETE", "api/policies/<uuid:id>", GOVERN),
    ("GET", "api/programme/numbers", READ, "report.read"),
    ("GET", "api/programme/trend", READ, "report.read"),
    ("GET", "api/reports", REPORT, "report.read"),
    ("GET", "api/reports/<slug:name>", REPORT, "report.read"),
    ("GET", "api/findings", READ, "finding.read"),
    ("GET", "api/findings/topTen", READ, "finding.read"),
    ("GET", "api/findings/<uuid:id>", READ, "finding.read"),
    ("POST", "api/findings/<uuid:id>/accept", REPORT),
    ("POST", "api/findings/<uuid:id>/reopen", REPORT),
    ("POST", "api/findings/<uuid:id>/comment", REPORT),
    ("POST", "api/findings/<uuid:id>/assign", REPORT),
    ("POST", "api/leaks", REPORT),
    ("GET", "api/audit/events", AUDIT, "audit.read"),
    ("GET", "api/audit/events/<uuid:id>", AUDIT, "audit.read"),
    ("GET", "api/audit/checkpoints", AUDIT, "audit.read"),
    ("GET", "flowstudio/api/workflows", READ, "schedule.read"),
    ("POST", "flowstudio/api/workflows", GOVERN),
    ("GET", "flowstudio/api/workflows/<str:id>", READ, "schedule.read"),
    ("PATCH", "flowstudio/api/workflows/<str:id>", GOVERN),
    ("DELETE", "flowstudio/api/workflows/<str:id>", GOVERN),
    ("GET", "flowstudio/api/nodeKinds", READ, "schedule.read"),
    ("GET", "flowstudio/api/schedules", READ, "schedule.read"),
    ("POST", "flowstudio/api/schedules", GOVERN, "schedule.write"),
    ("POST", "flowstudio/api/schedules/preview", PROFILE, "schedule.read"),
    ("GET", "flowstudio/api/schedules/<uuid:id>", READ, "schedule.read"),
    ("PATCH", "flowstudio/api/schedules/<uuid:id>", GOVERN, "schedule.write"),
    ("DELETE", "flowstudio/api/schedules/<uuid:id>", GOVERN, "schedule.write"),
    ("POST", "flowstudio/api/schedules/<uuid:id>/pause", OPERATE, "schedule.run"),
    ("POST", "flowstudio/api/schedules/<uuid:id>/resume", OPERATE, "schedule.run"),
    ("POST", "flowstudio/api/schedules/<uuid:id>/runNow", OPERATE, "schedule.run"),
    ("GET", "flowstudio/api/schedules/<uuid:id>/preview", OPERATE, "schedule.read"),
    ("GET", "flowstudio/api/schedules/<uuid:id>/preflight", OPERATE, "schedule.read"),
    ("POST", "flowstudio/api/schedules/<uuid:id>/preflight", OPERATE, "schedule.run"),
    ("GET", "flowstudio/api/runs", READ, "run.read"),
    ("GET", "flowstudio/api/runs/<uuid:id>", READ, "run.read"),
    ("POST", "flowstudio/api/runs/<uuid:id>/cancel", OPERATE, "schedule.run"),
)

#: Open to everybody, each for its own reason: nobody has a token yet, or there is nothing to protect.
OPEN = {
    ("POST", "api/auth/login"),
    ("POST", "api/auth/refresh"),
}

#: Routes that are not views of this API: who may is decided, and tested, where they live.
ELSEWHERE = {
    "",
    "healthz",
    "readyz",
    "metrics",
    "passport/token",
    "passport/introspect",
    "passport/revoke",
    "passport/revocations",
    "passport/jwks.json",
    ".well-known/oauth-authorization-server",
    ".well-known/oauth-authorization-server/<path:path>",
    "questionnaire/<str:token>",
    "api/schema",
    "api/docs",
    "api/docs/redoc",
}

#: Every admin page, and the duty that reading it takes.
PAGES = {
    "identities.approvalrequest": READ,
    "audit.auditevent": AUDIT,
    "identities.campaignplan": READ,
    "identities.reviewcampaign": READ,
    "identities.reviewitem": READ,
    "identities.authorizationdecision": AUDIT,
    "identities.importrun": GOVERN,
    "identities.finding": READ,
    "identities.leakreport": READ,
    "identities.managedidentity": READ,
    "identities.quarantine": READ,
    "identities.questionnaire": GOVERN,
    "identities.resourcepolicy": READ,
    "identities.role": READ,
    "identities.rolebinding": READ,
    "identities.rotation": READ,
    "identities.secretgrant": READ,
    "identities.successioncase": READ,
    "identities.ownershiptransfer": READ,
    "identities.team": READ,
    "identities.tenant": READ,
    "identities.user": READ,
    "identities.channel": GOVERN,
    "identities.subscription": REPORT,
    "identities.delivery": GOVERN,
    "identities.vaultconnection": READ,
    "scheduling.schedule": READ,
    "scheduling.schedulerun": READ,
    "scheduling.workflow": READ,
}


def routes() -> dict[str, Any]:
    """Every route of the URLconf outside the admin, with its view class, or None for what is no class.

    Without what answers 404 to everything no route answers to.
    """
    return {path: view for path, view in _walk(get_resolver().url_patterns, "") if view is not UnknownRoute}


def _walk(patterns: list[Any], prefix: str) -> Any:
    for found in patterns:
        path = prefix + str(found.pattern)
        if isinstance(found, URLResolver):
            if path != "admin/":
                yield from _walk(found.url_patterns, path)
        elif isinstance(found, URLPattern):
            yield path, getattr(found.callback, "cls", None)
