"""What follows from the address the portal binds."""

import pytest

from config.management.commands.portal import answer_at, own_network
from config.portal.listening import Address


@pytest.fixture
def silent(settings):
    settings.PASSPORT_ISSUER_IS_SET = settings.PASSPORT_URL_IS_SET = False
    settings.STEWARD_OUTBOUND_PRIVATE_ALLOW, settings.OUTBOUND_RECEIVER = ["10.1.0.0/16"], None
    return settings


def test_issuer_and_passport_follow_the_bound_address(silent):
    answer_at(Address("127.0.0.1", 9000))
    assert silent.PASSPORT_ISSUER == silent.PASSPORT_URL == "http://127.0.0.1:9000"


def test_what_the_environment_says_stays(silent):
    silent.PASSPORT_ISSUER_IS_SET, silent.PASSPORT_ISSUER = True, "https://steward.acme.test"
    answer_at(Address("127.0.0.1", 9000))
    assert silent.PASSPORT_ISSUER == "https://steward.acme.test"
    assert silent.PASSPORT_URL == "http://127.0.0.1:9000"


def test_nodes_may_not_call_the_portal_itself(silent):
    silent.DEMO = False
    answer_at(Address("127.0.0.1", 9000))
    assert silent.STEWARD_OUTBOUND_PRIVATE_ALLOW == ["10.1.0.0/16"]
    assert silent.OUTBOUND_RECEIVER is None


def test_the_demo_opens_its_receiver_and_nothing_else_of_this_machine(silent):
    silent.DEMO = True
    answer_at(Address("127.0.0.1", 9000))
    assert silent.STEWARD_OUTBOUND_PRIVATE_ALLOW == ["10.1.0.0/16"]
    assert silent.OUTBOUND_RECEIVER == ("127.0.0.1/32", 9000, "/demo/payroll/")


@pytest.mark.parametrize(
    ("host", "network"),
    [("127.0.0.1", "127.0.0.1/32"), ("0.0.0.0", "127.0.0.1/32"), ("localhost", "127.0.0.1/32"), ("::1", "::1/128")],
)
def test_the_own_network_is_one_address(host, network):
    assert own_network(Address(host, 8000)) == network


def test_a_wildcard_opens_no_host(silent):
    before = list(silent.ALLOWED_HOSTS)
    answer_at(Address("0.0.0.0", 9000))
    assert before == silent.ALLOWED_HOSTS
