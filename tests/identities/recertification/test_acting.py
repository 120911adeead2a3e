"""A consequence is kept on the item with what undoing needs; a refusal is kept as one."""

import pytest
from django.utils import timezone

from identities.access import services as access
from identities.errors import Conflict
from identities.recertification import acting, silence
from identities.recertification.models import RemediationState
from tests.factories import register
from tests.identities.recertification import questions

pytestmark = pytest.mark.django_db


def test_what_is_refused_has_failed_and_says_why(monkeypatch: pytest.MonkeyPatch):
    bot = register.identity(register.tenant(), risk_tier="medium")
    until = timezone.now().replace(year=timezone.now().year + 1, day=1)
    granted = access.grant(
        bot, register.role(bot.tenant, "run.read"), valid_until=until, reason="x", actor=register.SYSTEM
    )
    item = questions.item(questions.campaign(bot.tenant), bot, preselected=[str(granted.pk)])

    def refuse(*_: object, **__: object) -> None:
        raise Conflict("Somebody holds it.", code="held")

    monkeypatch.setattr(acting.remediation, "reduce", refuse)
    assert silence.sweep(timezone.now()) == 1
    item.refresh_from_db()
    assert item.remediation_state == RemediationState.FAILED
    assert "Somebody holds it." in item.remediation["text"]
    assert item.undo_until is None
