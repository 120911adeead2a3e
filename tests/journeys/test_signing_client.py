"""The client that the page on Passport shows, as it stands there, against a server that answers over HTTP."""

import re
import urllib.error
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import LazySettings

from identities.credentials import keys
from identities.tokens.verification import verify_access_token
from tests.factories import client_keys, passport, tokens as made

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "passport.md"


def client_of_the_page() -> Any:
    section = PAGE.read_text(encoding="utf-8").split("## Sign instead of sending a secret")[1].split("\n## ")[0]
    (code,) = re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert len(code.strip().splitlines()) <= 20
    found: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), found)
    return found["token"]


def test_the_client_of_the_page_gets_a_token_each_time(live_server: Any, settings: LazySettings) -> None:
    settings.PASSPORT_ISSUER = live_server.url
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    bot = made.identity()
    with passport.fresh():
        keys.add_key(bot, public_key=client_keys.pem_of(private), kid="payroll-2027", actor=made.SYSTEM)
        token = client_of_the_page()
        found = [token(live_server.url, bot.client_id, "payroll-2027", pem) for _ in range(2)]
        assert {verify_access_token(text).client_id for text in found} == {bot.client_id}
        with pytest.raises(urllib.error.HTTPError) as refused:
            token(live_server.url, bot.client_id, "another", pem)
        with refused.value as answer:
            assert answer.code == 401
