"""The credentials of an identity on its page: a rotation that goes on, secrets and keys, elsewhere, tokens."""

from datetime import timedelta

import pytest
from django.utils import timezone

from identities.credentials import elsewhere, keys, services as credentials, usage
from identities.credentials.models import ClientKey, ClientSecret
from identities.credentials.usage import Source
from identities.inventory import usage as marks
from identities.inventory.models import ManagedIdentity
from identities.people.models import PortalRole
from tests.factories import client_keys, pages, people, tokens

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


@pytest.fixture
def admin():
    return people.person(role=PortalRole.ADMIN, email="ada@example.com")


@pytest.fixture
def client(admin):
    return pages.signed_in(admin)


@pytest.fixture
def bot(admin):
    return tokens.identity(of=admin.tenant, name="payroll-bot")


def seen(client, bot):
    return client.get(pages.page(bot, "credentials")).content.decode()


def in_order(page, *words):
    places = [page.index(word) for word in words]
    return places == sorted(places)


def test_without_anything_it_says_what_is_missing_and_offers_both(client, bot):
    page = seen(client, bot)
    assert "No secret and no key" in page
    assert "until it has a secret or a key" in page
    assert pages.command(bot, "issue-secret") in page
    assert pages.command(bot, "add-key") in page


def test_an_identity_with_only_a_key_lacks_nothing(client, bot):
    signing = client_keys.signing(of=bot)
    page = seen(client, bot)
    assert "until it has" not in page
    assert signing.key.thumbprint[:12] in page
    assert pages.command(bot, "revoke-key", signing.key.pk) in page
    assert pages.command(bot, "renew", signing.key.pk) in page
    assert "the private half was never here" in page


def test_the_rotation_that_goes_on_comes_first_with_its_chart(client, bot):
    credentials.issue(bot, actor=people.SYSTEM)
    old, new = client_keys.signing(of=bot), client_keys.signing(of=bot)
    for one in (old, new, new):
        usage.note(one.key.pk, bot.pk, source=Source("10.0.0.7", "cron/1"), at=timezone.now(), kind=ClientKey)
    marks.flush()
    page = seen(client, bot)
    assert in_order(page, "Being rotated: ", "New one seen", "with the new one <b>2</b>", "Secrets and keys")
    assert in_order(page, "Secrets and keys", "Credentials elsewhere", "Live tokens")
    assert pages.page(bot.rotations.get()) in page
    assert "being replaced" in page
    assert "replaces it" in page


def test_who_was_shown_a_secret_is_said_and_that_they_left(client, bot, admin):
    secret = credentials.issue(bot, actor=people.SYSTEM).secret
    assert "account disabled" not in seen(client, bot)
    left = people.person(of=admin.tenant, email="gone@example.com", is_active=False)
    secret.showings.create(person=left, label=left.email)
    page = seen(client, bot)
    assert "gone@example.com" in page
    assert "account disabled" in page


def test_what_ended_stays_below_what_works(client, bot):
    first = credentials.issue(bot, actor=people.SYSTEM).secret
    credentials.revoke(first, reason="Leaver", actor=people.SYSTEM)
    second = credentials.issue(bot, actor=people.SYSTEM).secret
    ClientSecret.objects.filter(pk=second.pk).update(created_at=timezone.now() - timedelta(days=300))
    ClientKey.objects.filter(pk=client_keys.signing(of=bot).key.pk).update(throttled_at=timezone.now())
    page = seen(client, bot)
    assert in_order(page, "slowed down", str(second), "Leaver")
    assert "rotation overdue" in page


def test_elsewhere_tells_fingerprint_and_end(client, bot):
    print_of = "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8"
    facts = {"kind": "ssh_key", "name": "deploy@payroll", "fingerprint": print_of}
    elsewhere.describe(bot, facts=facts | {"expires_at": timezone.now() + timedelta(days=90)}, actor=people.SYSTEM)
    page = seen(client, bot)
    assert f"{print_of[:23]}…" in page
    assert f"Fingerprint {print_of}" in page
    assert "SSH key" in page
    assert "in 2 months" in page


def test_an_identity_that_we_issue_nothing_has_only_what_is_elsewhere(client, bot):
    ManagedIdentity.objects.filter(pk=bot.pk).update(issuance="external")
    page = seen(client, bot)
    assert "Credentials elsewhere" in page
    assert "Secrets and keys" not in page


def test_whoever_only_reads_has_no_button(bot, admin):
    client_keys.signing(of=bot)
    reader = pages.signed_in(people.person(role=PortalRole.READ_ONLY, of=admin.tenant, email="ro@example.com"))
    page = seen(reader, bot)
    assert "Secrets and keys" in page
    for way in ("add-key", "issue-secret", "revoke-key", "add-elsewhere", "do/renew"):
        assert way not in page


def test_the_tab_asks_little_however_much_there_is(client, bot, admin, django_assert_max_num_queries):
    for number in range(6):
        secret = credentials.issue(bot, actor=people.SYSTEM).secret
        secret.showings.create(person=admin, label=admin.email)
        credentials.revoke(secret, reason="r", actor=people.SYSTEM)
        elsewhere.describe(bot, facts={"kind": "ssh_key", "name": f"k{number}"}, actor=people.SYSTEM)
    for _ in range(2):
        credentials.issue(bot, actor=people.SYSTEM)
    keys.add_key(bot, public_key=client_keys.pem_of(client_keys.private("ES256")), actor=people.SYSTEM)
    seen(client, bot)
    with django_assert_max_num_queries(MOST_QUERIES):
        seen(client, bot)
