"""What is not audited does not happen, of imports, merges, findings, questionnaires, bulk changes and code alike."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.access.principal import Principal
from identities.credentials import services as credentials
from identities.detections import leaks, services as detections
from identities.detections.models import Finding, FindingState, LeakDoor
from identities.discovery import merging, questionnaires, services as discovery
from identities.discovery.models import ImportRun, Merge, Questionnaire
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import bulk
from identities.programme import services as programme
from identities.programme.models import SavedFilter
from identities.provisioning import services as provisioning
from tests.factories import imports, people, register
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
CODE = """
version: 1
teams:
  - name: As code
identities:
  - name: written bot
    environment: sandbox
    purpose: tests
"""


class World:
    """A tenant with somebody in it; each command finds its things anew."""

    def __init__(self) -> None:
        self.tenant = register.tenant()
        self.admin = people.person(of=self.tenant)
        register.identity(self.tenant, name="bulk bot", environment="sandbox", purpose="tests")
        leaky = register.identity(self.tenant, name="leaky bot", risk_tier="high", purpose="tests")
        self.leaked = credentials.issue(leaky, actor=SYSTEM).text

    @property
    def run(self) -> ImportRun:
        return ImportRun.objects.order_by("-created_at")[0]

    @property
    def finding(self) -> Finding:
        return Finding.objects.filter(state__in=[FindingState.OPEN, FindingState.ACCEPTED]).order_by("pk")[0]

    @property
    def questionnaire(self) -> Questionnaire:
        return Questionnaire.objects.get(title="mainframe")

    def identity(self, name: str) -> ManagedIdentity:
        return ManagedIdentity.objects.get(name=name)

    def read(self, *keys: str) -> None:
        said = [imports.record(key, name=f"bot {key}") for key in keys]
        run = imports.read(self.tenant, *said)
        assert run.state != "failed", run.error

    def apply(self) -> None:
        done = discovery.apply(self.run)
        assert done.state == "applied", done.error

    def judge(self) -> None:
        ids = list(ManagedIdentity.objects.values_list("pk", flat=True))
        ManagedIdentity.objects.update(technical_owner=None, technical_owner_label="")
        detections.evaluate(ids, at=timezone.now())

    def report_leak(self) -> None:
        assert leaks.report(self.leaked, source="a log", door=LeakDoor.API, actor=SYSTEM, visible=None)

    def in_bulk(self, deed: bulk.Deed) -> None:
        rows = [self.identity("bulk bot").pk]
        done = list(bulk.carry_out(deed, rows, reason="tests", actor=SYSTEM, tenant_ids={self.tenant.pk}))
        assert all(outcome.is_done for outcome in done), done


Command = Callable[[World], Any]
COMMANDS: dict[str, Command] = {
    "read an import": lambda w: w.read("a", "b"),
    "begin to apply it": lambda w: discovery.begin(w.run, actor=SYSTEM),
    "apply it": World.apply,
    "read the same again, with less": lambda w: w.read("a"),
    "begin that": lambda w: discovery.begin(w.run, actor=SYSTEM),
    "apply that, with what vanished": World.apply,
    "read what is thrown away": lambda w: w.read("a", "c"),
    "discard it": lambda w: discovery.discard(w.run, actor=SYSTEM),
    "merge two rows": lambda w: merging.merge(
        kept=w.identity("bot a"), absorbed=w.identity("bot b"), reason="the same", actor=SYSTEM
    ),
    "part them": lambda w: merging.part(Merge.objects.get(), reason="after all not", actor=SYSTEM),
    "open findings": World.judge,
    "accept one": lambda w: detections.accept(
        w.finding, until=timezone.now().date() + timedelta(days=5), reason="tests", actor=SYSTEM
    ),
    "comment on it": lambda w: detections.comment(w.finding, text="seen", actor=SYSTEM),
    "assign it": lambda w: detections.assign(w.finding, owner_id=w.admin.pk, actor=SYSTEM),
    "give it back": lambda w: detections.assign(w.finding, owner_id=None, actor=SYSTEM),
    "reopen it": lambda w: detections.reopen(
        Finding.objects.filter(state=FindingState.ACCEPTED)[0], reason="again", actor=SYSTEM
    ),
    "change the policy": lambda w: inventory.change_standards(
        tenant_id=w.tenant.pk, rules={"dormant_after_days": 30}, actor=SYSTEM, reason="tests"
    ),
    "save a filter": lambda w: programme.save_filter(
        tenant_id=w.tenant.pk, owner=w.admin, page="x", name="mine", query="a=b", is_shared=True, actor=SYSTEM
    ),
    "remove it": lambda w: programme.remove_filter(SavedFilter.objects.get(), actor=Principal.person(w.admin).actor),
    "open a questionnaire": lambda w: questionnaires.begin(
        tenant=w.tenant, title="mainframe", expires_at=timezone.now() + timedelta(days=3), actor=SYSTEM
    ),
    "answer it": lambda w: questionnaires.answer(
        w.questionnaire, facts={"name": "told bot", "purpose": "nightly"}, stored_at="vault, path told/bot"
    ),
    "close it": lambda w: questionnaires.close(w.questionnaire, reason="done", actor=SYSTEM),
    "report a leak": World.report_leak,
    "set a review date in bulk": lambda w: w.in_bulk(bulk.SetReviewDate(timezone.now().date() + timedelta(days=40))),
    "tag in bulk": lambda w: w.in_bulk(bulk.ChangeTags({"wave": "1"})),
    "disable in bulk": lambda w: w.in_bulk(bulk.Disable()),
    "retire in bulk": lambda w: w.in_bulk(bulk.Retire()),
    "apply code": lambda w: provisioning.apply(CODE, tenant=w.tenant, actor=SYSTEM, allow_privilege=True),
}


def test_nothing_of_the_register_happens_that_the_audit_does_not_take() -> None:
    left_behind, without_record = [], []
    with imports.fake_kinds():
        world = World()
        for name, command in COMMANDS.items():
            before = state()
            with no_room_in_the_audit(), contextlib.suppress(Exception):
                command(world)
            if differing := [table for table, rows in state().items() if rows != before[table]]:
                left_behind.append((name, differing))
            records = AuditEvent.objects.count()
            command(world)
            if state() == before or AuditEvent.objects.count() == records:
                without_record.append(name)
    assert not left_behind
    assert not without_record


def test_an_export_leaves_only_with_its_record() -> None:
    tenant = people.tenant()
    with no_room_in_the_audit(), pytest.raises(Exception, match="read-only"):
        programme.note_export(
            tenant_id=tenant.pk, page="x", name="x", query="", rows=1, file_format="csv", actor=SYSTEM
        )
