"""Which Host headers are taken where: a stranger's nowhere but on the three routes that probes ask."""

import pytest
from django.test import Client

ISSUED = {
    "PASSPORT_ISSUER": "https://steward.acme.test",
    "PASSPORT_ISSUER_IS_SET": True,
    "ALLOWED_HOSTS": ["steward.acme.test"],
}


@pytest.fixture(autouse=True)
def installed(settings):
    for name, value in ISSUED.items():
        setattr(settings, name, value)


@pytest.mark.parametrize("path", ["/api/docs", "/healthz/", "/admin/"])
def test_every_other_route_refuses_an_unknown_host(path):
    assert Client(headers={"host": "10.1.2.3:8000"}).get(path).status_code == 400


def test_a_probe_by_address_is_answered():
    assert Client(headers={"host": "10.1.2.3:8000"}).get("/healthz").json() == {"status": "ok"}
