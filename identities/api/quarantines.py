"""Stops over the API: pause and resume, quarantine and release, drills, and the runbook of each quarantine."""

from typing import ClassVar
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty, Reach
from identities.api.identities import RegisterView
from identities.api.quarantine_shapes import (
    AssignBody,
    DrillBody,
    NoteBody,
    PauseBody,
    QuarantineQuery,
    QuarantineShape,
    WholeQuarantineShape,
)
from identities.api.schema import describe
from identities.api.serializers import ListQuery, ReasonShape
from identities.api.shown_identity import IdentityShape
from identities.api.views import PortalView
from identities.errors import Conflict, Invalid
from identities.lifecycle import drills, freezing, pausing, quarantines, runbook_lines, selectors
from identities.lifecycle.models import Quarantine, QuarantineLine
from identities.people.models import User

NOT_YOURS = "An ANALYST works on the lines that are given to them"


class _StopView(RegisterView):
    """One stop of an identity, or the end of one."""

    tag = "quarantines"
    duties: ClassVar = {"POST": Duty.GOVERN}
    machine_permissions: ClassVar = {"POST": "identity.quarantine"}

    def quarantine(self, row: Quarantine) -> Response:
        whole = _whole(Quarantine.objects.all()).get(pk=row.pk)
        return self.show(whole, WholeQuarantineShape)


class PauseIdentityView(_StopView):
    """A planned stop."""

    @describe(
        "Pause an identity",
        answer=IdentityShape,
        body=PauseBody,
        examples={"For an hour": {"reason": "Who needs it?", "until": "2027-01-31T13:00:00Z"}},
        description="Planned and reversible: no token, no run, until it resumes by itself. Who came meanwhile is kept.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.identity()
        return self.answer(pausing.pause(identity, actor=self.actor, **self.read(PauseBody)))


class ResumeIdentityView(_StopView):
    """Its end."""

    @describe("Resume an identity", answer=IdentityShape, body=ReasonShape)
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.identity()
        return self.answer(pausing.resume(identity, actor=self.actor, **self.read(ReasonShape)))


class QuarantineIdentityView(_StopView):
    """An incident."""

    @describe(
        "Quarantine an identity",
        answer=IdentityShape,
        body=ReasonShape,
        examples={"An incident": {"reason": "Seen from an address nobody knows"}},
        description=(
            "One action: no token, no secret's use, no call, no run; tokens dead, schedules paused, evidence frozen, "
            "runbook written. A second call is a 409, `already_quarantined`."
        ),
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.identity()
        row = quarantines.quarantine(identity, actor=self.actor, **self.read(ReasonShape))
        return self.answer(row.identity)


class ReleaseIdentityView(_StopView):
    """The end of an incident."""

    machine_permissions: ClassVar = {}

    @describe(
        "Release an identity from quarantine",
        answer=IdentityShape,
        body=ReasonShape,
        examples={"It is over": {"reason": "The key was changed at the vendor"}},
        description=(
            "A person alone. Of high tier two: the first call is kept as the asking (the state stays `quarantined`, "
            "and its quarantine has `releaseAskedBy`), the call of another person within a day "
            "releases. Tokens stay dead."
        ),
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.identity()
        reason = self.read(ReasonShape)["reason"]
        row = selectors.standing(identity)
        if row is None:
            raise Conflict(f"Managed identity '{identity.name}' is not quarantined.", code="not_quarantined")
        quarantines.release_or_ask(row, reason=reason, actor=self.actor)
        return self.answer(self.identity())


class DrillIdentityView(_StopView):
    """A rehearsal."""

    machine_permissions: ClassVar = {}

    @describe(
        "Rehearse the quarantine of an identity",
        answer=WholeQuarantineShape,
        body=DrillBody,
        examples={"Ten minutes": {"minutes": 10, "reason": "The yearly drill"}},
        description="The very same stop; it is released by itself, and `revocationTestedAt` says that it was tried.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        identity = self.identity()
        return self.quarantine(drills.rehearse(identity, actor=self.actor, **self.read(DrillBody)))


class IdentityQuarantinesView(RegisterView):
    """Those of one identity."""

    tag = "quarantines"
    duties: ClassVar = {"GET": Duty.READ_REGISTER}
    machine_permissions: ClassVar = {"GET": "identity.read"}
    orderings: ClassVar = {"calledAt": "called_at"}
    ordering: ClassVar = "-calledAt"

    @describe("The quarantines and drills of an identity", answer=QuarantineShape, query=ListQuery, listing=True)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        query = self.read_query()
        rows = selectors.quarantines(None).filter(identity=self.identity())
        return self.listing(rows, QuarantineShape, query)


class _QuarantineView(PortalView):
    """What the routes of quarantines have in common."""

    tag = "quarantines"
    resource_kind = "quarantine"
    duties: ClassVar = {"GET": Duty.READ_REGISTER}
    machine_permissions: ClassVar = {"GET": "identity.read"}

    def row(self, id: UUID) -> Quarantine:  # noqa: A002
        return self.get_or_404(_whole(Quarantine.objects.all()), id)


class QuarantinesView(_QuarantineView):
    """Quarantines."""

    http_method_names = ["get", "head"]
    orderings: ClassVar = {"calledAt": "called_at"}
    ordering: ClassVar = "-calledAt"

    @describe("List quarantines", answer=QuarantineShape, query=QuarantineQuery, listing=True)
    def get(self, request: Request) -> Response:
        query = self.read_query(QuarantineQuery)
        rows = selectors.quarantines(self.listed_tenant_ids(query.get("tenant_id")))
        if query.get("phase"):
            rows = rows.filter(selectors.in_phase(query["phase"]))
        exact = {name: query[name] for name in ("cause", "identity_id") if query.get(name)}
        return self.listing(rows.filter(**exact), QuarantineShape, query)


class QuarantineView(_QuarantineView):
    """One quarantine."""

    @describe("Read a quarantine with its runbook", answer=WholeQuarantineShape)
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.row(id), WholeQuarantineShape)


class QuarantineEvidenceView(_QuarantineView):
    """Its evidence."""

    duties: ClassVar = {"GET": Duty.READ_AUDIT}
    machine_permissions: ClassVar = {"GET": "audit.read"}

    @describe(
        "Download the evidence of a quarantine",
        description="What was known at the call, frozen: the bytes that `evidenceDigest` is the SHA-256 of. No secret.",
        answer=None,
        file="The bundle.",
    )
    def get(self, request: Request, id: UUID) -> HttpResponse:  # noqa: A002
        row = self.get_or_404(Quarantine.objects.all(), id)
        if self.principal.reach(self.duty()) is Reach.OWN and not self.principal.is_machine:
            self.refuse("The evidence holds what others did as well")
        return evidence_file(row)


class LineDoneView(_QuarantineView):
    """A line that is done."""

    duties: ClassVar = {"POST": Duty.REPORT}
    machine_permissions: ClassVar = {}

    @describe(
        "Tick a line of the runbook",
        answer=WholeQuarantineShape,
        body=NoteBody,
        examples={"Done": {"note": "Ticket 4711, confirmed by mail"}},
        description="With the last required line the stop is complete. An ANALYST ticks what is given to them.",
    )
    def post(self, request: Request, id: UUID, line_id: UUID) -> Response:  # noqa: A002
        line = self._line(id, line_id)
        if not self._governs() and line.assignee_id != self.principal.user_id:
            self.refuse(NOT_YOURS)
        runbook_lines.done(line, actor=self.actor, **self.read(NoteBody))
        return self.show(self.row(id), WholeQuarantineShape)

    def _line(self, id: UUID, line_id: UUID) -> QuarantineLine:  # noqa: A002
        rows = QuarantineLine.objects.select_related("quarantine__identity").filter(quarantine_id=id)
        return self.get_or_404(rows, line_id, tenant_field="quarantine__tenant_id")

    def _governs(self) -> bool:
        return self.principal.reach(Duty.GOVERN) is not Reach.NONE


class LineAssignView(LineDoneView):
    """A line that somebody else is to do."""

    duties: ClassVar = {"POST": Duty.GOVERN}

    @describe("Give a line of the runbook to somebody", answer=WholeQuarantineShape, body=AssignBody)
    def post(self, request: Request, id: UUID, line_id: UUID) -> Response:  # noqa: A002
        line = self._line(id, line_id)
        wanted = self.read(AssignBody)["assignee_id"]
        person = User.objects.filter(pk=wanted, tenant_id=line.quarantine.tenant_id).first()
        if person is None:
            raise Invalid({"assignee_id": ["There is no such person."]})
        runbook_lines.assign(line, person=person, actor=self.actor)
        return self.show(self.row(id), WholeQuarantineShape)


def evidence_file(row: Quarantine) -> HttpResponse:
    """The frozen bundle as a file; its digest beside it."""
    answer = HttpResponse(freezing.document(row.evidence), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{freezing.name_of(row)}"'
    answer["X-Evidence-SHA256"] = row.evidence_digest
    answer["Cache-Control"] = "no-store"
    return answer


def _whole(rows: QuerySet[Quarantine]) -> QuerySet[Quarantine]:
    lines = QuarantineLine.objects.select_related("assignee")
    return rows.select_related("identity").defer("evidence").prefetch_related(Prefetch("lines", queryset=lines))


urlpatterns = [
    path("identities/<uuid:id>/pause", PauseIdentityView.as_view(), name="pause-identity"),
    path("identities/<uuid:id>/resume", ResumeIdentityView.as_view(), name="resume-identity"),
    path("identities/<uuid:id>/quarantine", QuarantineIdentityView.as_view(), name="quarantine-identity"),
    path("identities/<uuid:id>/release", ReleaseIdentityView.as_view(), name="release-identity"),
    path("identities/<uuid:id>/drill", DrillIdentityView.as_view(), name="drill-identity"),
    path("identities/<uuid:id>/quarantines", IdentityQuarantinesView.as_view(), name="identity-quarantines"),
    path("quarantines", QuarantinesView.as_view(), name="quarantines"),
    path("quarantines/<uuid:id>", QuarantineView.as_view(), name="quarantine"),
    path("quarantines/<uuid:id>/evidence", QuarantineEvidenceView.as_view(), name="quarantine-evidence"),
    path("quarantines/<uuid:id>/lines/<uuid:line_id>/done", LineDoneView.as_view(), name="quarantine-line-done"),
    path("quarantines/<uuid:id>/lines/<uuid:line_id>/assign", LineAssignView.as_view(), name="quarantine-line-assign"),
]
