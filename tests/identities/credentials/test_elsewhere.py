"""Credentials that live elsewhere, entered by hand: names and dates, never a value."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials import elsewhere
from identities.credentials.models import ExternalCredential
from identities.errors import Conflict, Invalid
from identities.lifecycle import services as lifecycle
from tests.factories import tokens as made
from tests.identities.credentials.test_certificates import PRIVATE, SINCE, certificate

pytestmark = pytest.mark.django_db
KEY = {"kind": "api_token", "name": "billing token"}


def describe(identity: Any, **facts: Any) -> ExternalCredential:
    return elsewhere.describe(identity, facts=facts, actor=made.SYSTEM)


def change(row: ExternalCredential, **facts: Any) -> ExternalCredential:
    return elsewhere.change(row, facts=facts, actor=made.SYSTEM)


def reported(identity: Any) -> ExternalCredential:
    return ExternalCredential.objects.create(
        identity=identity, kind="access_key", source="aws/1234", external_id="AKIA1", name="AKIA1"
    )


@pytest.mark.parametrize(
    ("facts", "member"),
    [
        ({"name": "x"}, "kind"),
        ({"kind": "spell", "name": "x"}, "kind"),
        ({"kind": ["api_token"], "name": "x"}, "kind"),
        ({"kind": "api_token"}, "name"),
        ({**KEY, "value": "s3cret"}, "value"),
        ({**KEY, "source": "aws/1"}, "source"),
        ({**KEY, "name": "a\x00b"}, "name"),
        ({**KEY, "name": "n" * 255}, "name"),
        ({**KEY, "stored_at": PRIVATE}, "stored_at"),
        ({**KEY, "fingerprint": "not one!"}, "fingerprint"),
        ({**KEY, "fingerprint": 5}, "fingerprint"),
        ({**KEY, "expires_at": "tomorrow"}, "expires_at"),
        ({**KEY, "last_used_at": timezone.now() + timedelta(days=9)}, "last_used_at"),
        ({**KEY, "is_active": "yes"}, "is_active"),
        ({**KEY, "certificate": PRIVATE}, "certificate"),
        ({**KEY, "certificate": certificate() + PRIVATE}, "certificate"),
        ({**KEY, "certificate": "garbage"}, "certificate"),
        ({"certificate": certificate(), "expires_at": SINCE}, "expires_at"),
    ],
)
def test_what_does_not_fit_is_refused_beside_its_member_and_nothing_of_it_is_said(
    facts: dict[str, Any], member: str
) -> None:
    with pytest.raises(Invalid) as refused:
        describe(made.identity(), **facts)
    assert set(refused.value.errors) == {member}
    assert not any(line in str(refused.value.errors) for line in (*PRIVATE.splitlines()[1:-1], "s3cret", "garbage"))
    assert not ExternalCredential.objects.exists()


def test_a_certificate_fills_in_what_it_says_itself() -> None:
    row = describe(made.identity(), certificate=certificate(), rotate_by=SINCE + timedelta(days=60))
    assert (row.kind, row.name, row.source) == ("certificate", "CN=payroll", "by hand")
    assert (row.created_at, row.expires_at) == (SINCE, SINCE + timedelta(days=90))
    assert row.external_id == row.fingerprint
    assert row.certificate["key_algorithm"] == "EC secp256r1"
    assert "BEGIN" not in str(vars(row))


def test_the_same_one_is_entered_once() -> None:
    identity = made.identity()
    describe(identity, **KEY)
    with pytest.raises(Invalid, match="already"):
        describe(identity, **KEY)
    describe(made.identity(), **KEY)


def test_a_retired_identity_gets_none() -> None:
    identity = made.identity()
    lifecycle.retire(identity, reason="gone", actor=made.SYSTEM)
    with pytest.raises(Conflict):
        describe(identity, **KEY)


def test_its_rotate_by_counts_for_the_identity() -> None:
    identity, now = made.identity(), timezone.now()
    row = describe(identity, **KEY, created_at=now, rotate_by=now + timedelta(days=3))
    identity.refresh_from_db()
    assert identity.rotate_by == row.rotate_by
    change(row, rotate_by=now + timedelta(days=2))
    identity.refresh_from_db()
    assert identity.rotate_by == now + timedelta(days=2)


def test_each_change_is_recorded_once_and_nothing_is_when_nothing_changed() -> None:
    row = describe(made.identity(), **KEY)
    assert AuditEvent.objects.filter(type="credential.described").count() == 1
    change(row, name="billing token")
    assert AuditEvent.objects.filter(type="credential.described").count() == 1
    used = timezone.now()
    change(row, last_used_at=used, fingerprint="SHA256:" + "a" * 43)
    event = AuditEvent.objects.filter(type="credential.described").latest("id")
    assert set(event.changes) == {"last_used_at", "fingerprint"}


def test_what_a_source_reports_is_changed_there_and_the_rest_here() -> None:
    row = reported(made.identity())
    with pytest.raises(Invalid) as refused:
        change(row, name="mine", expires_at=timezone.now())
    assert set(refused.value.errors) == {"name", "expires_at"}
    due = timezone.now() + timedelta(days=5)
    assert change(row, rotate_by=due, fingerprint="SHA256:" + "b" * 43).rotate_by == due


def test_what_it_is_stays() -> None:
    row = describe(made.identity(), **KEY)
    with pytest.raises(Invalid) as refused:
        change(row, kind="password", external_id="x")
    assert set(refused.value.errors) == {"kind", "external_id"}


def test_a_new_certificate_takes_the_place_of_the_old_one() -> None:
    row = describe(made.identity(), certificate=certificate(), external_id="payroll-tls")
    renewed = change(row, certificate=certificate(subject="payroll v2"))
    assert renewed.certificate["subject"] == "CN=payroll v2"
    assert renewed.fingerprint != row.fingerprint


def test_it_goes_once_for_a_reason_and_is_not_changed_after() -> None:
    row = describe(made.identity(), **KEY)
    with pytest.raises(Invalid):
        elsewhere.mark_gone(row, reason=" ", actor=made.SYSTEM)
    elsewhere.mark_gone(row, reason="deleted at the vendor", actor=made.SYSTEM)
    for again in (lambda: change(row, name="x"), lambda: elsewhere.mark_gone(row, reason="x", actor=made.SYSTEM)):
        with pytest.raises(Conflict):
            again()
    assert AuditEvent.objects.get(type="credential.gone").reason == "deleted at the vendor"
    assert ExternalCredential.objects.exists()
