"""The key is replaced: everything made under A works under B, and A is gone; what would be lost is named before."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.utils import timezone

from audit import checkpoints, sealing
from audit.actors import Actor
from audit.models import AuditEvent
from audit.replacement import CannotReplace
from audit.verification import verify
from config import encryption_key
from config.encryption_key import SEALED, State
from identities.credentials.authentication import authenticate
from identities.credentials.models import ClientSecret
from identities.discovery import questionnaires
from identities.notifications import secret_box
from identities.notifications.models import Channel
from identities.people import proofs, sign_in
from identities.people.actors import actor_of
from identities.people.models import Tenant
from identities.people.second_factor import Kind
from identities.recertification import snapshots
from identities.tokens import services as tokens
from identities.tokens.keyring import Keyring
from identities.vaults import registration, services as vaults
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference
from identities.vaults.secret_text import SecretText
from tests.factories import factors, passport, people, register, reviews, tokens as made, vaults as factory
from tests.factories.keys import A, B, C, id_of, process

ROOT = Path(__file__).resolve().parents[2]
SYSTEM = Actor.system("tests")
PLACE = SecretReference("local", "local://default", "payroll")
#: Where a key grown from the installation's is used; a place that is new here must be thought of below and in SEALED.
USES = {
    "audit/checkpoints.py", "audit/eras.py", "audit/links.py", "audit/keys.py", "identities/credentials/digests.py",
    "identities/people/refresh_tokens.py", "identities/recertification/snapshots.py", "identities/vaults/sealed_box.py",
}  # fmt: skip

pytestmark = pytest.mark.django_db(transaction=True)


class Estate:
    """One of everything that rests on the key."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        tokens.ensure_signing_key()
        vaults.write_secret(PLACE, "the value", tenant_id=tenant.pk, actor=SYSTEM)
        self.connection: VaultConnection = factory.connection(
            of=tenant, provider="hashicorp-vault", uri="https://vault.example.com:8200", settings={"token": "the token"}
        )
        self.channel = Channel(tenant=tenant, name="ops", kind="webhook")
        secret_box.put(self.channel, SecretText("the channel"))
        self.channel.save()
        self.bot, self.silent = made.bot(of=tenant), made.bot(of=tenant)
        self.person = people.person(of=tenant)
        self.app, self.codes = factors.with_app(self.person)
        self.session = sign_in.open_session(self.person)
        cast, until = reviews.Cast(), timezone.now() + timedelta(days=90)
        self.certificate = snapshots.certify(cast.item(), actor=actor_of(cast.owner), until=until)
        ends = timezone.now() + timedelta(days=3)
        self.form = questionnaires.begin(tenant=tenant, title="Mainframe", expires_at=ends, actor=SYSTEM)
        sealing.seal_all()
        checkpoints.take(timezone.now())

    def works(self, code: int) -> list[bool]:
        """Each sealed thing, asked for as whoever needs it does; with the recovery code of this number."""
        for row in (self.connection, self.channel, self.certificate):
            row.refresh_from_db()
        return [
            vaults.read_secret(PLACE, self.tenant.pk, actor=SYSTEM).reveal() == "the value",
            registration.open_credential(self.connection).reveal() == "the token",
            secret_box.opened(self.channel, timezone.now())[0].reveal() == "the channel",
            bool(Keyring().signer(timezone.now() + timedelta(minutes=1)).kid),
            proofs.prove_code(self.person, code=self.codes[code], source="test") is Kind.RECOVERY,
            snapshots.is_intact(self.certificate),
            verify().is_intact,
        ]


def silently(_what: str, _seen: int) -> None:
    pass


@pytest.fixture
def estate(tmp_path: Path, settings: Any) -> Iterator[Estate]:
    settings.DATA_DIR = tmp_path
    with process(A), passport.fresh():
        yield Estate(register.tenant())


def rests(state: State) -> dict[str, int]:
    return {rest.what: rest.count for rest in state.rests}


def test_without_the_former_key_nothing_is_carried_over_and_nothing_written(estate: Estate) -> None:
    before = AuditEvent.objects.count()
    with process(B), pytest.raises(CannotReplace, match=id_of(A)):
        encryption_key.replace(silently, actor=SYSTEM)
    with process(B, C):
        assert all(count.unreadable == count.seen for count in encryption_key.look(silently).columns.values())
    assert AuditEvent.objects.count() == before
    assert all(estate.works(0))


def test_a_look_counts_and_writes_nothing(estate: Estate) -> None:
    before = AuditEvent.objects.count()
    with process(A):
        assert encryption_key.look(silently).is_free
    with process(B, A):
        state = encryption_key.look(silently)
        assert (state.is_free, state.is_chain_ours) == (False, False)
        assert {what: (count.former, count.moved) for what, count in state.columns.items()} == {
            "values of the local vault": (1, 0),
            "vault credentials": (1, 0),
            "signing keys": (1, 0),
            "secrets of channels": (1, 0),
            "second factors": (2, 0),
            "certificates of reviews": (1, 0),
        }
        assert rests(state)["client secrets"] == 2
    assert AuditEvent.objects.count() == before
    assert all(estate.works(0))


def test_everything_of_the_former_key_works_on_when_that_is_gone(estate: Estate) -> None:
    with process(A, B):  # the first restart: the new key is read, and makes nothing
        assert all(estate.works(0))
    with process(B, A):  # the second
        assert all(estate.works(1))
        passport.forget()
        state = encryption_key.replace(silently, actor=SYSTEM)
        named = {"client secrets": 2, "refresh tokens": 1, "questionnaires": 1}
        # Of the first step: a recovery code was used up.
        assert rests(state) == named | {"audit records that wait for their seal": 1}
        assert not state.is_free
        sealing.seal_all()
        assert authenticate(estate.bot.client_id, estate.bot.secret) is not None
        session = sign_in.refresh(estate.session.refresh_token)
        questionnaires.behind(estate.form.token)
        state = encryption_key.replace(silently, actor=SYSTEM)
        assert [rest.named for rest in state.rests if rest.count] == [
            [f"{estate.silent.identity.name} …{estate.silent.secret[-4:]} (never used)"]
        ]
        ClientSecret.objects.filter(identity=estate.silent.identity).update(revoked_at=timezone.now())
        assert encryption_key.look(silently).is_free
    with process(B):  # the third
        passport.forget()
        assert all(estate.works(2))
        assert authenticate(estate.bot.client_id, estate.bot.secret) is not None
        sign_in.refresh(session.refresh_token)
        assert questionnaires.behind(estate.form.token).title == "Mainframe"
        sealing.seal_all()
        assert verify().is_intact
        assert encryption_key.look(silently).is_free
        assert AuditEvent.objects.filter(type="installation.key_replaced").count() == 1
        event = AuditEvent.objects.get(type="installation.values_resealed")
        assert event.details["moved"]["second factors"] == 2


def test_the_other_secret_of_the_former_key_opens_nothing_when_that_is_gone(estate: Estate) -> None:
    with process(B, A):
        encryption_key.replace(silently, actor=SYSTEM)
    with process(B):
        assert authenticate(estate.silent.client_id, estate.silent.secret) is None


def test_each_sealed_text_in_the_database_is_in_a_column_that_is_known(estate: Estate) -> None:
    known = {(column.model, column.name) for column in SEALED}
    sealed = {
        (model, field.attname)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.TextField | models.CharField | models.JSONField)
        for value in model._default_manager.values_list(field.attname, flat=True)
        if re.search(r"v1\.[\w-]{40}", str(value))
    }
    assert sealed == {pair for pair in known if pair[1] != "seal"}


def sources() -> Iterator[tuple[str, str]]:
    for app in ("audit", "identities", "scheduling", "config"):
        for path in (ROOT / app).rglob("*.py"):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def test_whoever_seals_says_in_which_column() -> None:
    sealing_modules = {path for path, text in sources() if re.search(r"sealed_box\.seal\(", text)}
    known = {path for path, text in sources() if re.search(r"^SEALED\b", text, re.MULTILINE)}
    assert sealing_modules == known - {"identities/recertification/snapshots.py", "config/encryption_key.py"}
    assert len(SEALED) == len(sealing_modules) + 1


def test_no_other_place_grows_a_key() -> None:
    found = {path for path, text in sources() if re.search(r"\b(derived_key|accepted_keys|former_keys)\(", text)}
    assert found == USES
