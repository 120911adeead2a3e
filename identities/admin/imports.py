"""Imports: upload exports of other systems, read what they would change, apply it or throw it away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse

from identities.access.matrix import Duty
from identities.admin.base import CommandAdmin
from identities.admin.columns import column
from identities.admin.commands import Call, Command, Done, Preview
from identities.admin.filters import by_choice
from identities.admin.forms import CommandForm
from identities.admin.history import timeline_tab
from identities.admin.import_columns import columns_of
from identities.admin.import_forms import ImportForm
from identities.admin.import_tabs import Rows, page_number, spoken
from identities.admin.pages import Page, Tab, address_of, list_of
from identities.admin.parts import Badge, Block, Empty, Fact, Facts, Lines, Link, Moment, Notice, Progress, Quiet
from identities.admin.scope import Scope
from identities.admin.site import site
from identities.admin.wording import words
from identities.discovery import services as discovery, uploads
from identities.discovery.importers.base import kinds
from identities.discovery.models import ImportRow, ImportRun, ImportState
from identities.inventory.models import ManagedIdentity
from identities.tasks import register as tasks

PROGRESS = "admin:identities_importrun_progress"
TONES = {"reading": "info", "previewed": "accent", "applying": "info", "applied": "good", "failed": "bad"}
SAID = {"vanished": "no longer reported", "dropped": "left out", "conflict": "in conflict"}
WORDS = {"reading": "being read", "previewed": "waits for you", "applying": "being applied"}


def _read(call: Call) -> Done:
    with uploads.on_disk(call.values["files"]) as files:
        run = discovery.read(
            tenant_id=call.tenant.pk,
            kind=call.values["kind"],
            files=files,
            source=call.values["source"],
            mapping=_mapping(call.request),
            actor=call.actor,
        )
    if run.state == ImportState.FAILED:
        return Done("Nothing was imported.", obj=run, tone="error")
    return Done("This is what the import would do. Nothing has changed yet.", obj=run, tone="info")


def _mapping(request: HttpRequest) -> dict[str, str]:
    pairs = zip(request.POST.getlist("column"), request.POST.getlist("member"), strict=False)
    return {column: member for column, member in pairs if column}


def _apply(call: Call) -> Done:
    run = tasks.carry_out(call.obj, actor=call.actor)
    if run.state == ImportState.FAILED:
        return Done(run.error, obj=run, tone="error")
    done = run.state == ImportState.APPLIED
    return Done(
        "The register now says what these files say." if done else "It is being applied.",
        obj=run,
        tone="success" if done else "info",
    )


def _discard(call: Call) -> Done:
    discovery.discard(call.obj, actor=call.actor)
    return Done("The import is discarded. Nothing was changed.", href=list_of(ImportRun))


def _take(call: Call) -> Done:
    discovery.take_theirs(call.item.row, member=call.item.member, actor=call.actor)
    return Done("Taken from the source.", href=f"{address_of(ImportRun, call.obj.pk)}?tab=conflict")


@dataclass(frozen=True)
class Difference:
    """A member of a row on which a person and a source differ."""

    row: ImportRow
    member: str

    def __str__(self) -> str:
        two = self.row.changes["kept"][self.member]
        theirs, mine = spoken(self.member, two["theirs"]), spoken(self.member, two["mine"])
        return f"{words(self.member)} of {self.row.label}: {theirs} instead of {mine}"


def _difference(run: ImportRun, item: str) -> Difference | None:
    number, _, member = item.partition(":")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        return None
    row = run.rows.select_related("identity").filter(pk=int(number)).first()
    return Difference(row, member) if row is not None and member in row.changes.get("kept", {}) else None


def _can_apply(run: ImportRun) -> bool:
    return run.state == ImportState.PREVIEWED or (run.state == ImportState.FAILED and run.rows.exists())


def _can_discard(run: ImportRun) -> bool:
    return run.state == ImportState.PREVIEWED


@admin.register(ImportRun, site=site)
class ImportAdmin(CommandAdmin):
    """The imports of a tenant."""

    called: ClassVar[str] = "Imports"
    read_duty: ClassVar[Duty] = Duty.GOVERN
    list_display = ("what", "state_shown", "result", "by", "at")
    list_filter = (by_choice("state", "State", [(state.value, state.label) for state in ImportState]),)
    search_fields = ("kind", "source", "started_by_label")
    search_help_text = "Kind, source or who began it"
    ordering = ("-created_at", "pk")
    empty_list = Empty(
        "Nothing imported yet",
        "Upload what AWS, Kubernetes, Entra, GitHub and others export. You see what would change before anything does.",
        icon="upload_file",
    )
    creation: ClassVar[Command] = Command(
        key="add",
        label="New import",
        run=_read,
        form=ImportForm,
        submit="Read and show what would change",
        intro="Every file is read whole before anything changes. Secret values in them are neither kept nor shown.",
        preview=Preview("Show its columns", ("kind", "files"), columns_of),
    )
    buttons: ClassVar[Sequence[Command]] = (
        Command(
            key="apply",
            label="Apply",
            icon="done_all",
            primary=True,
            run=_apply,
            form=CommandForm,
            applies=_can_apply,
            title="Apply import",
            confirm="New rows are entered, changed ones written. What a person set stays; nothing is deleted.",
        ),
        Command(
            key="discard",
            label="Discard",
            icon="delete",
            danger=True,
            run=_discard,
            form=CommandForm,
            applies=_can_discard,
            title="Discard import",
            confirm="What was read is thrown away. The register stays as it is.",
        ),
        Command(
            key="take-theirs",
            label="Take theirs",
            run=_take,
            form=CommandForm,
            item=_difference,
            listed=False,
            intro=lambda difference: f"Set {difference}.",
        ),
    )

    @column("Import")
    def what(self, run: ImportRun) -> object:
        return Lines([_label(run.kind), Quiet(", ".join(run.files)[:80])])

    @column("State", order="state")
    def state_shown(self, run: ImportRun) -> object:
        return Badge(WORDS.get(run.state, run.state), TONES.get(run.state, "quiet"), run.error)

    @column("Result")
    def result(self, run: ImportRun) -> object:
        if run.state == ImportState.FAILED and not run.counts:
            return Quiet(run.error[:100])
        named = ("new", "changed", "conflict", "vanished", "dropped")
        said = [f"{run.counts[name]:,} {SAID.get(name, name)}" for name in named if run.counts.get(name)]
        return ", ".join(said) or "nothing new"

    @column("By", order="started_by_label")
    def by(self, run: ImportRun) -> object:
        return run.started_by_label

    @column("When", order="created_at")
    def at(self, run: ImportRun) -> object:
        return Moment(run.created_at)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.progress_view)
        return [path("<path:object_id>/progress/", view, name="identities_importrun_progress"), *super().get_urls()]

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """How far it is, for the page that waits for it."""
        if not self.has_view_permission(request):
            return JsonResponse({}, status=403)
        run = self.one(request, object_id)
        return JsonResponse({"state": run.state, "read": run.rows_read, "applied": run.rows_applied})

    def page(self, request: HttpRequest, obj: ImportRun, scope: Scope) -> Page:
        badge = Badge(WORDS.get(obj.state, obj.state), TONES.get(obj.state, "quiet"))
        facts = Tab("about", "About", lambda: [_about(obj)])
        rows = Rows(obj, page_number(request), may=self.may(scope, obj, "take-theirs"))
        shows = obj.state in {ImportState.PREVIEWED, ImportState.APPLIED}
        tabs = [*(rows.tabs() if shows else ()), facts, *timeline_tab(scope, obj)]
        return Page(_label(obj.kind), tabs, [badge], lead=", ".join(obj.files), notices=list(_notices(obj)))


def _notices(run: ImportRun) -> Sequence[Block]:
    heading = "Before you apply" if run.state == ImportState.PREVIEWED else "What the files held"
    warned: list[Block] = [Notice(heading, text, "warn", "warning") for text in run.warnings]
    if run.state == ImportState.FAILED:
        title = "It stopped." if run.rows_applied else "The import came to nothing."
        return [Notice(title, run.error, "bad", "error")]
    if run.state in {ImportState.READING, ImportState.APPLYING}:
        title = "The files are being read" if run.state == ImportState.READING else "The import is being applied"
        return [Progress(title, reverse(PROGRESS, args=[run.pk]), run.rows_applied, run.rows_read)]
    if run.state == ImportState.APPLIED:
        there = Link("See them in the register", list_of(ManagedIdentity, source=_sources(run)))
        text = "Red and amber rows explain themselves there."
        return [Notice("Applied.", text, "good", "check_circle", there), *warned]
    return warned


def _sources(run: ImportRun) -> str:
    """The one source of the run, or its platform where it has several."""
    names = list(run.rows.exclude(source="").order_by().values_list("source", flat=True).distinct()[:2])
    if len(names) == 1:
        return names[0]
    return f"{kinds[run.kind].platform}/" if run.kind in kinds else ""


def _about(run: ImportRun) -> Facts:
    return Facts(
        "This import",
        [
            Fact("Kind", _label(run.kind)),
            Fact("Files", Lines(list(run.files))),
            Fact("Source named", run.source or Quiet("by the files")),
            Fact("Read", f"{run.rows_read:,} records"),
            Fact("Applied", f"{run.rows_applied:,} rows"),
            Fact("Begun", Lines([Moment(run.created_at), Quiet(f"by {run.started_by_label}")])),
            Fact("Applied at", Moment(run.applied_at)),
        ],
        "The files themselves are not kept.",
    )


def _label(kind: str) -> str:
    return kinds[kind].label if kind in kinds else kind
