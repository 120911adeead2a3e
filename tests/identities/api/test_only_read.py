"""What is only read says so to whoever tries more, as the API says it."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs/redoc", "/api/schema"])
def test_they_are_only_read(client, path):
    answer = client.post(path, {})
    assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")
