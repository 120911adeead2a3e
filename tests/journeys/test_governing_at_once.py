"""Everything that governs one identity, at once and in any order: no deadlock, no fault, each item answered once."""

import random
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from audit.actors import Actor
from identities.access import identity_approval, services as access
from identities.access.models import RoleBinding
from identities.approvals import services as approvals
from identities.approvals.models import ApprovalRequest, ApprovalState
from identities.errors import DomainError
from identities.inventory import services as inventory
from identities.inventory.models import ManagedIdentity
from identities.lifecycle import releases, services as lifecycle
from identities.lifecycle.models import Quarantine
from identities.lifecycle.quarantines import quarantine
from identities.people.actors import actor_of
from identities.recertification import campaigns, decisions, reminding, silence, undoing
from identities.recertification.models import ItemState, ReviewCampaign, ReviewDecision, ReviewItem
from identities.succession import cases
from identities.succession.models import SuccessionCase
from tests.factories import people, register
from tests.factories.reviews import Cast
from tests.scheduling.racing import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
SYSTEM, LONG_AGO = Actor.system("tests"), timezone.now() - timedelta(days=400)
DECISIONS = ("certify", "revoke", "reduce")
BOTS, THREADS, SECONDS, PATIENCE, STEPS = 4, 6, 8.0, 60.0, 6


class Estate:
    """Identities under approval and review, and one command after the other on any of them."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.cast = chance, Cast()
        self.second = people.person(of=self.cast.tenant, created_at=LONG_AGO)
        self.role = register.role(self.cast.tenant, "run.read")
        self.bots = [self.cast.identity(risk_tier="high", deputy_owner=self.cast.deputy.email) for _ in range(BOTS)]
        for bot in self.bots:
            source = ApprovalRequest.objects.create(
                tenant=self.cast.tenant, subject_kind="identity_request", subject_id=bot.pk, subject_label="it",
                summary="Request", content={}, content_hash="0", risk_tier="high", state=ApprovalState.APPROVED,
                decided_at=timezone.now(),
            )  # fmt: skip
            identity_approval.begin(bot, source, actor=SYSTEM)
        self.commands: tuple[Callable[[], object], ...] = (
            self.launch, self.decide, self.certify, self.sweep, self.remind, self.undo, self.cancel, self.change,
            self.grant, self.end, self.approve, self.leave, self.tend, self.take_over, self.stop, self.release,
            self.enable,
        )  # fmt: skip

    def launch(self) -> None:
        made = self.cast.launch(name=f"Round {self.chance.random()}")
        if self.chance.random() < 0.5:
            ReviewCampaign.objects.filter(pk=made.pk).update(due_at=timezone.now() - timedelta(seconds=1))
        else:
            # Past its half, so that reminders are due.
            ReviewCampaign.objects.filter(pk=made.pk).update(opened_at=timezone.now() - timedelta(days=60))
            ReviewItem.objects.filter(campaign=made).update(opened_at=timezone.now() - timedelta(days=60))

    def decide(self) -> None:
        actor, decision = (
            actor_of(self.chance.choice((self.cast.owner, self.cast.admin))),
            self.chance.choice(DECISIONS),
        )
        decisions.decide(self._item("open"), decision=decision, reason="Looked at.", actor=actor)

    def certify(self) -> None:
        campaign = self._item("open").campaign
        rows = ReviewItem.objects.filter(campaign=campaign, state=ItemState.OPEN).select_related("identity", "campaign")
        rows.update(recommendation="certify", unclear=[])
        decisions.certify_many(list(rows), reason="All as it was.", actor=actor_of(self.cast.admin))

    def sweep(self) -> None:
        silence.sweep(timezone.now(), seconds=2)

    def remind(self) -> None:
        reminding.remind(timezone.now())

    def undo(self) -> None:
        undoing.undo(self._item("silent", "decided"), reason="Needed.", actor=actor_of(self.cast.admin))

    def cancel(self) -> None:
        campaigns.cancel(self._item("open").campaign, reason="Enough.", actor=actor_of(self.cast.admin))

    def change(self) -> None:
        facts = {
            "purpose": f"Purpose {self.chance.random()}",
            "environment": self.chance.choice(("production", "staging")),
        }
        inventory.change(self._bot(), facts=facts, actor=actor_of(self.cast.admin))

    def grant(self) -> None:
        until = timezone.now() + timedelta(days=30)
        access.grant(self._bot(), self.role, valid_until=until, reason="work", actor=actor_of(self.cast.admin))

    def end(self) -> None:
        row = RoleBinding.objects.standing(timezone.now()).filter(identity=self._bot()).first()
        if row is not None:
            access.end_binding(row, reason="over", actor=SYSTEM)

    def approve(self) -> None:
        row = ApprovalRequest.objects.filter(state=ApprovalState.PENDING).order_by("?").first()
        if row is not None:
            answer = self.chance.choice((approvals.approve, approvals.reject))
            answer(row, reason="x", actor=actor_of(self.chance.choice((self.second, self.cast.owner))))

    def leave(self) -> None:
        lifecycle.disable_person(self.cast.owner, reason="Left", actor=actor_of(self.cast.admin))
        type(self.cast.owner).objects.filter(pk=self.cast.owner.pk).update(is_active=True)

    def tend(self) -> None:
        cases.tend(timezone.now() + timedelta(days=self.chance.choice((0, 30))))

    def take_over(self) -> None:
        case = SuccessionCase.objects.filter(state="open").select_related("identity").first()
        if case is not None:
            cases.take_over(case, actor=actor_of(self.cast.deputy))

    def stop(self) -> None:
        quarantine(self._bot(), reason="incident", actor=SYSTEM)

    def release(self) -> None:
        row = Quarantine.objects.filter(closed_at=None).first()
        if row is not None:
            # Of high tier it takes two; without a way out everything would end up stopped.
            releases.ask(row, reason="over", actor=actor_of(self.cast.admin))
            releases.release(row, reason="over", actor=actor_of(self.second))

    def enable(self) -> None:
        lifecycle.enable(self._bot(), reason="Needed.", actor=actor_of(self.cast.admin))

    def _bot(self) -> ManagedIdentity:
        return ManagedIdentity.objects.get(pk=self.chance.choice(self.bots).pk)

    def _item(self, *states: str) -> ReviewItem:
        rows = ReviewItem.objects.select_related("identity", "campaign").filter(state__in=states)
        found = rows.order_by("?").first()
        if found is None:
            raise DomainError("There is none.")
        return found


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def test_no_order_of_commands_ends_in_a_deadlock():
    chance = random.Random(5)
    estate, before, said = Estate(chance), deadlocks(), set[str]()
    estate.launch()
    ends = time.monotonic() + SECONDS

    def work(number: int) -> set[str]:
        mine, done = random.Random(chance.random() + number), set[str]()
        for _ in range(STEPS):
            command = mine.choice(estate.commands)
            try:
                command()
                done.add(command.__name__)
            except DomainError:
                continue
        return done

    def missing() -> set[str]:
        return {command.__name__ for command in estate.commands} - said - {"take_over"}

    # A slow machine gets longer, until each of them was carried out at least once.
    while time.monotonic() < ends or (missing() and time.monotonic() < ends + PATIENCE):
        said |= set().union(*race(THREADS, work))
    time.sleep(1.1)  # what PostgreSQL counts is told once a second
    assert deadlocks() == before
    assert not missing()
    answers = ReviewDecision.objects.filter(undone_at=None).values_list("item_id", flat=True)
    assert not [item for item in set(answers) if list(answers).count(item) > 1]
