"""Reports of leaks over the API: who may, what comes back, and that the text stays nowhere."""

import base64
import json
from io import StringIO

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import call_command

from audit.models import AuditEvent
from identities.credentials import secret_format, services as credentials
from identities.credentials.models import ClientSecret
from identities.detections import leaks
from identities.detections.models import LeakMatch, LeakReport
from tests.factories import people as cast, tokens as bots

pytestmark = pytest.mark.django_db
KEY = ec.generate_private_key(ec.SECP256R1())
URL = "https://github.com/example/payroll/blob/1/deploy.env"


def pem(key=KEY):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture(autouse=True)
def partner_keys(settings):
    settings.STEWARD_LEAK_PARTNER_KEYS = json.dumps({"key-1": pem()})


@pytest.fixture
def analyst():
    return cast.person(role="ANALYST")


def leaked(of, **facts):
    return credentials.issue(bots.identity(of=of, **{"risk_tier": "low", **facts}), actor=cast.SYSTEM)


def alert(text, **more):
    return [{"token": text, "type": "steward_client_secret", "url": URL, "source": "content", **more}]


def sent(client, value, *, key=KEY, key_id="key-1", signature=None):
    body = json.dumps(value).encode()
    signed = base64.b64encode(key.sign(body, ec.ECDSA(SHA256()))).decode() if signature is None else signature
    headers = {"Github-Public-Key-Identifier": key_id, "Github-Public-Key-Signature": signed}
    return client.post("/api/leaks", body, content_type="application/json", headers=headers)


def rows():
    return LeakReport.objects.count(), LeakMatch.objects.count()


@pytest.mark.parametrize("role", ["READ_ONLY", "AUDITOR"])
def test_who_only_reads_reports_nothing(call, problem, role):
    issued = leaked(cast.tenant())
    problem(call.as_(cast.person(role=role)).post("/api/leaks", {"text": issued.text}), 403, "forbidden")
    assert ClientSecret.objects.get().revoked_at is None


def test_a_managed_identity_reports_nothing_whatever_it_may_do(call, problem, analyst):
    from identities.access.permissions import PERMISSIONS

    bot = bots.bot(of=analyst.tenant, permissions=tuple(PERMISSIONS))
    problem(call.as_(bot).post("/api/leaks", {"text": "x"}), 403, "insufficient_scope")


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({}, "text"),
        ({"text": 5}, "text"),
        ({"text": ""}, "text"),
        ({"text": "x", "source": "y" * 201}, "source"),
        ({"text": "x", "where": "y"}, "where"),
    ],
)
def test_what_does_not_fit_is_named(call, problem, analyst, body, member):
    assert set(problem(call.as_(analyst).post("/api/leaks", body), 400)["errors"]) == {member}


def test_more_than_the_api_reads_is_refused(call, problem, analyst):
    problem(call.as_(analyst).post("/api/leaks", {"text": "x" * 1_100_000}), 413, "body_too_large")


def test_a_secret_in_the_text_dies_and_the_match_names_it(call, analyst):
    issued = leaked(analyst.tenant)
    answer = call.as_(analyst).post("/api/leaks", {"text": f"SECRET={issued.text}\n", "source": "build log"})
    assert answer.status_code == 202
    secret = ClientSecret.objects.get()
    expected = {"identityId": str(secret.identity_id), "credentialId": str(secret.pk), "action": "revoked"}
    assert answer.json() == {"matches": [expected]}
    assert secret.revoked_at is not None
    assert issued.text not in answer.content.decode()


def test_a_text_without_a_secret_of_ours_leaves_nothing_behind(call, analyst):
    call.as_(analyst).get("/api/auth/me")
    before = AuditEvent.objects.count()
    text = f"nothing here, and {secret_format.generate('production')} was never issued"
    answer = call.post("/api/leaks", {"text": text, "source": "a log"})
    assert (answer.status_code, answer.json()) == (202, {"matches": []})
    assert rows() == (0, 0)
    assert AuditEvent.objects.count() == before


def test_another_tenants_secret_dies_and_is_not_shown(call, analyst):
    own, theirs = leaked(analyst.tenant), leaked(cast.tenant("Elsewhere"))
    answer = call.as_(analyst).post("/api/leaks", {"text": f"{own.text} {theirs.text}", "source": "a log"})
    assert [match["credentialId"] for match in answer.json()["matches"]] == [str(own.secret.pk)]
    assert not ClientSecret.objects.filter(revoked_at=None).exists()
    report = LeakReport.objects.get(matches__secret=theirs.secret)
    assert (report.tenant, report.reported_by) == (theirs.secret.identity.tenant, "somebody of another tenant")
    shown = AuditEvent.objects.filter(tenant_id=report.tenant_id).values_list("actor_label", flat=True)
    assert analyst.email not in set(shown)


def test_a_person_may_not_report_without_end(call, problem, analyst):
    call.as_(analyst)
    for _ in range(leaks.A_MINUTE):
        assert call.post("/api/leaks", {"text": "x"}).status_code == 202
    answer = call.post("/api/leaks", {"text": "x"})
    problem(answer, 429)
    assert int(answer["Retry-After"]) >= 1
    assert call.as_(cast.person(of=analyst.tenant)).post("/api/leaks", {"text": "x"}).status_code == 202


def test_a_partners_signed_alert_needs_no_bearer(client):
    issued = leaked(cast.tenant())
    answer = sent(client, [*alert("nothing of ours"), *alert(issued.text, novelty="passed over")])
    assert answer.status_code == 202, answer.content
    assert [match["action"] for match in answer.json()["matches"]] == ["revoked"]
    report = LeakReport.objects.get()
    assert (report.door, report.source, report.where) == ("partner", "content", URL)
    assert report.reported_by == "leak partner key-1"


def test_an_alert_sent_again_changes_nothing(client):
    issued = leaked(cast.tenant())
    first, again = (sent(client, alert(issued.text)).json()["matches"] for _ in range(2))
    assert [first[0]["action"], again[0]["action"]] == ["revoked", "none"]
    assert rows() == (1, 1)


@pytest.mark.parametrize(
    "how",
    [
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"key_id": "key-2"},
        {"key_id": ""},
        {"signature": ""},
        {"signature": "not base64!"},
        {"signature": base64.b64encode(b"no DER").decode()},
        {"signature": "A" * 5000},
    ],
)
def test_what_no_configured_key_signed_is_refused_alike(client, problem, how):
    issued = leaked(cast.tenant())
    how = dict(how)
    answer = sent(client, alert(issued.text), **how)
    code = "not_authenticated" if how == {"key_id": "", "signature": ""} else "invalid_signature"
    body = problem(answer, 401, code)
    assert body["detail"] == "The signature does not hold."
    assert ClientSecret.objects.get().revoked_at is None
    assert rows() == (0, 0)


def test_without_configured_keys_nobody_is_a_partner(client, problem, settings):
    for written in ("", "{", "[]", '{"key-1": "no key"}'):
        settings.STEWARD_LEAK_PARTNER_KEYS = written
        problem(sent(client, alert("x")), 401, "invalid_signature")


def test_a_signature_over_another_body_does_not_hold(client, problem):
    signed = base64.b64encode(KEY.sign(b"[]", ec.ECDSA(SHA256()))).decode()
    problem(sent(client, alert("x"), signature=signed), 401, "invalid_signature")


def test_a_bearer_does_not_make_up_for_a_wrong_signature(call, problem, analyst):
    call.as_(analyst)
    headers = {"Github-Public-Key-Identifier": "key-1", "Github-Public-Key-Signature": "x"}
    problem(call.post("/api/leaks", {"text": "x"}, headers=headers), 401, "invalid_signature")


@pytest.mark.parametrize("value", [{"token": "x"}, ["x"], [{"type": "x"}], [{"token": []}], [[]], 5])
def test_a_signed_alert_that_is_none_is_refused(client, problem, value):
    problem(sent(client, value), 400)


def test_an_array_from_a_person_is_no_text(call, problem, analyst):
    problem(call.as_(analyst).post("/api/leaks", alert("x")), 400)


def test_the_secret_is_in_no_table_no_log_and_no_answer(call, analyst, caplog):
    caplog.set_level("DEBUG")
    issued = leaked(analyst.tenant, risk_tier="high")
    text = issued.text
    body = {"text": f"x {text}", "source": f"found {text} in a log"}
    answers = [call.as_(analyst).post("/api/leaks", body), call.post("/api/leaks", {**body, text: 1})]
    dump = StringIO()
    call_command("dumpdata", stdout=dump)
    everything = dump.getvalue() + caplog.text + answers[0].content.decode()
    wrapped = base64.b64encode(text.encode()).decode()[4:40]
    for form in (text, text[9:40], wrapped, text.encode().hex(), text.replace("_", "%5F")):
        assert form not in everything
    assert LeakReport.objects.get().source == "[masked]"


def test_a_failure_in_the_middle_tells_nothing_of_the_text(call, problem, analyst, caplog, monkeypatch):
    caplog.set_level("DEBUG")
    issued = leaked(analyst.tenant)

    def broken(texts):
        raise RuntimeError("the database is away")

    monkeypatch.setattr(leaks, "known", broken)
    call._client.raise_request_exception = False
    answer = call.as_(analyst).post("/api/leaks", {"text": issued.text})
    problem(answer, 500, "internal_error")
    assert issued.text not in answer.content.decode() + caplog.text


def test_a_match_costs_a_known_number_of_queries(call, analyst, django_assert_max_num_queries):
    issued = leaked(analyst.tenant)
    call.as_(analyst).post("/api/leaks", {"text": "warm"})
    with django_assert_max_num_queries(75):
        assert call.post("/api/leaks", {"text": issued.text}).json()["matches"]


def test_a_report_costs_a_known_number_of_queries(call, analyst, django_assert_num_queries):
    call.as_(analyst).post("/api/leaks", {"text": "warm"})
    with django_assert_num_queries(1):
        call.post("/api/leaks", {"text": "nothing"})
    with django_assert_num_queries(2):
        call.post("/api/leaks", {"text": secret_format.generate("production")})
