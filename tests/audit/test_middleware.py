"""The correlation id and the address of a request."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from audit import context
from audit.middleware import CorrelationMiddleware, address_of

FORWARDED = "198.51.100.66, 203.0.113.9, 10.0.0.2"


def answer(**headers: str) -> tuple[HttpResponse, context.Context]:
    seen: list[context.Context] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(context.current())
        return HttpResponse()

    return CorrelationMiddleware(view)(RequestFactory().get("/", headers=headers)), seen[0]


def test_a_well_formed_id_is_taken_over_and_answered() -> None:
    response, seen = answer(X_Correlation_ID="order-2026.05_01")
    assert response["X-Correlation-ID"] == seen.correlation_id == "order-2026.05_01"


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "has space in it", "line\nbreak", "ünïcödé-id", "-leading-dash"]
)
def test_any_other_id_is_replaced(given: str) -> None:
    response, seen = answer(X_Correlation_ID=given)
    assert context.is_well_formed(seen.correlation_id)
    assert response["X-Correlation-ID"] == seen.correlation_id != given


def test_nothing_stays_bound_after_the_answer() -> None:
    answer(X_Correlation_ID="order-2026")
    assert context.current() == context.Context()


@pytest.mark.parametrize(
    ("proxies", "address"),
    [(0, "10.0.0.1"), (1, "10.0.0.2"), (2, "203.0.113.9"), (3, "198.51.100.66"), (4, "10.0.0.1")],
)
def test_only_as_many_hops_are_believed_as_there_are_proxies(settings: Any, proxies: int, address: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": FORWARDED})
    assert address_of(request) == address
