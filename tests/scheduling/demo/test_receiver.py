"""The demo's payroll system: a verified token, one effect for each key."""

import json
from typing import Any

import pytest
from django.test import RequestFactory

from identities.tokens import services as token_services
from scheduling.demo import receiver
from scheduling.models import DemoPayment
from tests.factories import tokens

pytestmark = pytest.mark.django_db


@pytest.fixture
def bearer():
    from django.utils import timezone

    from identities.tokens.keyring import keyring

    keyring.forget()
    minted = token_services.mint(tokens.bot().identity, scope="roles", at=timezone.now())
    yield {"HTTP_AUTHORIZATION": f"Bearer {minted.access_token}"}
    keyring.forget()


def post(body: object = None, **headers: Any):
    data = body if isinstance(body, str) else json.dumps(body or {"sum": 1})
    request = RequestFactory().post("/demo/payroll/march", data, content_type="application/json", **headers)
    return receiver.payments(request, resource="march")


@pytest.mark.parametrize("header", [{}, {"HTTP_AUTHORIZATION": "Bearer x.y.z"}, {"HTTP_AUTHORIZATION": "Basic eDp5"}])
def test_who_shows_no_token_of_ours_is_refused(header):
    answer = post(HTTP_IDEMPOTENCY_KEY="k", **header)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert DemoPayment.objects.count() == 0


def test_a_payment_without_a_key_is_refused(bearer):
    assert post(**bearer).status_code == 400


def test_a_body_that_is_no_json_is_refused(bearer):
    assert post("{", HTTP_IDEMPOTENCY_KEY="k", **bearer).status_code == 400


def test_a_key_has_one_effect_however_often_it_comes(bearer):
    first = post({"sum": 1}, HTTP_IDEMPOTENCY_KEY="k", **bearer)
    second = post({"sum": 1}, HTTP_IDEMPOTENCY_KEY="k", **bearer)
    assert (first.status_code, second.status_code) == (201, 200)
    row = DemoPayment.objects.get()
    assert (row.deliveries, row.body, row.resource) == (2, {"sum": 1}, "march")


def test_a_tenant_sees_its_own_payments(bearer):
    post(HTTP_IDEMPOTENCY_KEY="k", **bearer)
    answer = receiver.payments(RequestFactory().get("/demo/payroll/march", **bearer), resource="march")
    assert [each["resource"] for each in json.loads(answer.content)["results"]] == ["march"]
