"""The pages of approvals: what is asked, whose word it has, and the giving of it; and no way around four eyes there."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from identities.admin.approval_content import content_table, flat
from identities.approvals import selectors
from identities.approvals.models import ApprovalRequest
from identities.inventory import services as inventory
from identities.people.models import PortalRole
from tests.factories import approvals, pages, register
from tests.factories.approvals import SYSTEM, asked, seen, veteran

pytestmark = pytest.mark.django_db
MOST_QUERIES = 12


@pytest.fixture(autouse=True)
def nothing_heard():
    approvals.seen()


@pytest.fixture
def tenant():
    return register.tenant()


@pytest.fixture
def asker(tenant):
    return veteran(tenant)


@pytest.fixture
def governor(tenant):
    return veteran(tenant)


@pytest.fixture
def owner(tenant):
    return veteran(tenant, PortalRole.ANALYST)


@pytest.fixture
def bot(tenant, owner):
    return register.identity(tenant, technical_owner=str(owner.pk), risk_tier="high")


def shown(person, row, tab: str = "") -> str:
    answer = pages.signed_in(person).get(pages.page(row, tab))
    assert answer.status_code == 200
    return answer.content.decode()


def press(person, row, key: str, **values):
    return pages.signed_in(person).post(pages.command(row, key), {"reason": "Looked at it", **values}, follow=True)


def test_who_asked_sees_why_and_has_no_button(bot, asker):
    approval = asked(bot, asker)
    page = shown(asker, approval)
    assert "You asked for this, or had a hand in what is asked" in page
    assert "/do/approve/" not in page
    assert "/do/reject/" not in page
    assert "/do/withdraw/" in page


@pytest.mark.parametrize("role", [PortalRole.READ_ONLY, PortalRole.AUDITOR])
def test_who_only_reads_gives_no_word(bot, asker, tenant, role):
    approval, reader = asked(bot, asker), veteran(tenant, role)
    assert "Your role only reads" in shown(reader, approval)
    for key in ("approve", "reject", "withdraw"):
        assert press(reader, approval, key).status_code == 403
    assert approval.votes.count() == 0


def test_a_word_that_is_refused_is_refused_here_too_and_on_record(bot, asker, tenant):
    approval = asked(bot, asker)
    for person, why in ((asker, "You asked for this"), (veteran(tenant, PortalRole.ANALYST), "It waits for")):
        for key in ("approve", "reject"):
            answer = press(person, approval, key, content_hash=approval.content_hash)
            assert answer.status_code == 422
            assert why in answer.content.decode()
    assert AuditEvent.objects.filter(type="approval.vote_refused").count() == 4
    assert seen() == []


def test_another_person_withdraws_nothing(bot, asker, owner):
    assert press(owner, asked(bot, asker), "withdraw").status_code == 403


def test_another_tenants_approval_is_not_there(bot, asker):
    stranger = veteran(register.tenant())
    assert pages.signed_in(stranger).get(pages.page(asked(bot, asker))).status_code in {302, 404}
    assert press(stranger, ApprovalRequest.objects.get(), "approve").status_code in {200, 404}
    assert ApprovalRequest.objects.get().votes.count() == 0


def test_two_people_approve_it_and_each_hears_what_is_left(bot, asker, owner, governor):
    approval = asked(bot, asker)
    assert "It waits for you." in shown(owner, approval)
    said = press(owner, approval, "approve", content_hash=approval.content_hash).content.decode()
    assert "1 more word is needed" in said
    assert "You have given your word on this already" in shown(owner, approval)
    said = press(governor, approval, "approve", content_hash=approval.content_hash).content.decode()
    assert "everybody has said yes" in said
    assert seen() == ["approved"]
    assert "Looked at it" in shown(asker, approval, "words")


def test_a_no_wants_a_reason_and_ends_it(bot, asker, owner):
    approval = asked(bot, asker)
    assert press(owner, approval, "reject", reason="").status_code == 422
    press(owner, approval, "reject", reason="Too much")
    page = shown(asker, approval)
    assert "Too much" in page
    assert "/do/withdraw/" not in page
    assert seen() == ["rejected"]


def test_who_asked_takes_it_back(bot, asker):
    press(asker, asked(bot, asker), "withdraw")
    assert seen() == ["withdrawn"]


def test_a_tab_that_shows_what_was_asked_before_loses(bot, asker, owner):
    first = asked(bot, asker)
    form = pages.signed_in(owner).get(pages.command(first, "approve")).content.decode()
    assert first.content_hash in form
    inventory.change(bot, facts={"purpose": "Sends money."}, actor=SYSTEM)
    answer = press(owner, first, "approve", content_hash=first.content_hash)
    assert "It was asked anew" in answer.content.decode() or "was asked anew" in answer.content.decode()
    anew = selectors.pending_of(first.subject_kind, first.subject_id)
    assert anew is not None
    answer = press(owner, anew, "approve", content_hash=first.content_hash)
    assert answer.status_code == 422
    assert "not what you saw" in answer.content.decode()
    assert anew.votes.count() == 0


def test_what_changes_is_shown_before_and_after(bot, asker, owner):
    first = asked(bot, asker)
    inventory.change(bot, facts={"purpose": "Sends money."}, actor=SYSTEM)
    second = asked(bot, asker, previous_content=first.content, ticket="https://tickets.example.com/1",
                   change_note="More <b>", rollback_plan="Back")  # fmt: skip
    page = shown(owner, second)
    for text in ("Runs payroll.", "Sends money.", "changes", owner.email, "https://tickets.example.com/1", "Back"):
        assert text in page
    assert "More &lt;b&gt;" in page
    assert "has changed since" in shown(owner, first)
    assert pages.page(second) in shown(owner, first)


def test_what_waits_for_me_comes_first_and_alone_if_asked(bot, asker, owner, tenant):
    waiting = asked(bot, asker)
    other = asked(register.identity(tenant), asker)
    client = pages.signed_in(owner)
    found = [row.pk for row in client.get(pages.listing(ApprovalRequest)).context["cl"].result_list]
    assert found == [waiting.pk, other.pk]
    mine = client.get(f"{pages.listing(ApprovalRequest)}?waits=mine").context["cl"].result_list
    assert [row.pk for row in mine] == [waiting.pk]
    for query in ("state=pending", "subject_kind=identity", "risk_tier=high", "waits=x", "q=payroll"):
        assert client.get(f"{pages.listing(ApprovalRequest)}?{query}").status_code == 200


def test_its_pages_cost_few_queries(bot, asker, owner, governor, tenant):
    for _ in range(8):
        asked(register.identity(tenant, technical_owner=str(owner.pk)), asker)
    approval = asked(bot, asker)
    client = pages.signed_in(governor)
    for address in (pages.page(approval), pages.page(approval, "words"), pages.listing(ApprovalRequest)):
        with CaptureQueriesContext(connection) as found:
            assert client.get(address).status_code == 200
        assert len(found) <= MOST_QUERIES, [query["sql"][:160] for query in found]


def test_nested_content_is_told_by_path():
    content = {"place": {"tier": "high", "of": {}}, "roles": [{"name": "a"}, "b"], "list": ["x", "y"]}
    assert dict(flat(content)) == {
        "place / tier": "high", "place / of": {}, "roles 1 / name": "a", "roles 2 / ": "b", "list": ["x", "y"],
    }  # fmt: skip


def test_members_are_named_in_words_and_not_as_programs_name_them():
    content = {"owner_team_id": "", "evidence": {"releaseTicket": "PLAT-1", "deploymentId": "shop"}}
    labels = [row[0] for row in content_table(ApprovalRequest(content=content, previous_content=None)).rows]
    assert labels == ["Owner team", "Evidence / Release ticket", "Evidence / Deployment id"]
