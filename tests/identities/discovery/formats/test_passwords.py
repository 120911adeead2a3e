import pytest

from identities.discovery.formats.passwords import guess, host_of, targets


@pytest.mark.parametrize(
    "header",
    ["Password", "login_password", "OTPAuth", "login_totp", "otpSecret", "Master Password", "Client Secret", "PIN"],
)
def test_columns_of_secrets_are_known_by_name(header):
    assert guess(header) == "secret"
    assert targets([header], {header: "title"})[header] == "secret"


@pytest.mark.parametrize("header", ["Notes", "extra", "Comments", "fields", "colour"])
def test_free_text_and_unknown_columns_are_ignored(header):
    assert guess(header) == "ignored"


def test_the_date_of_a_passwords_last_change_is_no_secret():
    assert guess("timePasswordChanged") == "modified"


def test_the_first_column_for_a_target_has_it():
    assert targets(["Title", "Name"], {}) == {"Title": "title", "Name": "ignored"}
    assert targets(["Title", "Name"], {"Name": "title"}) == {"Title": "ignored", "Name": "title"}


@pytest.mark.parametrize(
    "address",
    [
        "https://u:p@api.example.org:8443/x?token=1",
        "api.example.org",
        "api.example.org/path",
        "postgres://u:p@api.example.org/db",
    ],
)
def test_of_an_address_only_the_host_is_kept(address):
    assert host_of(address) == "api.example.org"


def test_what_is_no_address_has_no_host():
    assert host_of("http://[::broken") == ""
    assert host_of("") == ""
