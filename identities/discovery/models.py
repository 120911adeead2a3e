"""What is known from elsewhere: import runs and their staged rows, source records, merges and questionnaires."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class SourceRecord(models.Model):
    """An identity as one source reports it. Its natural key never changes; `identity` may, by a merge.

    `source` is "<platform>/<account, cluster or organisation>", such as aws/644160558196. `facts` is what was last
    reported, without secrets. `gone_at`: its source no longer reports it, judged within one source and record type.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="+")
    identity = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="source_records")
    kind = models.CharField(max_length=32)
    source = models.CharField(max_length=200)
    record_type = models.CharField(max_length=48)
    key = models.CharField(max_length=400)
    label = models.CharField(max_length=254)
    facts = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(default=timezone.now, editable=False)
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["source", "record_type", "key"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "record_type", "key"], name="source_record_natural_key")
        ]

    def __str__(self) -> str:
        return f"{self.label} in {self.source}"


class SourceAlias(models.Model):
    """A name by which other sources call the same identity: two records that share one mean one identity."""

    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(SourceRecord, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=400)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "name"], name="source_alias_once")]
        indexes = [models.Index(fields=["tenant", "name"], name="source_alias_name")]

    def __str__(self) -> str:
        return self.name


class ImportState(models.TextChoices):
    """READING → PREVIEWED → APPLYING → APPLIED; or FAILED, or DISCARDED without effect."""

    READING = "reading"
    PREVIEWED = "previewed"
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"
    DISCARDED = "discarded"


class ImportRun(models.Model):
    """One import of one or more files of a kind: what was read, what it would do, how far it is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=32)
    source = models.CharField(max_length=200, blank=True)
    files = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=ImportState.choices, default=ImportState.READING)
    error = models.TextField(blank=True)
    rows_read = models.PositiveIntegerField(default=0)
    rows_applied = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    warnings = models.JSONField(default=list)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_by_label = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return f"Import of {self.kind}, {self.created_at:%d %b %Y %H:%M}"


class RowAction(models.TextChoices):
    """What applying a staged row does."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    DROPPED = "dropped"


class ImportRow(models.Model):
    """A staged record: what the file said, without secrets, and what it would change, field by field."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rows")
    place = models.CharField(max_length=120, blank=True)
    record_type = models.CharField(max_length=48, blank=True)
    source = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=400, blank=True)
    label = models.CharField(max_length=254, blank=True)
    reported = models.JSONField(default=dict)
    action = models.CharField(max_length=12, choices=RowAction.choices, blank=True)
    changes = models.JSONField(default=dict)
    message = models.TextField(blank=True)
    identity = models.ForeignKey(
        "identities.ManagedIdentity", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["run", "action"], name="import_row_action"),
            models.Index(fields=["run", "source", "record_type", "key"], name="import_row_key"),
        ]

    def __str__(self) -> str:
        return self.label


class Merge(models.Model):
    """Two rows made one by hand: which was absorbed, what moved with it, and how it is parted again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="+")
    kept = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="merges")
    absorbed = models.ForeignKey("identities.ManagedIdentity", on_delete=models.PROTECT, related_name="+")
    moved = models.JSONField(default=dict)
    reason = models.TextField()
    merged_by = models.CharField(max_length=254)
    merged_at = models.DateTimeField(default=timezone.now, editable=False)
    parted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-merged_at", "id"]

    def __str__(self) -> str:
        return f"{self.absorbed} into {self.kept}"


class Questionnaire(models.Model):
    """A link by which a platform's owner tells of identities that no export holds; the answers make draft rows.

    `token_digest` is a keyed digest: the link is shown once and kept by nobody.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=120)
    addressee = models.CharField(max_length=254, blank=True)
    source = models.CharField(max_length=200)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    digest_key = models.CharField(max_length=8, blank=True, default="", db_default="", editable=False)
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    answers = models.PositiveIntegerField(default=0)
    created_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return self.title
