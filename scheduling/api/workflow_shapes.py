"""What the routes of workflows and of kinds of nodes take and answer."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from identities.api.serializers import Shape
from scheduling.api.shapes import REFERENCE
from scheduling.models import Workflow


class NodeShape(Shape):
    """One step of a workflow."""

    id = serializers.CharField(max_length=64)
    kind = serializers.CharField(max_length=50, help_text="One of /flowstudio/api/nodeKinds.")
    params = serializers.DictField(required=False, help_text="May hold {{input.path}} and {{steps.node.path}}.")
    after = serializers.ListField(child=serializers.CharField(), required=False, help_text="Ids of earlier nodes.")
    managed_identity_id = serializers.CharField(required=False, allow_null=True, help_text="If not the run's own.")
    secret_reference = serializers.DictField(required=False, allow_null=True, help_text=REFERENCE)


@extend_schema_field(NodeShape(many=True))
class NodesField(serializers.JSONField):
    """The graph as it was written; the workflow's own checks say what is wrong with which node."""


@extend_schema_field(serializers.ListField(child=serializers.CharField()))
class HostsField(serializers.JSONField):
    """`host` or `host:port`, each."""


class WorkflowWriteShape(Shape):
    """What of a workflow can be changed; each change makes a version."""

    name = serializers.CharField(max_length=200)
    nodes = NodesField()
    allowed_hosts = HostsField(required=False, help_text="Where the identity's token may go: host or host:port.")
    input_schema = serializers.DictField(required=False, allow_null=True, help_text="JSON schema of the input.")
    resource_policy = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, trim_whitespace=False, max_length=100_000, help_text="Cedar."
    )


class WorkflowCreateShape(WorkflowWriteShape):
    """A new workflow."""

    id = serializers.CharField(max_length=100, help_text="Such as wf-monthly-payroll; unique in the tenant.")
    tenant_id = serializers.UUIDField(required=False, help_text="Platform administrator only.")


class WorkflowShape(Shape):
    """A workflow."""

    id = serializers.CharField(source="key")
    tenant_id = serializers.UUIDField()
    name = serializers.CharField()
    version = serializers.IntegerField()
    nodes = NodesField()
    allowed_hosts = HostsField()
    input_schema = serializers.JSONField(allow_null=True)
    resource_policy = serializers.SerializerMethodField("show_resource_policy")
    is_built_in = serializers.BooleanField(help_text="Steward made it; every tenant has one.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    @extend_schema_field(serializers.CharField(allow_null=True))
    def show_resource_policy(self, row: Workflow) -> str | None:
        return row.resource_policy.text if row.resource_policy else None


class NodeKindShape(Shape):
    """A kind of node and what its params are."""

    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the member of that name, not the field's own
    params = serializers.JSONField(help_text="JSON schema.")


class NodeKindsShape(Shape):
    """Every kind of node there is."""

    results = NodeKindShape(many=True)
