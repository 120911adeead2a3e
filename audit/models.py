"""Events, and beside them the seals that number and link them: a seal never touches the event's row."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, NoReturn, Self
from uuid import UUID, uuid4

from django.db import connection, models
from django.db.models.functions import Upper

from audit import chain
from audit.actors import HUMAN_KINDS, MACHINE_KINDS, ActorKind
from audit.events import Outcome

RECORD_FIELDS = (
    "uuid", "recorded_at", "tenant_id", "type", "outcome", "reason", "actor_kind", "actor_id", "actor_label",
    "actor_client_id", "subject_kind", "subject_id", "subject_label", "changes", "details", "correlation_id",
    "run_id", "address",
)  # fmt: skip


class AppendOnly(TypeError):
    """Code tried to change or delete what may only be added; the database would refuse it too."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Reads and inserts."""

    def update(self, **_values: object) -> NoReturn:
        raise AppendOnly(self.model.__name__)

    def delete(self) -> NoReturn:
        raise AppendOnly(self.model.__name__)


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Words for asking the trail; reads and inserts only."""

    def humans(self) -> Self:
        """Done by a person. Together with `machines()` it leaves only callers who never said who they are (S0-04)."""
        return self.filter(actor_kind__in=HUMAN_KINDS)

    def machines(self) -> Self:
        """Done by an identity, a service user or Steward itself."""
        return self.filter(actor_kind__in=MACHINE_KINDS)

    def in_tenants(self, tenant_ids: Collection[UUID] | None) -> Self:
        """Of these tenants; `None` is every tenant, and what belongs to none."""
        return self.all() if tenant_ids is None else self.filter(tenant_id__in=tenant_ids)

    def unsealed(self) -> Self:
        return self.filter(seal__isnull=True)

    def update(self, **_values: object) -> NoReturn:
        raise AppendOnly(self.model.__name__)

    def delete(self) -> NoReturn:
        raise AppendOnly(self.model.__name__)


class AuditEvent(models.Model):
    """One thing that happened. Inserted once, by `audit.services.record`; database triggers refuse all else.

    Ids follow the order of inserting, not of committing; the order that counts is the seal's `seq`.
    """

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    recorded_at = models.DateTimeField()
    tenant_id = models.UUIDField(null=True)
    type = models.CharField(max_length=80)
    outcome = models.CharField(max_length=10, choices=[(o.value, o.value) for o in Outcome])
    reason = models.TextField(blank=True)
    actor_kind = models.CharField(max_length=20, choices=[(k.value, k.value) for k in ActorKind])
    actor_id = models.CharField(max_length=200, blank=True)
    actor_label = models.CharField(max_length=300, blank=True)
    actor_client_id = models.CharField(max_length=200, blank=True)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=200, blank=True)
    subject_label = models.CharField(max_length=300, blank=True)
    changes = models.JSONField(default=dict, blank=True)
    details = models.JSONField(default=dict, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)
    run_id = models.UUIDField(null=True)
    address = models.CharField(max_length=64, blank=True)
    tag = models.CharField(max_length=64, editable=False)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["recorded_at"], name="audit_event_recorded"),
            models.Index(fields=["tenant_id", "-id"], name="audit_event_tenant"),
            # Answers a whole type and its beginning alike, whatever the database sorts by.
            models.Index(
                fields=["type", "-id"], name="audit_event_types", opclasses=["varchar_pattern_ops", "int8_ops"]
            ),
            models.Index(fields=["actor_id", "-id"], name="audit_event_actor"),
            models.Index(fields=["subject_id", "-id"], name="audit_event_subject"),
            models.Index(fields=["correlation_id"], name="audit_event_correlation"),
            models.Index(fields=["run_id"], condition=models.Q(run_id__isnull=False), name="audit_event_run"),
            models.Index(
                fields=["actor_client_id", "-id"], condition=~models.Q(actor_client_id=""), name="audit_event_client"
            ),
            models.Index(Upper("subject_label"), models.F("id").desc(), name="audit_event_subject_label"),
            models.Index(Upper("actor_label"), models.F("id").desc(), name="audit_event_actor_label"),
            # What is rare is found without reading the rest; what a machine does well all day stands in neither.
            models.Index(fields=["outcome", "-id"], condition=~models.Q(outcome="success"), name="audit_event_trouble"),
            models.Index(
                fields=["actor_kind", "-id"], condition=models.Q(actor_kind="person"), name="audit_event_people"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} · {self.subject_label or self.subject_id}"

    @property
    def seq(self) -> int | None:
        """The number in the chain; `None` until sealed."""
        seal = getattr(self, "seal", None)
        return seal.seq if seal else None

    @property
    def mac(self) -> str | None:
        seal = getattr(self, "seal", None)
        return seal.mac if seal else None

    @property
    def is_human(self) -> bool:
        return self.actor_kind in HUMAN_KINDS

    def as_record(self) -> dict[str, object]:
        """Every field that the tag and the chain cover, in plain JSON."""
        return plain_record({name: getattr(self, name) for name in RECORD_FIELDS})


class AuditSeal(models.Model):
    """The number and the mac of one event."""

    event = models.OneToOneField(AuditEvent, primary_key=True, on_delete=models.PROTECT, related_name="seal")
    seq = models.BigIntegerField(unique=True)
    mac = models.CharField(max_length=64)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["seq"]
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(seq__gte=1), name="audit_seal_seq_from_1")]

    def __str__(self) -> str:
        return f"{self.seq}"


class AuditCheckpoint(models.Model):
    """A signed statement of how far the chain had come; its copy leaves the database for a file."""

    id = models.BigAutoField(primary_key=True)
    seq = models.BigIntegerField(unique=True)
    mac = models.CharField(max_length=64)
    count = models.BigIntegerField()
    taken_at = models.DateTimeField()
    signature = models.CharField(max_length=64)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["seq"]

    def __str__(self) -> str:
        return f"checkpoint at {self.seq}"


class AuditEra(models.Model):
    """A change of key: records up to `until_seq`, whose mac was `mac`, stand under former keys, later ones under a new.

    That is `key_id`'s. `sealed_keys` holds the keys of every era before, sealed under it and bound to all the row says.
    """

    id = models.BigAutoField(primary_key=True)
    until_seq = models.BigIntegerField()
    mac = models.CharField(max_length=64)
    key_id = models.CharField(max_length=8)
    closed_at = models.DateTimeField()
    sealed_keys = models.TextField(editable=False)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"era up to {self.until_seq}"


class SealHead(models.Model):
    """The single row a sealer locks: the last link, and `swept_id`, below which nothing is looked for any more.

    `key_id` names the key that links: who has another leaves sealing to others. Empty: not told yet, see `eras`.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    seq = models.BigIntegerField(default=0)
    mac = models.CharField(max_length=64, default=chain.GENESIS)
    swept_id = models.BigIntegerField(default=0)
    key_id = models.CharField(max_length=8, blank=True, default="", db_default="")

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="audit_seal_head_single")]

    def __str__(self) -> str:
        return f"head at {self.seq}"

    @classmethod
    def present(cls) -> Self:
        """The head as it is, made on first use."""
        return cls._base_manager.get_or_create(id=1)[0]

    @classmethod
    def locked(cls) -> Self:
        """The head under a lock that lasts to the end of the transaction; waits for another sealer's."""
        cls.present()
        heads = cls._base_manager.filter(id=1)
        if not connection.features.has_select_for_update:
            heads.update(seq=models.F("seq"))  # SQLite locks nothing by reading, whatever mode the transaction is in
        return heads.select_for_update().get()


class AuditVerification(models.Model):
    """What the last walks over the chain found: shown on screens, and never itself a proof."""

    id = models.BigAutoField(primary_key=True)
    finished_at = models.DateTimeField()
    sealed = models.BigIntegerField()
    unsealed = models.BigIntegerField()
    is_intact = models.BooleanField()
    break_kind = models.CharField(max_length=40, blank=True)
    break_seq = models.BigIntegerField(null=True)
    message = models.TextField()

    class Meta:
        ordering: ClassVar = ["-id"]
        get_latest_by = "id"

    def __str__(self) -> str:
        return self.message


def plain_record(values: Mapping[str, Any]) -> dict[str, object]:
    """The covered fields of an event row as plain JSON: ids and times in their one written form."""
    record: dict[str, object] = {name: values[name] for name in RECORD_FIELDS}
    record["recorded_at"] = chain.moment(values["recorded_at"])
    for name in ("uuid", "tenant_id", "run_id"):
        record[name] = None if values[name] is None else str(values[name])
    return record
