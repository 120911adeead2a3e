"""What break-glass used is replaced in its vault, once, also after a worker that was lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from identities.credentials.models import Rotation
from identities.elevations import aftermath, break_glass, replacing
from identities.elevations.models import BreakGlassGrant
from identities.lifecycle.secrets import issue_secret
from identities.vaults import services as vaults
from identities.vaults.references import SecretReference
from tests.identities.elevations.conftest import Cast

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("tests")


@pytest.fixture
def over(cast: Cast) -> BreakGlassGrant:
    used = break_glass.use(cast.armed(), reason="The ledger stands", actor=cast.actor("asker"))
    return aftermath.end_use(used, reason="It goes again", actor=SYSTEM)


def into_a_vault(cast: Cast) -> None:
    cast.bot.secrets.all().delete()
    vaults.ensure_default()
    issue_secret(cast.bot, actor=SYSTEM, store_at=SecretReference("local", "local://default", "ledger"))


def test_a_secret_in_a_vault_is_rotated_there_once(cast: Cast, over: BreakGlassGrant) -> None:
    into_a_vault(cast)
    assert replacing.replace_due(timezone.now()) == 1
    assert replacing.replace_due(timezone.now()) == 0
    over.refresh_from_db()
    rotation = Rotation.objects.get(identity=cast.bot)
    assert over.rotation["state"] == "rotated"
    assert over.rotation["rotation_id"] == str(rotation.pk)
    assert rotation.reason == replacing.REASON


def test_what_a_lost_worker_began_is_taken_for_done(cast: Cast, over: BreakGlassGrant) -> None:
    into_a_vault(cast)
    replacing.replace_due(timezone.now())
    lost = {"state": "under_way", "text": "", "since": timezone.now().isoformat()}
    BreakGlassGrant.objects.filter(pk=over.pk).update(rotation=lost)
    assert replacing.replace_due(timezone.now()) == 0
    assert replacing.replace_due(timezone.now() + replacing.HOLD + timedelta(seconds=1)) == 1
    over.refresh_from_db()
    assert over.rotation["state"] == "rotated"
    assert Rotation.objects.count() == 1


def test_where_nothing_opens_the_door_there_is_nothing_to_replace(cast: Cast, over: BreakGlassGrant) -> None:
    cast.bot.secrets.all().delete()
    replacing.replace_due(timezone.now())
    over.refresh_from_db()
    assert over.rotation["state"] == "nothing"
    assert aftermath.review(over, text="Looked", actor=cast.actor("security")).state == "closed"


def test_what_is_issued_elsewhere_waits_for_a_hand(cast: Cast, over: BreakGlassGrant) -> None:
    type(cast.bot).objects.filter(pk=cast.bot.pk).update(issuance="external")
    replacing.replace_due(timezone.now())
    over.refresh_from_db()
    assert over.rotation["state"] == "by_hand"
