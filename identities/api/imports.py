"""Routes of imports: send exports of other systems, see what they change, apply or discard."""

import json
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.urls import path
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.problems import TooLarge
from identities.api.schema import describe
from identities.api.serializers import ListQuery, Query, Shape
from identities.api.views import PortalView
from identities.discovery import selectors, services as discovery, uploads
from identities.discovery.models import ImportRow, ImportRun, ImportState, RowAction
from identities.errors import Invalid
from identities.tasks import register as tasks

PERMISSION = "register.import"
SLACK = 1024 * 1024


class ImportCounts(Shape):
    """How many rows do what."""

    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    conflict = serializers.IntegerField(help_text="A person's value stands against the source's, and stays.")
    dropped = serializers.IntegerField(help_text="No machine's identity, or not to be told from others.")
    vanished = serializers.IntegerField(help_text="Reported before by these sources, and not in these files.")


class ImportShape(Shape):
    """One import of one or more files of a kind."""

    id = serializers.UUIDField()
    tenant_id = serializers.UUIDField()
    kind = serializers.CharField()
    source = serializers.CharField(help_text="As it was named; empty where the files name it.")  # type: ignore[assignment]  # a member
    files = serializers.ListField(child=serializers.CharField())
    state = serializers.ChoiceField(ImportState.choices)
    error = serializers.CharField(help_text="One line, where it failed.")
    rows_read = serializers.IntegerField()
    rows_applied = serializers.IntegerField()
    counts = serializers.SerializerMethodField(help_text="Null until the files are read.")
    warnings = serializers.ListField(child=serializers.CharField())
    started_by = serializers.CharField(source="started_by_label")
    created_at = serializers.DateTimeField()
    applied_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(ImportCounts(allow_null=True))
    def get_counts(self, run: ImportRun) -> dict[str, int] | None:
        return {name: run.counts.get(name, 0) for name in selectors.COUNTED} if run.counts else None


class ImportRowShape(Shape):
    """One record of the files, and what it does."""

    id = serializers.IntegerField()
    place = serializers.CharField(help_text="Where it stands in its file.")
    source = serializers.CharField()  # type: ignore[assignment]  # a member
    record_type = serializers.CharField()
    key = serializers.CharField(help_text="What it is known by within source and type.")
    label = serializers.CharField()  # type: ignore[assignment]  # a member
    action = serializers.ChoiceField(RowAction.choices)
    changes = serializers.JSONField(
        help_text="`changes`: {member: {previous, current}}; `kept`: {member: {mine, theirs}}."
    )
    message = serializers.CharField()
    identity_id = serializers.UUIDField(allow_null=True)
    applied_at = serializers.DateTimeField(allow_null=True)


class NewImport(Query):
    """Files and what they are, as a form (multipart/form-data)."""

    kind = serializers.CharField(max_length=32, help_text="aws-credential-report, aws-iam, kubernetes, gcp, entra, …")
    file = serializers.ListField(child=serializers.FileField(), required=False, help_text="One or more; also `files`.")
    files = serializers.ListField(child=serializers.FileField(), required=False, help_text="As `file`.")
    source = serializers.CharField(  # type: ignore[assignment]  # a member
        max_length=160, required=False, allow_blank=True, default="", help_text="Where the files do not name it."
    )
    mapping = serializers.CharField(required=False, help_text="{column: member} as JSON, for CSV and XLSX.")
    dry_run = serializers.BooleanField(default=False, help_text="Only read: apply or discard it later.")
    tenant_id = serializers.UUIDField(required=False, help_text="Another tenant: platform administrator only.")

    def validate_mapping(self, text: str) -> dict[str, str]:
        try:
            mapping = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise serializers.ValidationError("Not JSON.") from error
        if not isinstance(mapping, dict) or not all(isinstance(value, str) for value in mapping.values()):
            raise serializers.ValidationError("An object of texts.")
        return mapping


class RowsQuery(ListQuery):
    """Rows of one action, where it is named."""

    action = serializers.ChoiceField(RowAction.choices, required=False)


class ImportsView(PortalView):
    """The imports."""

    tag = "imports"
    resource_kind = "import"
    duties: ClassVar = {"GET": Duty.GOVERN, "POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"GET": PERMISSION, "POST": PERMISSION}
    parser_classes = (MultiPartParser,)  # type: ignore[assignment]  # a form, where all other routes take JSON

    @describe("List imports", answer=ImportShape, query=ListQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query()
        return self.listing(selectors.runs(self.listed_tenant_ids(query.get("tenant_id"))), ImportShape, query)

    @describe(
        "Import exports of another system",
        answer=ImportShape,
        body=NewImport,
        status=201,
        description=(
            "The files are read whole, then applied: at once up to a thousand rows, beyond that in the background "
            "(`state` is then `applying`). With `dryRun` nothing is applied until `…/apply`."
        ),
    )
    def post(self, request: Request) -> Response:
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.STEWARD_IMPORT_MAX_MB * uploads.MIB + SLACK:
            raise TooLarge(f"At most {settings.STEWARD_IMPORT_MAX_MB} MiB of files at once.")
        body = self.read(NewImport)
        tenant = self.tenant_for(body.get("tenant_id"))
        with uploads.on_disk([*body.get("file", ()), *body.get("files", ())]) as files:
            run = discovery.read(
                tenant_id=tenant.pk,
                kind=body["kind"],
                files=files,
                source=body["source"],
                mapping=body.get("mapping"),
                actor=self.actor,
            )
        if run.state == ImportState.FAILED:
            raise Invalid({"file": [run.error]}, code="unreadable")
        done = run if body["dry_run"] else tasks.carry_out(run, actor=self.actor)
        return self.show(done, ImportShape, status=201)


class ImportView(PortalView):
    """One import."""

    tag = "imports"
    resource_kind = "import"
    duties: ClassVar = {"GET": Duty.GOVERN}
    machine_permissions: ClassVar = {"GET": PERMISSION}

    def run(self) -> ImportRun:
        """The row that the address names."""
        return self.get_or_404(ImportRun.objects.all(), self.kwargs["id"])


class ReadImportView(ImportView):
    """One import."""

    @describe("Read an import", answer=ImportShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.run(), ImportShape)


class ImportRowsView(ImportView):
    """What its files say, record by record."""

    orderings: ClassVar = {"id": "id"}
    ordering = "id"

    @describe("List the rows of an import", answer=ImportRowShape, query=RowsQuery, listing=True)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        run, query = self.run(), self.read_query(RowsQuery)
        rows = ImportRow.objects.filter(run=run)
        return self.listing(rows.filter(action=query["action"]) if "action" in query else rows, ImportRowShape, query)


class ApplyImportView(ImportView):
    """Let it be applied."""

    duties: ClassVar = {"POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"POST": PERMISSION}

    @describe("Apply an import that was only read, or go on with one that stopped", answer=ImportShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(tasks.carry_out(self.run(), actor=self.actor), ImportShape)


class DiscardImportView(ImportView):
    """Throw it away."""

    duties: ClassVar = {"POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"POST": PERMISSION}

    @describe("Discard an import that was only read", answer=ImportShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(discovery.discard(self.run(), actor=self.actor), ImportShape)


urlpatterns = [
    path("imports", ImportsView.as_view(), name="imports"),
    path("imports/<uuid:id>", ReadImportView.as_view(), name="import"),
    path("imports/<uuid:id>/rows", ImportRowsView.as_view(), name="import-rows"),
    path("imports/<uuid:id>/apply", ApplyImportView.as_view(), name="import-apply"),
    path("imports/<uuid:id>/discard", DiscardImportView.as_view(), name="import-discard"),
]
