"""DailySnapshot: the numbers of a tenant or a team on a day. SavedFilter: a list as somebody wants to see it again."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class DailySnapshot(models.Model):
    """The programme's numbers at the end of a day; `team` empty: of the whole tenant. A null number is unknown."""

    tenant = models.ForeignKey("identities.Tenant", on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey("identities.Team", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    numbers = models.JSONField(default=dict)
    taken_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "team", "day"], name="snapshot_of_team_once_a_day"),
            models.UniqueConstraint(
                fields=["tenant", "day"], condition=models.Q(team=None), name="snapshot_of_tenant_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tenant} on {self.day}"


class SavedFilter(models.Model):
    """A list with its filters under a name: one person's own, or shared with the tenant."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    page = models.CharField(max_length=64)
    query = models.CharField(max_length=2000)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["owner", "page", "name"], name="saved_filter_name")]

    def __str__(self) -> str:
        return self.name
