"""The toolkit's setting: every gate it knows is shut."""

from oauth2_provider import settings as toolkit

from config import oauth2


def test_a_token_lives_as_long_as_the_setting_says():
    assert oauth2.provider(token_ttl=5)["ACCESS_TOKEN_EXPIRE_SECONDS"] == 5


def test_every_gate_the_toolkit_knows_is_shut():
    known = {name for name in toolkit.DEFAULTS if name.startswith("COMPLIANT_BCP_RFC9700_")}
    made = oauth2.provider(token_ttl=5)
    assert known
    assert {name for name in known if made.get(name) is not True} == set()
