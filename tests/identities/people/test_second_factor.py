"""A person's second factor: who may have one, what it is proved with, how few guesses there are, and its end."""

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.utils import timezone

from audit.models import AuditEvent
from identities.errors import Conflict, Invalid, Missing, Refused
from identities.people import proofs, second_factor
from identities.people.actors import actor_of
from identities.people.models import Notice, PortalRole, User
from identities.people.second_factor import Asked, Kind
from identities.people.sign_in import open_session
from tests.factories import factors, people

pytestmark = pytest.mark.django_db


def prove(user: User, code: str) -> Kind:
    return proofs.prove_code(user, code=code, source="test")


def events(user: User) -> list[str]:
    return list(AuditEvent.objects.filter(subject_id=str(user.pk)).order_by("id").values_list("type", flat=True))


def test_a_service_user_can_be_given_none():
    agent = people.agent()
    app = factors.App(second_factor.new_seed())
    with pytest.raises(Refused):
        second_factor.add_app(agent, seed=app.seed, code=app.code(), actor=people.SYSTEM)
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("policy", ["off", "optional", "required"])
def test_a_service_user_is_asked_for_none_whatever_is_required(settings, policy, django_assert_num_queries):
    settings.STEWARD_SECOND_FACTOR = policy
    agent = people.agent()
    with django_assert_num_queries(0):
        assert second_factor.asked_of(agent) is Asked.NOTHING


def test_an_app_that_shows_another_code_is_not_taken():
    person = people.person()
    app = factors.App(second_factor.new_seed())
    with pytest.raises(Invalid) as caught:
        second_factor.add_app(person, seed=app.seed, code=app.wrong(), actor=actor_of(person))
    assert "code" in caught.value.errors
    assert second_factor.asked_of(person) is Asked.NOTHING
    assert events(person) == []


def test_none_is_set_up_where_they_are_switched_off(settings):
    settings.STEWARD_SECOND_FACTOR = "off"
    with pytest.raises(Conflict):
        factors.with_app(people.person())


def test_switched_off_nobody_is_asked(settings):
    person = people.person()
    factors.with_app(person)
    settings.STEWARD_SECOND_FACTOR = "off"
    assert second_factor.asked_of(person) is Asked.NOTHING


def test_who_has_none_is_asked_to_set_one_up_where_it_is_required(settings):
    person = people.person()
    settings.STEWARD_SECOND_FACTOR = "required"
    assert second_factor.asked_of(person) is Asked.ENROLMENT
    factors.with_app(person)
    assert second_factor.asked_of(person) is Asked.PROOF


def test_a_code_of_the_app_proves_once():
    person = people.person()
    app, _ = factors.with_app(person)
    assert prove(person, f" {app.code()[:3]} {app.code()[3:]} ") is Kind.APP
    with pytest.raises(proofs.WrongProof):
        prove(person, app.code())


def test_a_code_is_not_replayed_when_the_cache_has_forgotten_it():
    person = people.person()
    app, _ = factors.with_app(person)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False) as clock:
        code = app.code()
        prove(person, code)
        clock.shift(31)  # still within the drift that is allowed
        with pytest.raises(proofs.WrongProof):
            prove(person, code)


def test_the_code_before_a_used_one_proves_nothing_any_more():
    person = people.person()
    app, _ = factors.with_app(person)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        prove(person, app.code())
        with pytest.raises(proofs.WrongProof):
            prove(person, app.code(-1))


@pytest.mark.parametrize(
    "code", ["", "      ", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "0" * 500, "123\x00456"]
)
def test_what_is_no_code_is_refused_as_a_wrong_one(code):
    person = people.person()
    factors.with_app(person)
    with pytest.raises(proofs.WrongProof):
        prove(person, code)


def test_a_recovery_code_proves_once_and_its_owner_is_told():
    person = people.person()
    _, codes = factors.with_app(person)
    assert len(set(codes)) == 10
    assert prove(person, f"{codes[3][:5]} {codes[3][5:]}") is Kind.RECOVERY
    assert second_factor.recovery_codes_left(person) == 9
    with pytest.raises(proofs.WrongProof):
        prove(person, codes[3])
    assert Notice.objects.get(person=person, kind="recovery_code_used").kind == "recovery_code_used"


def test_somebody_elses_recovery_code_proves_nothing():
    person, other = people.person(), people.person()
    factors.with_app(person)
    _, codes = factors.with_app(other)
    with pytest.raises(proofs.WrongProof):
        prove(person, codes[0])


def test_after_ten_wrong_codes_the_right_one_is_not_looked_at_either_and_the_owner_is_told():
    person = people.person()
    app, codes = factors.with_app(person)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False) as clock:
        for _ in range(10):
            with pytest.raises(proofs.WrongProof):
                prove(person, app.wrong())
        for code in (app.code(), codes[0], app.wrong()):
            with pytest.raises(proofs.TooManyCodes) as shut:
                prove(person, code)
        assert 0 < shut.value.seconds <= 900
        assert events(person).count("user.second_factor_refused") == 10
        assert Notice.objects.filter(person=person, kind="second_factor_guessed").count() == 1
        clock.shift(901)
        assert prove(person, app.code()) is Kind.APP


def test_wrong_codes_of_one_person_shut_nobody_elses_door():
    person, other = people.person(), people.person()
    app, _ = factors.with_app(person)
    theirs, _ = factors.with_app(other)
    for _ in range(10):
        with pytest.raises(proofs.WrongProof):
            prove(person, app.wrong())
    assert prove(other, theirs.code()) is Kind.APP


def test_seeds_rest_sealed_and_stand_in_no_record():
    person = people.person()
    app, codes = factors.with_app(person)
    prove(person, codes[0])
    rows = str(list(Authenticator.objects.values_list("data", flat=True)))
    written = rows + str([event.as_record() for event in AuditEvent.objects.all()]) + str(list(Notice.objects.values()))
    assert not [text for text in (app.seed, *codes) if text in written]


def test_a_seed_does_not_open_under_another_key(settings):
    person = people.person()
    app, _ = factors.with_app(person)
    settings.STEWARD_ENCRYPTION_KEY = "A" * 43
    with pytest.raises(ValueError, match="second factors"):
        prove(person, app.code())


def test_a_second_app_takes_the_place_of_the_first_and_keeps_the_recovery_codes():
    person = people.person()
    old, codes = factors.with_app(person)
    new = factors.App(second_factor.new_seed())
    with factors.one_moment():
        added = second_factor.add_app(person, seed=new.seed, code=new.code(-1), actor=actor_of(person))
    assert added.codes == []
    assert len(second_factor.factors(person)) == 1
    with pytest.raises(proofs.WrongProof):
        prove(person, old.code())
    assert prove(person, new.code()) is Kind.APP
    assert prove(person, codes[0]) is Kind.RECOVERY


def test_somebody_elses_factor_is_not_removed():
    person, other = people.person(), people.person()
    factors.with_app(other)
    with pytest.raises(Missing):
        second_factor.remove(person, factor_id=second_factor.factors(other)[0].id, actor=actor_of(person))


def test_the_last_one_stays_where_one_is_required(settings):
    person = people.person()
    factors.with_app(person)
    settings.STEWARD_SECOND_FACTOR = "required"
    with pytest.raises(Conflict, match="add another"):
        second_factor.remove(person, factor_id=second_factor.factors(person)[0].id, actor=actor_of(person))


def test_with_the_last_one_the_recovery_codes_go():
    person = people.person()
    factors.with_app(person)
    second_factor.remove(person, factor_id=second_factor.factors(person)[0].id, actor=actor_of(person))
    assert not Authenticator.objects.exists()
    assert second_factor.asked_of(person) is Asked.NOTHING
    assert events(person)[-1] == "user.second_factor_removed"


def test_whose_account_it_is_hears_of_each_factor_that_comes_and_goes():
    person = people.person()
    factors.with_app(person)
    second_factor.remove(person, factor_id=second_factor.factors(person)[0].id, actor=actor_of(person))
    told = Notice.objects.filter(person=person, kind="second_factor_changed").order_by("created_at")
    assert list(told.values_list("subject", flat=True)) == [
        "A second factor was added to your account",
        "A second factor was removed from your account",
    ]


def test_new_recovery_codes_end_the_old_ones():
    person = people.person()
    with pytest.raises(Conflict):
        second_factor.renew_recovery_codes(person, actor=actor_of(person))
    _, old = factors.with_app(person)
    new = second_factor.renew_recovery_codes(person, actor=actor_of(person))
    assert not set(old) & set(new)
    with pytest.raises(proofs.WrongProof):
        prove(person, old[0])
    assert prove(person, new[0]) is Kind.RECOVERY


def test_nobody_resets_without_a_reason_their_own_or_one_beyond_their_reach():
    admin = people.person()
    colleague = people.person(of=admin.tenant)
    wide = [people.person(of=admin.tenant, role=PortalRole.AUDITOR), people.platform_admin(of=admin.tenant)]
    for person in (admin, colleague, *wide):
        factors.with_app(person)
    with pytest.raises(Invalid):
        second_factor.reset(colleague, actor=actor_of(admin), reason=" ")
    for person in (admin, *wide):
        with pytest.raises(Refused):
            second_factor.reset(person, actor=actor_of(admin), reason="Lost phone.")
        assert second_factor.asked_of(person) is Asked.PROOF
    with pytest.raises(Conflict):
        second_factor.reset(people.person(of=admin.tenant), actor=actor_of(admin), reason="Lost phone.")


def test_a_reset_takes_everything_ends_sessions_says_why_and_tells_them():
    admin = people.person()
    person = people.person(of=admin.tenant)
    factors.with_app(person)
    session = open_session(person)
    second_factor.reset(person, actor=actor_of(admin), reason="Lost phone.")
    assert second_factor.asked_of(person) is Asked.NOTHING
    assert not person.refresh_tokens.open().filter(pk=session.refresh_id).exists()
    event = AuditEvent.objects.filter(type="user.second_factor_removed").get()
    assert (event.actor_id, event.reason) == (str(admin.pk), "Lost phone.")
    assert event.details["kinds"] == ["recovery_codes", "totp"]
    assert Notice.objects.filter(person=person, kind="second_factor_reset").count() == 1


def test_every_step_is_on_record():
    person = people.person()
    app, _ = factors.with_app(person)
    prove(person, app.code())
    with pytest.raises(proofs.WrongProof):
        prove(person, app.wrong())
    assert events(person) == [
        "user.second_factor_added",
        "user.recovery_codes_made",
        "user.second_factor_proved",
        "user.second_factor_refused",
    ]
    proved = AuditEvent.objects.get(type="user.second_factor_proved")
    assert proved.details == {"kind": "totp", "source": "test"}
