"""Where something is looked at in the admin: the address of the page of whatever an event or a notice is about."""

from functools import lru_cache

from django.apps import apps
from django.conf import settings
from django.contrib.admin.utils import quote
from django.urls import NoReverseMatch, reverse

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
APPS = ("identities", "scheduling")


def page_of(kind: str, key: str) -> str:
    """The path of the page of one thing; empty where there is none."""
    name = _name(kind)
    if not name or not key:
        return ""
    try:
        return reverse(f"admin:{name}_change", args=[quote(key)])
    except NoReverseMatch:
        return ""


def whole(path: str) -> str:
    """`path` as the address that a mail or another program can open."""
    return f"{settings.PASSPORT_ISSUER}{path}" if path else ""


def of_event(kind: str, key: str, event_id: int) -> str:
    """The address of what an event is about, else of the event itself."""
    return whole(page_of(kind, key) or page_of("audit_event", str(event_id)))


@lru_cache(maxsize=256)
def _name(kind: str) -> str:
    """What the admin calls the pages of a kind: `identities_reviewitem` of `review_item`."""
    if kind == "audit_event":
        return "audit_auditevent"
    plain = kind.replace("_", "").lower()
    for label in (CALLED.get(kind), *(f"{app}.{plain}" for app in APPS)):
        try:
            found = apps.get_model(label) if label else None
        except (LookupError, ValueError):
            continue
        if found is not None:
            return f"{found._meta.app_label}_{found._meta.model_name}"
    return ""


def inbox() -> str:
    """The path of the page on which people are told things."""
    return reverse("admin:notices")
