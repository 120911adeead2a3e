"""CertifiedSnapshot: the state of an identity that somebody certified; what changes afterwards is drift."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from identities.recertification.models.items import ReviewItem


class CertifiedSnapshot(models.Model):
    """`parts` is `{part: {hash, content}}` of the portrait, `digest` the SHA-256 over them, `seal` a keyed MAC of that.

    `drifted` is `{part: {at, item, by}}`: those parts count as not certified any more. The newest not ended counts.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="snapshots")
    item = models.ForeignKey(ReviewItem, on_delete=models.PROTECT, related_name="snapshots")
    parts = models.JSONField()
    digest = models.CharField(max_length=64)
    seal = models.CharField(max_length=64)
    certified_at = models.DateTimeField(default=timezone.now)
    certified_by = models.CharField(max_length=254)
    certified_until = models.DateTimeField()
    drifted = models.JSONField(default=dict)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(max_length=254, blank=True)

    class Meta:
        ordering = ["-certified_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["identity"], condition=Q(ended_at=None), name="snapshot_one_in_force")
        ]

    def __str__(self) -> str:
        return f"{self.identity} as certified {self.certified_at:%Y-%m-%d}"
