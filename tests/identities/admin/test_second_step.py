"""Signing in with more than a password: nothing opens half-way, codes are few, and what is required comes first."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from identities.people import proofs, second_factor, services
from identities.people.actors import actor_of
from tests.factories import factors, people
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.django_db
INDEX, LOGIN, PROVE, ENROL = "/admin/", "/admin/login/", "/admin/login/second-factor/", "/admin/login/enrolment/"


def half_way(user, next_url=INDEX):
    client = Client()
    return client, client.post(LOGIN, {"username": user.email, "password": PASSWORD, "next": next_url})


def is_in(client):
    return client.get(INDEX).status_code == 200


def types(user):
    return list(AuditEvent.objects.filter(subject_id=str(user.pk)).order_by("id").values_list("type", flat=True))


def test_the_password_alone_opens_no_page_and_no_route():
    person = people.person()
    factors.with_app(person)
    client, answer = half_way(person)
    assert answer["Location"] == PROVE
    assert client.get(INDEX).status_code == 302
    assert client.get("/api/auth/me").status_code == 401
    assert client.get("/admin/me/").status_code == 302
    assert "user.signed_in" not in types(person)


def test_a_wrong_password_says_nothing_of_a_second_factor():
    person = people.person()
    factors.with_app(person)
    answers = [
        Client().post(LOGIN, {"username": email, "password": "Wrong-Password-9"})
        for email in (person.email, people.person().email, "nobody@example.com")
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert all(b"do not go together" in answer.content for answer in answers)


@pytest.mark.parametrize("page", [PROVE, ENROL])
def test_without_the_first_step_there_is_no_second(page):
    client = Client()
    for answer in (client.get(page), client.post(page, {"code": "000000"})):
        assert (answer.status_code, answer["Location"]) == (302, LOGIN)


def test_who_has_one_does_not_get_by_with_setting_up_another():
    person = people.person()
    factors.with_app(person)
    client, _ = half_way(person)
    assert client.get(ENROL)["Location"] == LOGIN
    assert not is_in(client)


def test_a_wrong_code_opens_nothing_and_is_on_record():
    person = people.person()
    app, _ = factors.with_app(person)
    client, _ = half_way(person)
    answer = client.post(PROVE, {"code": app.wrong()})
    assert answer.status_code == 422
    assert not is_in(client)
    assert types(person)[-1] == "user.second_factor_refused"


def test_after_ten_wrong_codes_the_door_is_shut_from_everywhere():
    person = people.person()
    app, _ = factors.with_app(person)
    for _ in range(10):
        client, _ = half_way(person)
        client.post(PROVE, {"code": app.wrong()})
    client, _ = half_way(person)
    answer = client.post(PROVE, {"code": app.code()}, REMOTE_ADDR="198.51.100.7")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 900
    assert not is_in(client)


def test_the_first_step_is_forgotten_after_ten_minutes():
    person = people.person()
    app, _ = factors.with_app(person)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client, _ = half_way(person)
        clock.shift(601)
        assert client.post(PROVE, {"code": app.code()})["Location"] == LOGIN
        assert not is_in(client)


@pytest.mark.parametrize("what", ["password", "disabled"])
def test_the_first_step_ends_with_the_password_and_with_the_account(what):
    person = people.person()
    people.person(of=person.tenant)
    app, _ = factors.with_app(person)
    client, _ = half_way(person)
    if what == "password":
        services.set_password(person, password="Quite-New-Words-7", actor=actor_of(person))
    else:
        services.disable_user(person, actor=people.SYSTEM, reason="Left.")
    assert client.post(PROVE, {"code": app.code()})["Location"] == LOGIN


def test_the_right_code_opens_the_door_and_goes_where_they_wanted():
    person = people.person()
    app, _ = factors.with_app(person)
    client, _ = half_way(person, "/admin/identities/team/")
    assert client.get(PROVE).status_code == 200
    answer = client.post(PROVE, {"code": app.code()})
    assert answer["Location"] == "/admin/identities/team/"
    assert is_in(client)
    assert types(person)[-2:] == ["user.second_factor_proved", "user.signed_in"]


def test_it_never_leads_out_of_the_house():
    person = people.person()
    app, _ = factors.with_app(person)
    client, _ = half_way(person, "https://evil.example/")
    assert client.post(PROVE, {"code": app.code()})["Location"] == INDEX


def test_the_session_of_the_first_step_is_not_the_one_that_is_signed_in():
    person = people.person()
    app, _ = factors.with_app(person)
    client, _ = half_way(person)
    before = client.session.session_key
    client.post(PROVE, {"code": app.code()})
    assert client.session.session_key != before


def test_a_recovery_code_does_as_well():
    person = people.person()
    _, codes = factors.with_app(person)
    client, _ = half_way(person)
    assert client.post(PROVE, {"code": codes[0]}).status_code == 302
    assert is_in(client)


def test_the_notice_of_it_leads_to_ones_own_page():
    person = people.person()
    _, codes = factors.with_app(person)
    client, _ = half_way(person)
    client.post(PROVE, {"code": codes[0]})
    told = client.get("/admin/notices/").content.decode()
    assert "A recovery code of yours was used" in told
    assert "/admin/me/?tab=second-factor" in told


@pytest.mark.parametrize("credential", ["nonsense", "[]", "{}", '{"id": 1}', '{"response": {}}', "[" * 9000])
def test_what_is_no_passkey_is_refused(credential):
    person = people.person()
    factors.with_app(person)
    client, _ = half_way(person)
    assert client.post(PROVE, {"credential": credential}).status_code == 422
    assert not is_in(client)


def test_passkeys_that_prove_nothing_do_not_fill_the_record():
    person = people.person()
    factors.with_app(person)
    client, _ = half_way(person)
    for _ in range(proofs.passkey_refusals.a_minute + 3):
        assert client.post(PROVE, {"credential": "{}"}).status_code == 422
    assert types(person).count("user.second_factor_refused") == proofs.passkey_refusals.a_minute


def test_where_one_is_required_it_is_set_up_before_anything_else(settings):
    settings.STEWARD_SECOND_FACTOR = "required"
    person = people.person()
    client, answer = half_way(person, "/admin/identities/team/")
    assert answer["Location"] == ENROL
    for path in (INDEX, "/admin/me/", "/admin/password_change/", "/admin/identities/team/"):
        assert client.get(path)["Location"].startswith(LOGIN)
    assert client.get("/api/auth/me").status_code == 401
    app = factors.App(client.get(ENROL).context["seed"])
    assert client.post(ENROL, {"code": app.wrong()}).status_code == 422
    assert not is_in(client)
    with factors.one_moment():
        done = client.post(ENROL, {"code": app.code(-1)})
    assert len(done.context["codes"]) == 10
    assert done.context["target"] == "/admin/identities/team/"
    assert done["Cache-Control"].startswith("no-store")
    assert is_in(client)
    assert types(person)[-3:] == ["user.second_factor_added", "user.recovery_codes_made", "user.signed_in"]
    client, answer = half_way(person)
    assert answer["Location"] == PROVE


def test_a_code_for_a_seed_the_page_never_showed_sets_up_nothing(settings):
    settings.STEWARD_SECOND_FACTOR = "required"
    person = people.person()
    client, _ = half_way(person)
    app = factors.App(second_factor.new_seed())
    assert client.post(ENROL, {"code": app.code(), "seed": app.seed}).status_code == 422
    assert not second_factor.factors(person)


def test_a_seed_that_was_shown_to_somebody_else_in_this_browser_is_nobody_elses(settings):
    settings.STEWARD_SECOND_FACTOR = "required"
    person, other = people.person(), people.person()
    client, _ = half_way(person)
    seen = client.get(ENROL).context["seed"]
    client.post(LOGIN, {"username": other.email, "password": PASSWORD})
    assert client.get(ENROL).context["seed"] != seen
    assert client.post(ENROL, {"code": factors.App(seen).code()}).status_code == 422
    assert not second_factor.factors(other)


def test_the_seed_rests_sealed_in_the_session(settings):
    settings.STEWARD_SECOND_FACTOR = "required"
    client, _ = half_way(people.person())
    seed = client.get(ENROL).context["seed"].replace(" ", "")
    assert seed not in str(dict(client.session))


def test_who_must_choose_a_new_password_does_so_after_the_second_factor():
    person = people.person(must_reset_password=True)
    app, _ = factors.with_app(person)
    client, _ = half_way(person)
    client.post(PROVE, {"code": app.code()})
    assert client.get(INDEX)["Location"] == "/admin/password_change/"


def test_a_password_that_is_too_old_is_changed_first(settings):
    settings.AUTH_PASSWORD_MAX_AGE_DAYS = 30
    person = people.person(password_set_at=timezone.now() - timedelta(days=31))
    client, _ = half_way(person)
    assert client.get("/admin/me/")["Location"] == "/admin/password_change/"
    assert "older than 30 days" in client.get("/admin/password_change/").content.decode()
    new = "Quite-New-Words-7"
    client.post("/admin/password_change/", {"current": PASSWORD, "password": new, "again": new})
    assert is_in(client)


def test_switched_off_the_password_is_enough_again(settings):
    person = people.person()
    factors.with_app(person)
    settings.STEWARD_SECOND_FACTOR = "off"
    client, _ = half_way(person)
    assert is_in(client)
