"""Schedules as code: made, changed, paused and resumed, by the names of what they use."""

import pytest

from audit.actors import Actor
from identities.errors import Invalid
from identities.provisioning import services as provisioning
from identities.vaults import services as vaults
from scheduling.models import Schedule
from tests.factories import register, runs, tokens

pytestmark = pytest.mark.django_db

BOT = Actor.system("tests")
TEXT = """\
version: 1
schedules:
  - name: nightly
    workflow: wf-a
    cronExpression: "0  2 * * *"
    timezone: Europe/Oslo
    identity: Bot
    secretReference: {provider: local, vaultUri: "local://default", secretName: bot}
    inputData: {month: "{{schedule.triggerMonth}}"}
    enabled: false
"""


@pytest.fixture
def home():
    vaults.ensure_default()
    tenant = tokens.tenant()
    register.identity(tenant, name="bot")
    runs.workflow(of=tenant, key="wf-a")
    return tenant


def apply(text, home):
    return provisioning.apply(text, tenant=home, actor=BOT)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("identity: Bot", "identity: nobody", "There is no identity 'nobody'"),
        ("wf-a", "wf-b", "Workflow wf-b not found"),
        ("0  2 * * *", "61 2 * * *", "cron_expression"),
        ("Europe/Oslo", "Europe/Nowhere", "timezone"),
    ],
)
def test_what_a_schedule_cannot_be_is_said_with_its_line(home, old, new, says):
    with pytest.raises(Invalid, match=says) as refused:
        apply(TEXT.replace(old, new), home)
    assert refused.value.message.startswith("Line 3: schedules: nightly: ")
    assert not Schedule.objects.exists()


def test_a_schedule_is_made_paused_and_then_says_what_is(home):
    apply(TEXT, home)
    made = Schedule.objects.get(name="nightly")
    assert (made.is_enabled, made.cron_expression, made.timezone) == (False, "0 2 * * *", "Europe/Oslo")
    assert provisioning.plan(TEXT.replace("Bot", "bot"), tenant=home).actions == []


def test_it_is_resumed_and_changed_in_one_go(home):
    apply(TEXT, home)
    apply(TEXT.replace("enabled: false", "enabled: true").replace("0  2", "0 3"), home)
    made = Schedule.objects.get(name="nightly")
    assert (made.is_enabled, made.cron_expression) == (True, "0 3 * * *")


def test_an_identity_that_nobody_knows_is_kept_by_its_id(home):
    lost = runs.schedule(of=home, name="lost")
    text = provisioning.export(home, only=["schedules"])
    assert str(lost.managed_identity_id) in text
    assert provisioning.plan(text, tenant=home).actions == []
