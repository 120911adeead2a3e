"""Lines are ticked and given away, each with its record."""

import pytest

from audit.actors import Actor
from audit.models import AuditEvent
from identities.errors import Conflict, Invalid
from identities.lifecycle import runbook_lines
from identities.lifecycle.models import Quarantine
from identities.lifecycle.quarantines import quarantine
from identities.lifecycle.releases import release
from identities.people.actors import actor_of
from tests.factories import register, tokens as made

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")


@pytest.fixture
def row() -> Quarantine:
    identity = made.identity(issuance="external", revocation_procedure="Call them\nWait")
    return quarantine(identity, reason="incident", actor=SYSTEM)


def test_a_line_is_done_once(row: Quarantine) -> None:
    line = runbook_lines.done(row.lines.all()[0], actor=SYSTEM, note=" seen ")
    assert (line.note, line.done_by) == ("seen", "tests")
    with pytest.raises(Conflict) as refused:
        runbook_lines.done(line, actor=SYSTEM)
    assert refused.value.code == "line_done"
    assert AuditEvent.objects.get(type="quarantine.line_done").details["line"] == 1


def test_nothing_is_done_to_a_runbook_that_is_closed(row: Quarantine) -> None:
    who = register.person(row.tenant)
    release(row, reason="over", actor=actor_of(who))
    with pytest.raises(Conflict):
        runbook_lines.done(row.lines.all()[0], actor=SYSTEM)
    with pytest.raises(Conflict):
        runbook_lines.assign(row.lines.all()[0], person=who, actor=SYSTEM)


def test_a_line_is_given_to_somebody_of_the_tenant_who_can_do_it(row: Quarantine) -> None:
    line = row.lines.all()[0]
    stranger = register.person(register.tenant())
    gone = register.person(row.tenant, is_active=False)
    for nobody in (stranger, gone, register.person(row.tenant, is_agent=True)):
        with pytest.raises(Invalid):
            runbook_lines.assign(line, person=nobody, actor=SYSTEM)
    who = register.person(row.tenant)
    assert runbook_lines.assign(line, person=who, actor=SYSTEM).assignee == who
    assert AuditEvent.objects.get(type="quarantine.line_changed").changes["assignee"]["current"] == who.email


def test_what_a_command_elsewhere_did_is_ticked_here() -> None:
    bot = made.bot()
    row = quarantine(bot.identity, reason="incident", actor=SYSTEM)
    key = str(bot.identity.secrets.get().pk)
    done = runbook_lines.done_about(bot.identity.pk, "credential_id", key, actor=SYSTEM, note="Revoked.")
    assert (done, row.lines.get().note) == (1, "Revoked.")
    assert runbook_lines.done_about(bot.identity.pk, "credential_id", key, actor=SYSTEM, note="Again.") == 0
