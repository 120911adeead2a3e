"""Questionnaires: who gets no answer in, what an answer becomes, and that no secret gets through."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from identities.credentials.models import ExternalCredential
from identities.discovery import questionnaires
from identities.discovery.models import Questionnaire
from identities.errors import Conflict, Invalid, Missing
from identities.inventory.models import ManagedIdentity
from tests.factories import register
from tests.factories.imports import SYSTEM
from tests.factories.keys import A, B, id_of, process

pytestmark = pytest.mark.django_db
FACTS = {"name": "payroll bot", "kind": "bot", "purpose": "Pays.", "technical_owner": "ann@example.com"}


@pytest.fixture
def tenant():
    return register.tenant()


def opened(tenant, **members):
    wanted = {"title": "Mainframe", "expires_at": timezone.now() + timedelta(days=3), **members}
    return questionnaires.begin(tenant=tenant, actor=SYSTEM, **wanted)


@pytest.mark.parametrize(
    "members",
    [
        {"title": " "},
        {"title": "x" * 101},
        {"title": "a\nb"},
        {"expires_at": timezone.now() - timedelta(days=1)},
        {"expires_at": timezone.now() + timedelta(days=400)},
    ],
)
def test_a_title_and_an_end_are_wanted(tenant, members):
    with pytest.raises(Invalid):
        opened(tenant, **members)


@pytest.mark.parametrize("token", ["", "nothing", "x" * 10_000, "\x00"])
def test_an_unknown_link_leads_nowhere(tenant, token):
    opened(tenant)
    with pytest.raises(Missing):
        questionnaires.behind(token)


def test_a_link_that_is_over_says_so(tenant):
    made = opened(tenant)
    questionnaires.close(made.questionnaire, reason="Done.", actor=SYSTEM)
    with pytest.raises(Conflict):
        questionnaires.behind(made.token)
    with pytest.raises(Conflict):
        questionnaires.answer(made.questionnaire, facts=FACTS)
    with pytest.raises(Conflict):
        questionnaires.close(made.questionnaire, reason="Again.", actor=SYSTEM)
    late = opened(tenant)
    Questionnaire.objects.filter(pk=late.questionnaire.pk).update(expires_at=timezone.now())
    with pytest.raises(Conflict):
        questionnaires.behind(late.token)


def test_the_link_is_kept_nowhere(tenant):
    made = opened(tenant)
    kept = [str(value) for row in Questionnaire.objects.values() for value in row.values()]
    told = [f"{event.details}{event.changes}" for event in AuditEvent.objects.all()]
    assert not [text for text in [*kept, *told, repr(made)] if made.token in text]


@pytest.mark.parametrize("place", ["purpose", "stored_at", "name"])
def test_what_reads_like_a_secret_is_refused(tenant, place):
    made = opened(tenant)
    secret = "AKIA" + "IOSFODNN7EXAMPLQ password=hunter2hunter2"
    facts, stored_at = ({**FACTS, place: secret}, "") if place != "stored_at" else (FACTS, secret)
    with pytest.raises(Invalid, match="reads like a secret"):
        questionnaires.answer(made.questionnaire, facts=facts, stored_at=stored_at)
    assert not ManagedIdentity.objects.filter(tenant=tenant).exists()


def test_there_is_an_end_to_answers(tenant):
    made = opened(tenant)
    Questionnaire.objects.update(answers=questionnaires.MAX_ANSWERS)
    with pytest.raises(Conflict, match="as many answers"):
        questionnaires.answer(made.questionnaire, facts=FACTS)


def test_an_answer_becomes_a_draft_that_says_where_it_comes_from(tenant):
    owner = register.person(tenant, email="ann@example.com")
    made = opened(tenant)
    questionnaires.answer(questionnaires.behind(made.token), facts=FACTS, stored_at="vault, payroll/bot")
    draft = ManagedIdentity.objects.get(name="payroll bot")
    assert (draft.state, draft.issuance, draft.technical_owner) == ("requested", "external", owner)
    assert draft.provenance["purpose"]["source"] == "questionnaire/Mainframe"
    assert ExternalCredential.objects.get(identity=draft).stored_at == "vault, payroll/bot"
    assert draft.source_records.get().source == "questionnaire/Mainframe"
    made.questionnaire.refresh_from_db()
    assert made.questionnaire.answers == 1


def test_a_link_of_before_the_key_was_replaced_is_brought_over_when_it_is_opened(tenant):
    with process(A):
        made = opened(tenant)
    with process(B), pytest.raises(Missing):
        questionnaires.behind(made.token)
    with process(B, A):
        assert questionnaires.behind(made.token) == made.questionnaire
    with process(B):
        assert questionnaires.behind(made.token).digest_key == id_of(B)
