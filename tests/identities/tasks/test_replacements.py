"""The queue's half of replacements: one round looks at all that go on."""

from datetime import timedelta

import pytest
from django.utils import timezone

from identities.people.models import User
from identities.service_users.models import Replacement
from identities.tasks import replacements as tasks
from tests.factories import people
from tests.factories.replacements import begun, moved_over

pytestmark = pytest.mark.django_db


def test_a_round_disables_whose_use_has_moved_over() -> None:
    agent = people.agent()
    made = begun(agent, quiet_hours=1)
    Replacement.objects.update(begun_at=timezone.now() - timedelta(hours=2))
    moved_over(made)
    tasks.follow_replacements()
    assert not User.objects.get(pk=agent.pk).is_active
    tasks.follow_replacements()
