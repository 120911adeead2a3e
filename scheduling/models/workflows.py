"""What can be run: a graph of nodes as data, and each version of it that ever was."""

from typing import Any

from django.db import models

from audit.actors import Subject

#: Who made what each tenant has from the start; no account is called so.
BUILT_IN = "built-in"


class Workflow(models.Model):
    """A named graph of nodes. `key` is its id outside (`wf-monthly-payroll`), unique in a tenant among the living.

    A change makes a new `version`; a run is bound to the version it was made from, never to what came later.
    """

    tenant = models.ForeignKey("identities.Tenant", on_delete=models.PROTECT, related_name="+")
    key = models.CharField("id", max_length=100)
    name = models.CharField(max_length=200)
    version = models.PositiveIntegerField(default=1)
    nodes = models.JSONField(default=list)
    input_schema = models.JSONField(null=True, blank=True)
    allowed_hosts = models.JSONField(default=list, blank=True)
    resource_policy = models.ForeignKey(
        "identities.ResourcePolicy", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=320, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "key"], condition=models.Q(deleted_at=None), name="workflow_key_unique"
            ),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="workflow_version_counts_from_one"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_built_in(self) -> bool:
        return self.created_by == BUILT_IN

    @property
    def subject(self) -> Subject:
        return Subject(kind="workflow", id=self.key, label=self.name, tenant_id=self.tenant_id)

    @property
    def definition(self) -> dict[str, Any]:
        """What a version freezes; the same members as the API writes, so that a snapshot can be read as it was sent."""
        return {
            "id": self.key,
            "name": self.name,
            "nodes": self.nodes,
            "inputSchema": self.input_schema,
            "allowedHosts": self.allowed_hosts,
            "resourcePolicy": self.resource_policy.text if self.resource_policy else None,
        }


class WorkflowVersion(models.Model):
    """One version of a workflow as it was saved; rows are only ever added."""

    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    definition = models.JSONField()
    created_by = models.CharField(max_length=320, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["workflow", "-version"]
        constraints = [models.UniqueConstraint(fields=["workflow", "version"], name="workflow_version_unique")]

    def __str__(self) -> str:
        return f"{self.workflow} v{self.version}"
