"""Importing the demo's exports as everybody imports: read, previewed, applied; and what follows from them by hand."""

import tempfile
from datetime import datetime
from pathlib import Path

from audit.actors import Actor
from identities.discovery import merging, questionnaires, services as imports
from identities.discovery.models import ImportRun, ImportState, Merge, Questionnaire
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.lifecycle import services as lifecycle
from identities.people.models import Tenant
from scheduling.demo import exports
from scheduling.demo.shapes import DAY, Edit, Export, resolved

#: Waiting for the one who reads the preview; or at its end, whichever that is.
LEFT_ALONE = (ImportState.APPLIED, ImportState.FAILED, ImportState.DISCARDED)


def load(tenant: Tenant, at: datetime, actor: Actor) -> None:
    """Everything of `exports`, in the order of its days; what is there already is left alone."""
    steps: list[tuple[int, Export | Edit]] = [(one.days_ago, one) for one in (*exports.EXPORTS, *exports.EDITS)]
    for _, step in sorted(steps, key=lambda found: -found[0]):
        if isinstance(step, Export):
            _import(step, tenant, at, actor)
        else:
            _edit(step, tenant, at, actor)
    _merge(tenant, actor)
    _retire(tenant, actor)
    _ask(tenant, at, actor)


def run_of(export: Export, tenant: Tenant) -> ImportRun | None:
    """The run that took this export; None before."""
    runs = ImportRun.objects.filter(tenant=tenant, kind=export.kind, source=export.source)
    return next((run for run in runs if run.files == list(export.files)), None)


def _import(export: Export, tenant: Tenant, at: datetime, actor: Actor) -> None:
    run = run_of(export, tenant)
    if run is not None and run.state == ImportState.READING:
        # A start that was killed while it read: what it staged is worth nothing.
        imports.fail(run, imports.INTERRUPTED, actor=actor)
        run = None
    if run is None:
        run = _read(export, tenant, at, actor)
    if not export.is_applied or run.state in LEFT_ALONE:
        return
    if run.state == ImportState.PREVIEWED:
        run = imports.begin(run, actor=actor)
    imports.apply(run)


def _read(export: Export, tenant: Tenant, at: datetime, actor: Actor) -> ImportRun:
    made = at - export.days_ago * DAY
    with tempfile.TemporaryDirectory(prefix="steward-demo-") as folder:
        files = []
        for name, text in export.files.items():
            path = Path(folder) / name
            path.write_text(text(made), encoding="utf-8")
            files.append((name, path))
        return imports.read(tenant_id=tenant.pk, kind=export.kind, files=files, actor=actor, source=export.source)


def _edit(edit: Edit, tenant: Tenant, at: datetime, actor: Actor) -> None:
    row = named(edit.name, tenant)
    facts = resolved(edit.facts, at)
    if row.provenance.get(next(iter(edit.facts)), {}).get("origin") != "edited":
        inventory.change(row, facts=facts, actor=actor, reason=edit.reason)


def _merge(tenant: Tenant, actor: Actor) -> None:
    kept, absorbed, reason, _ = exports.MERGE
    if not Merge.objects.filter(tenant=tenant).exists():
        merging.merge(kept=named(kept, tenant), absorbed=named(absorbed, tenant), reason=reason, actor=actor)


def _retire(tenant: Tenant, actor: Actor) -> None:
    name, reason = exports.RETIRED
    row = named(name, tenant)
    if row.state != State.RETIRED:
        lifecycle.retire(row, reason=reason, actor=actor)


def _ask(tenant: Tenant, at: datetime, actor: Actor) -> None:
    title, addressee, facts = exports.QUESTIONNAIRE
    found = Questionnaire.objects.filter(tenant=tenant, title=title).first()
    if found is None:
        until = at + exports.QUESTION_OPEN_FOR
        opened = questionnaires.begin(tenant=tenant, title=title, expires_at=until, actor=actor, addressee=addressee)
        found = opened.questionnaire
    if not found.answers:
        questionnaires.answer(found, facts=facts)


def named(name: str, tenant: Tenant) -> ManagedIdentity:
    """The row of this name, the oldest where several had it."""
    return ManagedIdentity.objects.filter(tenant=tenant, name=name).order_by("created_at")[:1].get()
