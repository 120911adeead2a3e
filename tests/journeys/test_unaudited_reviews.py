"""What is not audited does not happen, of reviews alike: launched, answered in every way, closed, cancelled."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.actors import Actor
from audit.models import AuditEvent
from identities.inventory.models import ManagedIdentity
from identities.lifecycle.models import Quarantine
from identities.lifecycle.quarantines import quarantine
from identities.lifecycle.releases import release
from identities.people.actors import actor_of
from identities.people.models import Tenant, User
from identities.recertification import campaigns, decisions, remediation
from identities.recertification.models import ReviewCampaign, ReviewItem
from tests.factories import people, register, reviews
from tests.journeys.test_unaudited import no_room_in_the_audit, state

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("tests")
NAMES = ("certified", "reduced", "revoked", "one of many", "held up")


def person(name: str) -> User:
    return User.objects.get(email=f"{name}@example.com")


def launch(name: str, tag: str = "") -> ReviewCampaign:
    facts = {"scope": {"tag": tag} if tag else {}, "due_at": timezone.now() + timedelta(days=2)}
    return reviews.launched(Tenant.objects.get(slug="unaudited-reviews"), actor_of(person("admin")), name=name, **facts)


def campaign(name: str) -> ReviewCampaign:
    return ReviewCampaign.objects.get(name=name)


def item(name: str) -> ReviewItem:
    return ReviewItem.objects.select_related("identity").get(identity__name=name, campaign__name="first")


def decide(name: str, decision: str, **facts: object) -> object:
    return decisions.decide(item(name), decision=decision, reason="x", actor=actor_of(person("owner")), **facts)  # type: ignore[arg-type]


COMMANDS: dict[str, Callable[[], object]] = {
    "launch": lambda: launch("first"),
    "reassign": lambda: decide("certified", "reassign", reviewer=person("deputy")),
    "reassign back": lambda: decisions.decide(
        item("certified"), decision="reassign", reason="x", actor=actor_of(person("deputy")), reviewer=person("owner")
    ),
    "certify": lambda: decide("certified", "certify"),
    "reduce": lambda: decide("reduced", "reduce"),
    "revoke": lambda: decide("revoked", "revoke"),
    "certify many": lambda: decisions.certify_many([item("one of many")], reason="x", actor=actor_of(person("owner"))),
    "quarantine": lambda: quarantine(item("held up").identity, reason="x", actor=SYSTEM),
    "revoke what is quarantined": lambda: decide("held up", "revoke"),
    "release": lambda: release(Quarantine.objects.get(), reason="x", actor=actor_of(person("admin"))),
    "try again": lambda: remediation.retry_due(timezone.now()),
    "close": lambda: campaigns.close_finished(timezone.now() + timedelta(days=3)),
    "launch another": lambda: launch("second"),
    "cancel": lambda: campaigns.cancel(campaign("second"), reason="x", actor=SYSTEM),
    "launch a large one": lambda: launch("third"),
    "write a bite": lambda: campaigns.prepare(campaign("third"), 3, actor=SYSTEM),
    "write the last bite": lambda: campaigns.prepare(campaign("third"), 3, actor=SYSTEM),
}


def test_nothing_of_a_review_happens_that_the_audit_does_not_take(monkeypatch) -> None:
    tenant = people.tenant("unaudited reviews")
    Tenant.objects.filter(pk=tenant.pk).update(slug="unaudited-reviews")
    for name, role in (("admin", "ADMIN"), ("owner", "ANALYST"), ("deputy", "ANALYST")):
        people.person(of=tenant, role=role, email=f"{name}@example.com", created_at=timezone.now() - timedelta(days=9))
    for name in NAMES:
        bot = register.identity(tenant, name=name, technical_owner="owner@example.com", risk_tier="low")
        if name == "reduced":
            reviews.unused(bot, "run.read")
    left_behind, without_record = [], []
    for name, command in COMMANDS.items():
        if name == "launch a large one":
            monkeypatch.setattr(campaigns, "AT_ONCE", 1)
        before = state()
        with no_room_in_the_audit(), contextlib.suppress(Exception):
            command()
        if differing := [table for table, rows in state().items() if rows != before[table]]:
            left_behind.append((name, differing))
        records = AuditEvent.objects.count()
        command()
        if state() == before or AuditEvent.objects.count() == records:
            without_record.append(name)
    assert not left_behind
    assert not without_record
    assert ManagedIdentity.objects.filter(state="disabled").count() == 2
    assert campaign("third").state == "open"
