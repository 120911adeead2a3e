"""/metrics."""

import pytest

pytestmark = pytest.mark.django_db
TOKEN = {"HTTP_AUTHORIZATION": "Bearer right"}


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", {}),
        ("right", {}),
        ("right", {"HTTP_AUTHORIZATION": "Bearer wrong"}),
        ("right", {"HTTP_AUTHORIZATION": "Basic right"}),
        ("", {"HTTP_AUTHORIZATION": "Bearer "}),
    ],
)
def test_strangers_are_refused(client, settings, token, headers):
    settings.METRICS_TOKEN = token
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9", **headers).status_code == 403


def test_the_token_opens_it_from_anywhere(client, settings):
    settings.METRICS_TOKEN = "right"
    answer = client.get("/metrics", REMOTE_ADDR="203.0.113.9", **TOKEN)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")


def test_this_machine_needs_no_token(client):
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="::1").status_code == 200


def test_a_stranger_behind_an_undeclared_proxy_does_not_look_local(client):
    answer = client.get("/metrics", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert answer.status_code == 403


def test_a_stranger_behind_fewer_proxies_than_declared_does_not_look_local(client, settings):
    settings.TRUSTED_PROXIES = 2
    answer = client.get("/metrics", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert answer.status_code == 403


def test_behind_a_declared_proxy_the_caller_counts(client, settings):
    settings.TRUSTED_PROXIES = 1
    assert client.get("/metrics", HTTP_X_FORWARDED_FOR="203.0.113.9").status_code == 403
    assert client.get("/metrics", HTTP_X_FORWARDED_FOR="127.0.0.1").status_code == 200


def test_requests_are_counted_by_route_and_never_by_path(client):
    client.get("/healthz")
    client.get("/no-such-page-hunter")
    page = client.get("/metrics").content.decode()
    assert 'steward_http_request_seconds_count{method="GET",route="healthz",status="2xx"}' in page
    assert "no-such-page" not in page
