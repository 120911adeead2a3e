"""Finding: one thing that a rule holds against an identity, with its evidence and what became of it."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class Severity(models.TextChoices):
    """How much it matters."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class FindingState(models.TextChoices):
    """OPEN until its cause is gone (RESOLVED, by itself) or somebody answers for it until a date (ACCEPTED)."""

    OPEN = "open"
    ACCEPTED = "accepted"
    RESOLVED = "resolved"


#: The worst first, and by what they are ordered: an index has the same expression.
SEVERITIES = tuple(reversed(Severity))
BY_SEVERITY = models.Case(
    *(models.When(severity=severity, then=models.Value(rank)) for rank, severity in enumerate(SEVERITIES)),
    default=models.Value(len(SEVERITIES)),
    output_field=models.IntegerField(),
)


class Finding(models.Model):
    """One rule's verdict on one identity. `key` tells several of one rule apart (a credential's id); often empty.

    A finding that comes back is opened again on the same row: `opened_at` moves, `first_seen_at` stays. The owner is
    the identity's, and follows it, until somebody is assigned by hand (`is_assigned`). `fingerprint` tells a sweep
    whether what it sees is news.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="findings")
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="findings")
    code = models.CharField(max_length=48)
    category = models.CharField(max_length=8)
    key = models.CharField(max_length=200, blank=True)
    severity = models.CharField(max_length=8, choices=Severity.choices)
    evidence = models.TextField()
    details = models.JSONField(default=dict)
    fingerprint = models.CharField(max_length=16, blank=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    is_assigned = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=FindingState.choices, default=FindingState.OPEN)
    accepted_until = models.DateField(null=True, blank=True)
    accepted_reason = models.TextField(blank=True)
    accepted_by = models.CharField(max_length=254, blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(default=timezone.now, editable=False)
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    resolved_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-opened_at", "id"]
        constraints = [models.UniqueConstraint(fields=["identity", "code", "key"], name="finding_once_per_cause")]
        indexes = [
            # None on `last_seen_at`: it moves with every sweep, and an index would make each of them a rewrite.
            models.Index(
                fields=["tenant", "state", "category", "severity", "first_seen_at"], name="finding_tenant_category"
            ),
            models.Index(fields=["tenant", "-opened_at"], name="finding_tenant_opened"),
            models.Index(
                BY_SEVERITY.asc(),
                models.F("opened_at").desc(),
                "id",
                condition=~models.Q(state="resolved"),
                name="finding_worst",
            ),
            models.Index(
                fields=["category", "severity", "first_seen_at", "id"],
                condition=models.Q(state="open"),
                name="finding_longest_open",
            ),
            models.Index(fields=["code", "id"], name="finding_of_rule"),
            models.Index(fields=["tenant", "resolved_at"], name="finding_tenant_resolved"),
            # Counted by category without a look at the rows: what stands, and what opened and ended of late.
            models.Index(
                fields=["tenant", "category", "state", "severity"],
                condition=~models.Q(state="resolved"),
                name="finding_standing",
            ),
            models.Index(fields=["opened_at", "category", "tenant"], name="finding_opened"),
            models.Index(
                fields=["resolved_at", "category", "state", "tenant"],
                condition=models.Q(resolved_at__isnull=False),
                name="finding_resolved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} on {self.identity}"


class FindingComment(models.Model):
    """What somebody said about a finding; written once, never changed."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="comments")
    author = models.CharField(max_length=254)
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:40]}"


class LeakDoor(models.TextChoices):
    """By which door a report of a leak came."""

    PASTED = "pasted"
    API = "api"
    PARTNER = "partner"


class LeakReport(models.Model):
    """Somebody reported text with a secret of ours in it; a report without a match leaves no row. The text is nowhere.

    `where` is the place that was named (a URL, a log), cleaned of anything that reads like a secret.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="leak_reports")
    door = models.CharField(max_length=8, choices=LeakDoor.choices)
    source = models.CharField(max_length=200, blank=True)
    where = models.CharField(max_length=400, blank=True)
    reported_by = models.CharField(max_length=254, blank=True)
    reported_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-reported_at", "id"]
        indexes = [models.Index(fields=["tenant", "-reported_at"], name="leak_report_of_tenant")]

    def __str__(self) -> str:
        return f"{self.source} {self.reported_at:%Y-%m-%d %H:%M}"


class LeakAction(models.TextChoices):
    """What was done about a leaked secret; `none`: it had ended before."""

    REVOKED = "revoked"
    QUARANTINED = "quarantined"
    NONE = "none"


class LeakMatch(models.Model):
    """One secret of ours in a report: whose it is, and what was done."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey(LeakReport, on_delete=models.PROTECT, related_name="matches")
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="leaks")
    secret = models.ForeignKey("identities.ClientSecret", on_delete=models.PROTECT, related_name="leaks")
    action = models.CharField(max_length=12, choices=LeakAction.choices)
    seconds = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ["report", "id"]
        verbose_name_plural = "leak matches"
        constraints = [models.UniqueConstraint(fields=["report", "secret"], name="leak_match_once_per_secret")]

    def __str__(self) -> str:
        return f"{self.identity} …{self.secret.hint}"
