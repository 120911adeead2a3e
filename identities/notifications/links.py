"""Where something is looked at in the admin: the address of the page of whatever an event or a notice is about.

Written down here and not asked of the routes: a worker that tells people of something would load every page of the
admin with them, 37 MB in each of its processes. The tests hold it against the routes.
"""

from functools import lru_cache

from django.apps import apps
from django.conf import settings
from django.contrib.admin.utils import quote

#: What is called otherwise than its table.
CALLED = {
    "identity": "identities.ManagedIdentity",
    "campaign": "identities.ReviewCampaign",
    "request": "identities.IdentityRequest",
    "approval": "identities.ApprovalRequest",
    "approval_request": "identities.ApprovalRequest",
    "break_glass": "identities.BreakGlassGrant",
    "exception": "identities.PolicyException",
    "succession": "identities.SuccessionCase",
    "transfer": "identities.OwnershipTransfer",
    "policy": "identities.ResourcePolicy",
    "run": "scheduling.ScheduleRun",
    "vault": "identities.VaultConnection",
    "leak": "identities.LeakReport",
    "import": "identities.ImportRun",
}
#: The models that have a page.
PAGES = frozenset(
    {
        "audit.AuditEvent",
        "identities.ApprovalRequest",
        "identities.AuthorizationDecision",
        "identities.BreakGlassGrant",
        "identities.CampaignPlan",
        "identities.Channel",
        "identities.Delivery",
        "identities.Elevation",
        "identities.Finding",
        "identities.IdentityRequest",
        "identities.ImportRun",
        "identities.LeakReport",
        "identities.ManagedIdentity",
        "identities.OwnershipTransfer",
        "identities.PolicyException",
        "identities.Quarantine",
        "identities.Questionnaire",
        "identities.Replacement",
        "identities.ResourcePolicy",
        "identities.ReviewCampaign",
        "identities.ReviewItem",
        "identities.Role",
        "identities.RoleBinding",
        "identities.Rotation",
        "identities.SecretGrant",
        "identities.ServiceUser",
        "identities.Subscription",
        "identities.SuccessionCase",
        "identities.Team",
        "identities.Tenant",
        "identities.User",
        "identities.VaultConnection",
        "scheduling.Schedule",
        "scheduling.ScheduleRun",
        "scheduling.Workflow",
    }
)
APPS = ("identities", "scheduling")
ADMIN = "/admin/"
INBOX = f"{ADMIN}notices/"


def page_of(kind: str, key: str) -> str:
    """The path of the page of one thing; empty where there is none."""
    folder = _folder(kind)
    return f"{folder}{quote(key)}/change/" if folder and key else ""


def whole(path: str) -> str:
    """`path` as the address that a mail or another program can open."""
    return f"{settings.PASSPORT_ISSUER}{path}" if path else ""


def of_event(kind: str, key: str, event_id: int) -> str:
    """The address of what an event is about, else of the event itself."""
    return whole(page_of(kind, key) or page_of("audit_event", str(event_id)))


@lru_cache(maxsize=256)
def _folder(kind: str) -> str:
    """Where the pages of a kind lie: `/admin/identities/reviewitem/` of `review_item`."""
    plain = kind.replace("_", "").lower()
    for label in (
        "audit.AuditEvent" if kind == "audit_event" else CALLED.get(kind),
        *(f"{app}.{plain}" for app in APPS),
    ):
        try:
            found = apps.get_model(label) if label else None
        except (LookupError, ValueError):
            continue
        if found is not None and found._meta.label in PAGES:
            return f"{ADMIN}{found._meta.app_label}/{found._meta.model_name}/"
    return ""
