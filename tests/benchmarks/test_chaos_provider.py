"""The sign-in provider of the outages: what it says is signed by the key it shows, before and after it was killed."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import jwt
import pytest

from benchmarks.chaos import provider
from benchmarks.chaos.signing_in import PERSON, Issuer


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    made = Issuer(tmp_path / "issuer")
    made.start()
    yield made
    made.kill()


def keys(issuer: Issuer) -> jwt.PyJWKSet:
    with urlopen(f"{issuer.url}/jwks", timeout=10) as answer:
        return jwt.PyJWKSet.from_dict(json.load(answer))


def told(issuer: Issuer) -> str:
    with urlopen(f"{issuer.url}/token", data=b"code=any", timeout=10) as answer:
        return str(json.load(answer)["id_token"])


def test_it_vouches_for_one_person_under_a_key_that_outlives_it(issuer: Issuer) -> None:
    before = keys(issuer)["chaos"]
    issuer.kill()
    assert not issuer.is_up()
    issuer.start()
    claims = jwt.decode(told(issuer), before, algorithms=["RS256"], audience=provider.CLIENT_ID, issuer=issuer.url)
    assert (claims["email"], claims["email_verified"]) == (PERSON, True)


def test_without_its_keys_it_goes_on_to_vouch(issuer: Issuer) -> None:
    issuer.hide_keys()
    with pytest.raises(HTTPError) as refused:
        keys(issuer)
    refused.value.close()
    assert refused.value.code == 503
    assert told(issuer)
    issuer.show_keys()
    assert keys(issuer)["chaos"].key_id == "chaos"
