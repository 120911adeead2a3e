"""Secrets whose digest was made with a former key: carried over when they are shown, and until then counted and named.

A digest cannot be made anew without the text, and the text is with the client alone.
"""

from collections.abc import Collection

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from audit import keys
from identities.credentials.digests import digest, former_digests
from identities.credentials.models import ClientSecret


@sensitive_variables("text", "formers")
def carry_over(text: str) -> bool:
    """Whether a secret rested under a former digest of this text; then it rests under the present one from here on.

    Two statements where it did, one where not; none while no key is being replaced. The secret stays what it was to
    everybody, so that nothing is recorded: whoever replaces the key leaves one record of the whole.
    """
    formers = former_digests(text)
    found = ClientSecret.objects.filter(digest__in=formers).values_list("pk", "digest").first() if formers else None
    if found is None:
        return False
    key, former = found
    held = ClientSecret.objects.filter(pk=key, digest=former)
    held.update(digest=digest(text), digest_key=keys.key_id())
    return True


def resting(marks: Collection[str]) -> "models.QuerySet[ClientSecret]":
    """Secrets that work, and not without a former key, those longest unused first. `marks` are those of the present."""
    now = timezone.now()
    live = ClientSecret.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)
    former = live.exclude(digest_key__in=marks).select_related("identity")
    return former.order_by(models.F("last_used_at").asc(nulls_first=True), "id")
