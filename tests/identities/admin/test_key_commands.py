"""Public keys and what lives elsewhere, in the admin: what is private never comes back on a page."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.models import AuditEvent
from identities.credentials.models import ClientKey, ExternalCredential
from tests.factories import client_keys, pages
from tests.identities.credentials.test_certificates import PRIVATE, certificate

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours() -> Any:
    return pages.estate("harbour")


@pytest.fixture
def client(ours: Any) -> Any:
    return pages.signed_in(ours.person)


def public_pem() -> str:
    return client_keys.pem_of(client_keys.private("ES256"))


def seen_on(client: Any, address: str) -> str:
    return str(client.get(address).context["seen"])


@pytest.mark.parametrize(("key", "field"), [("add-key", "public_key"), ("add-elsewhere", "certificate")])
@pytest.mark.parametrize("way", ["pasted", "file"])
def test_a_private_key_is_refused_and_neither_shown_again_nor_kept(
    ours: Any, client: Any, key: str, field: str, way: str
) -> None:
    values: dict[str, Any] = {"kind": "certificate", "once": "n1"}
    if way == "pasted":
        values[field] = certificate() + PRIVATE
    else:
        values["file"] = SimpleUploadedFile("key.pem", PRIVATE.encode())
    answer = client.post(pages.command(ours.identity, key), values)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "private key" in text
    assert not any(line in text for line in PRIVATE.splitlines()[1:-1])
    kept = str([row.get_decoded() for row in Session.objects.all()] + list(AuditEvent.objects.values()))
    assert PRIVATE.splitlines()[1] not in kept
    assert not ClientKey.objects.exists()
    assert not ExternalCredential.objects.filter(identity=ours.identity).exists()


@pytest.mark.parametrize(
    "values",
    [{}, {"public_key": "rubbish"}, {"file": SimpleUploadedFile("key.der", b"\x30\x82\xff")}],
    ids=["nothing", "rubbish", "no text"],
)
def test_what_is_no_key_is_said_on_the_form(ours: Any, client: Any, values: dict[str, Any]) -> None:
    answer = client.post(pages.command(ours.identity, "add-key"), values)
    assert answer.status_code == 422
    assert {"public_key", "file"} & answer.context["form"].errors.keys()


def test_a_key_is_added_listed_and_revoked(ours: Any, client: Any) -> None:
    address = pages.command(ours.identity, "add-key")
    client.post(address, {"public_key": public_pem(), "name": "payroll key", "once": "n1"})
    client.post(address, {"file": SimpleUploadedFile("k.pem", public_pem().encode()), "kid": "second", "once": "n2"})
    first, second = ClientKey.objects.get(name="payroll key"), ClientKey.objects.get(kid="second")
    page = client.get(pages.page(ours.identity, "credentials")).content.decode()
    assert first.kid in page
    assert "payroll key" in page
    client.post(pages.command(ours.identity, "revoke-key", first.pk), {"reason": "Old laptop"})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.revoked_reason, second.revoked_at) == ("Old laptop", None)


def test_a_third_key_is_refused_in_words(ours: Any, client: Any) -> None:
    address = pages.command(ours.identity, "add-key")
    answers = [client.post(address, {"public_key": public_pem(), "once": f"n{number}"}) for number in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 422]


def test_one_elsewhere_is_entered_corrected_and_gone(ours: Any, client: Any) -> None:
    client.post(pages.command(ours.identity, "add-elsewhere"), {"kind": "certificate", "certificate": certificate()})
    row = ExternalCredential.objects.get(identity=ours.identity, source="by hand")
    page = client.get(pages.page(ours.identity, "credentials")).content.decode()
    assert "CN=payroll" in page
    address = pages.command(ours.identity, "change-elsewhere", row.pk)
    form = client.get(address).context["form"]
    values = {name: form[name].value() or "" for name in form.fields if name not in ("file", "certificate")}
    written = {name: value.strftime("%Y-%m-%dT%H:%M") if hasattr(value, "strftime") else value
               for name, value in values.items()}  # fmt: skip
    sent = client.post(address, {**written, "rotate_by": "2027-03-01T10:00", "seen": seen_on(client, address)})
    assert sent.status_code == 302, sent.context["form"].errors
    row.refresh_from_db()
    assert f"{row.rotate_by:%Y-%m-%d %H:%M}" == "2027-03-01 10:00"
    event = AuditEvent.objects.filter(type="credential.described").latest("id")
    assert set(event.changes) == {"rotate_by"}
    client.post(pages.command(ours.identity, "gone-elsewhere", row.pk), {"reason": "Removed at the vendor"})
    row.refresh_from_db()
    assert row.gone_at is not None


def test_of_one_that_a_source_reports_only_what_no_source_tells_is_asked(ours: Any, client: Any) -> None:
    row = ExternalCredential.objects.create(
        identity=ours.identity, kind="access_key", source="aws/1", external_id="AKIA", name="AKIA"
    )
    form = client.get(pages.command(ours.identity, "change-elsewhere", row.pk)).context["form"]
    assert set(form.fields) == {"certificate", "file", "fingerprint", "rotate_by"}


def test_who_may_only_read_sees_the_tables_and_no_button(ours: Any) -> None:
    client_keys.signing(of=ours.identity)
    from identities.people.models import PortalRole
    from tests.factories import people as cast

    reader = cast.person(of=ours.tenant, role=PortalRole.READ_ONLY)
    page = pages.signed_in(reader).get(pages.page(ours.identity, "credentials")).content.decode()
    assert "Secrets and keys" in page
    assert "add-key" not in page
    assert "revoke-key" not in page
