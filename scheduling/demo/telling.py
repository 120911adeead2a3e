"""What the demo tells those who look around in it: reminders fall due, and its news reach the platform's people too."""

import re
from datetime import datetime

from identities.credentials.reminders import remind
from identities.people import notices
from identities.people.models import Notice, Tenant, User
from identities.recertification.models import ItemState, ReviewCampaign

#: What a visitor is told as well, by kind of notice; the newest of each kind.
NEWS = ("quarantine", "rotation_overdue", "leak", "credential_due")
#: What waits for an answer that whoever runs the platform may give as well.
ASKED = ("approval_asked", "review_asked", "break_glass_review")
MOST_OF_A_KIND = 2


def tell(tenant: Tenant, at: datetime) -> None:
    """Remind as the portal does each hour, then pass the news on to whoever runs it: nobody else signs in here."""
    remind(at)
    visitors = list(User.objects.filter(is_platform_admin=True, is_active=True))
    for kind in (*NEWS, *ASKED):
        told = Notice.objects.filter(tenant=tenant, kind=kind, done_at=None).order_by("key", "-created_at")
        by_key = {notice.key: notice for notice in told}
        newest = sorted(by_key.values(), key=lambda notice: notice.created_at, reverse=True)
        for notice in newest if kind in ASKED else newest[:MOST_OF_A_KIND]:
            _pass_on(notice, visitors)
    Notice.objects.filter(tenant=tenant).update(mail_at=None)


def _pass_on(notice: Notice, visitors: list[User]) -> None:
    notices.tell(
        visitors,
        tenant_id=notice.tenant_id,
        kind=notice.kind,
        key=notice.key,
        subject=_subject(notice),
        text=notice.text,
        waits=notice.waits,
    )
    rows = Notice.objects.filter(tenant=notice.tenant_id, key=notice.key, person__in=visitors)
    rows.update(created_at=notice.created_at, about_kind=notice.about_kind, about_id=notice.about_id)


def _subject(notice: Notice) -> str:
    """What its reader is asked; of a review the visitor may answer every item, not this reader's share."""
    if notice.kind != "review_asked":
        return notice.subject
    campaign = ReviewCampaign.objects.get(pk=notice.about_id)
    waits = campaign.items.filter(state=ItemState.OPEN).count()
    return re.sub(r"^\d+ identit\w+ waits?", f"{waits} identities wait", notice.subject)
