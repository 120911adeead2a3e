"""Roles of machines, and which identity holds which, from when to when and why."""

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone


class Role(models.Model):
    """A named set of permissions of one tenant."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="roles")
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=500, blank=True)
    permissions = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint("tenant", Lower("name"), name="role_name_unique_in_tenant")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def is_effective(at: datetime, path: str = "") -> Q:
    """The condition for a binding, found at `path` from the row that is asked for, to give its role at `at`."""
    conditions = Q(
        **{f"{path}valid_from__lte": at}, **{f"{path}valid_until__gt": at}, **{f"{path}awaits_approval": False}
    )
    return conditions & (Q(**{f"{path}ended_at": None}) | Q(**{f"{path}ended_at__gt": at}))


class RoleBindings(models.QuerySet["RoleBinding"]):
    """Words for asking about bindings."""

    def effective(self, at: datetime) -> Self:
        """Those that give their role at `at`; a span is [valid_from, valid_until)."""
        return self.filter(is_effective(at))

    def standing(self, at: datetime) -> Self:
        """Those that give their role now or will later."""
        return self.filter(ended_at=None, valid_until__gt=at)

    def overlapping(self, start: datetime, end: datetime) -> Self:
        return self.filter(ended_at=None, valid_from__lt=end, valid_until__gt=start)


class RoleBinding(models.Model):
    """One identity holds one role for a span of time; who granted it is text, so no person's going can touch it.

    While it `awaits_approval` it gives nothing: it was granted to an identity whose approval it is not part of yet.
    `is_elevation`: it stands on a decision of its own and ends soon, so it is no part of what was agreed to otherwise.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="bindings")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="bindings")
    valid_from = models.DateTimeField(default=timezone.now)
    valid_until = models.DateTimeField()
    reason = models.CharField(max_length=500)
    granted_by = models.CharField(max_length=254, blank=True)
    granted_by_id = models.CharField(max_length=64, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(max_length=500, blank=True)
    awaits_approval = models.BooleanField(default=False, db_default=False, editable=False)
    is_elevation = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = RoleBindings.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(valid_until__gt=F("valid_from")), name="binding_ends_after_it_starts"),
        ]
        indexes = [
            models.Index(fields=["identity", "valid_until"], name="binding_identity_until"),
            models.Index(fields=["created_at", "id"], name="binding_made"),
            # How many hold a role now is read from it alone.
            models.Index(fields=["role", "identity", "valid_until", "valid_from", "ended_at"], name="binding_of_role"),
        ]
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.role} for {self.identity}"

    def is_effective(self, at: datetime) -> bool:
        """Whether it gives its role at `at`."""
        ended = self.ended_at is not None and self.ended_at <= at
        return self.valid_from <= at < self.valid_until and not ended and not self.awaits_approval


class GrantState(models.TextChoices):
    """A grant is asked for, then given or refused; given, it lasts until its end or until somebody ends it."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


class SecretGrants(models.QuerySet["SecretGrant"]):
    """Words for asking about grants of secrets."""

    def effective(self, at: datetime, *, of_runs_since: datetime | None = None) -> Self:
        """Those that let their reader read at `at`; with `of_runs_since`, those superseded since then as well."""
        stands = Q(ended_at=None)
        if of_runs_since is not None:
            stands |= Q(is_superseded=True, ended_at__gt=of_runs_since)
        return self.filter(stands, state=GrantState.GRANTED, valid_until__gt=at)

    def asked(self) -> Self:
        """Those that wait for a decision."""
        return self.filter(state=GrantState.ASKED, ended_at=None)


class SecretGrant(models.Model):
    """One identity, or one schedule of it, may resolve one secret reference, until when and why (S3-30).

    The reference is named as schedules write it, without a version. `schedule_id` is empty for a grant to the identity
    itself, and no foreign key: scheduling stands above; `cadence_seconds` is the longest regular gap of that schedule.
    `is_superseded`: it ended because the schedule reads something else now, so runs made before may still use it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="secret_grants")
    provider = models.CharField(max_length=32)
    vault_uri = models.CharField(max_length=500)
    secret_name = models.CharField(max_length=400)
    schedule_id = models.UUIDField(null=True, blank=True)
    schedule_label = models.CharField(max_length=200, blank=True)
    cadence_seconds = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    state = models.CharField(max_length=8, choices=GrantState.choices, default=GrantState.ASKED)
    reason = models.CharField(max_length=500)
    asked_by = models.CharField(max_length=254, blank=True)
    asked_by_id = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    decided_by = models.CharField(max_length=254, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_reason = models.CharField(max_length=500, blank=True)
    valid_until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(max_length=500, blank=True)
    ended_by = models.CharField(max_length=254, blank=True, default="", db_default="")
    is_superseded = models.BooleanField(default=False, db_default=False, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    uses = models.PositiveBigIntegerField(default=0)

    objects = SecretGrants.as_manager()

    class Meta:
        verbose_name = "secret reference"
        ordering = ["-asked_at", "id"]
        indexes = [
            models.Index(fields=["identity", "vault_uri", "secret_name"], name="secret_grant_of_identity"),
            models.Index(fields=["schedule_id"], name="secret_grant_of_schedule"),
            models.Index(fields=["vault_uri", "secret_name", "id"], name="secret_grant_of_place"),
            models.Index(fields=["secret_name", "id"], name="secret_grant_named"),
            models.Index(fields=["asked_at", "id"], name="secret_grant_asked"),
        ]

    def __str__(self) -> str:
        return f"{self.secret_name} for {self.schedule_label or self.identity}"
