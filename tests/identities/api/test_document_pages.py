"""The pages that show the document: they load nothing from elsewhere."""

import re

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs?script=", "/api/docs/redoc"])
def test_its_readers_load_nothing_from_elsewhere_and_write_no_script_into_the_page(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
