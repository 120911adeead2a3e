"""What is not audited does not happen, of the write-back alike: nothing counts as delivered, and both secrets work."""

import contextlib
from unittest.mock import patch

import pytest

from identities.credentials.models import DeliveryStep, RotationState
from identities.lifecycle import rotations
from identities.vaults import services as vaults
from identities.vaults.failures import VaultSealed
from identities.vaults.local import LocalVault
from tests.factories import passport, register
from tests.factories.vaulted import later, vaulted
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = register.SYSTEM


def test_no_delivery_counts_that_the_audit_does_not_take() -> None:
    with passport.fresh():
        vaults.ensure_default()
        bot = vaulted(register.tenant())
        before = state()
        with no_room_in_the_audit(), pytest.raises(Exception):  # noqa: B017 - each database has its own
            rotations.rotate(bot.identity, reason="Due", actor=SYSTEM)
        assert state() == before
        with patch.object(LocalVault, "newest", side_effect=VaultSealed("sealed")):
            rotations.rotate(bot.identity, reason="Due", actor=SYSTEM)
        before = state()
        with no_room_in_the_audit(), pytest.raises(Exception):  # noqa: B017
            rotations.resume(bot.rotation, actor=SYSTEM)
        assert state() == before
        with no_room_in_the_audit(), contextlib.suppress(Exception):
            rotations.deliver_due(later())
        assert bot.rotation.delivery_step != DeliveryStep.DONE
        assert bot.rotation.state == RotationState.ISSUED
        assert bot.live == 2
        rotations.deliver_due(later(later()))
        assert bot.rotation.delivery_step == DeliveryStep.DONE
        assert bot.works
        with no_room_in_the_audit(), pytest.raises(Exception):  # noqa: B017
            rotations.roll_back(bot.rotation, reason="Back", actor=SYSTEM)
        assert bot.live == 2
        assert bot.works
        rotations.roll_back(bot.rotation, reason="Back", actor=SYSTEM)
        assert bot.live == 1
        assert bot.works
