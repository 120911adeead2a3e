"""What happened to an account, as its owner and as administrators read it."""

from itertools import pairwise

import pytest

from identities.api import user_history as face
from identities.people import services as people, sign_in
from identities.people.actors import actor_of
from identities.people.models import PortalRole
from identities.people.sign_in import RefreshFailed
from tests.factories import people as cast

pytestmark = pytest.mark.django_db
AUDITS, FAILURES = "/api/users/me/audits", "/api/users/refresh-failures"


def lived(boss, email="reports-agent@example.com"):
    """A service user to whom everything has happened once."""
    user = people.create_user(
        tenant=boss.tenant, email=email, password=cast.PASSWORD, is_agent=True, actor=actor_of(boss)
    )
    people.set_role(user, role=PortalRole.ANALYST, actor=actor_of(boss))
    people.change_own_profile(user, first_name="Reports", actor=actor_of(user))
    session = sign_in.open_session(user)
    people.change_own_password(user, current=cast.PASSWORD, new="Another-Horse-2", actor=actor_of(user))
    with pytest.raises(RefreshFailed):
        sign_in.refresh(session.refresh_token)
    people.force_reset(user, reason="its host was stolen", actor=actor_of(boss))
    people.change_own_password(user, current="Another-Horse-2", new="Th1rd-Horse-of-mine", actor=actor_of(user))
    user.refresh_from_db()
    return user


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=nonsense", "tenantId=x", "pageSize=5"])
def test_a_query_that_does_not_fit_is_refused(call, problem, query):
    problem(call.as_(cast.agent()).get(f"{AUDITS}?{query}"), 400)


def test_the_feed_holds_everything_with_who_and_where_newest_first(call):
    boss = cast.person()
    user = lived(boss)
    entries = call.as_(user).get(AUDITS).json()["results"]
    assert all(entry.keys() == face.ENTRY.keys() for entry in entries)
    assert all(one["recordedAt"] >= other["recordedAt"] for one, other in pairwise(entries))
    by_type = {entry["type"]: entry for entry in entries}
    assert by_type.keys() == {
        "user.created", "user.role_changed", "user.changed", "user.signed_in", "user.token_issued",
        "user.password_set", "user.refresh_failed", "user.reset_forced",
    }  # fmt: skip
    for kind, who in (("user.created", boss), ("user.role_changed", boss), ("user.changed", user)):
        assert by_type[kind]["actor"]["id"] == str(who.pk)
        assert by_type[kind]["actor"]["label"] == who.email
    assert by_type["user.changed"]["changes"] == {"firstName": {"previous": "", "current": "Reports"}}
    assert by_type["user.reset_forced"]["reason"] == "its host was stolen"
    change = by_type["user.refresh_failed"]["changes"]["refreshToken"]
    assert (change["current"], change["reason"]) == ("invalidated", "password-rotated")
    issued = by_type["user.token_issued"]["changes"]["serviceToken"]
    assert issued.keys() == {"previous", "current", "source", "refreshTokenId", "issuedAt"}


def test_each_entry_says_where_from_and_in_which_request(call):
    user = cast.agent()
    call.as_(user).patch("/api/users/me", {"firstName": "x"}, headers={"X-Correlation-ID": "a-run-of-mine"})
    entry = call.get(f"{AUDITS}?limit=1").json()["results"][0]
    assert (entry["correlationId"], entry["address"]) == ("a-run-of-mine", "127.0.0.1")


def test_the_feed_is_paged_by_cursor_and_holds_nobody_elses(call):
    boss = cast.person()
    user, other = lived(boss), lived(boss, "other-agent@example.com")
    whole = call.as_(user).get(AUDITS).json()["results"]
    assert {entry["subject"]["id"] for entry in whole} == {str(user.pk)}
    assert str(other.pk) not in str(whole)
    seen, path = [], f"{AUDITS}?limit=3"
    while path:
        page = call.get(path).json()
        assert len(page["results"]) <= 3
        seen += page["results"]
        path = page["next"]
    assert seen == whole
    assert {entry["type"] for entry in call.get(f"{AUDITS}?type=user.changed").json()["results"]} == {"user.changed"}


def test_an_administrator_reads_the_history_of_the_own_tenants_accounts(call, problem):
    boss = cast.person()
    user = lived(boss)
    own = call.as_(user).get(AUDITS).json()
    assert call.as_(boss).get(f"/api/users/{user.pk}/audits").json()["results"] == own["results"]
    problem(call.as_(cast.person()).get(f"/api/users/{user.pk}/audits"), 404, "not_found")
    problem(call.as_(user).get(f"/api/users/{user.pk}/audits"), 403, "forbidden")


def test_failed_refreshes_are_listed_for_administrators_of_their_tenant(call, problem):
    boss = cast.person()
    user = lived(boss)
    person = cast.person(of=boss.tenant, role=PortalRole.ANALYST)
    session = sign_in.open_session(person)
    people.sign_out(person, everywhere=True, actor=actor_of(person))
    with pytest.raises(RefreshFailed):
        sign_in.refresh(session.refresh_token)

    def found(query=""):
        return call.as_(boss).get(f"{FAILURES}?{query}").json()["results"]

    assert [row["email"] for row in found()] == [person.email, user.email]
    (failure,) = found("isAgent=true")
    assert failure.keys() == face.FAILURE.keys()
    assert (failure["userId"], failure["reason"], failure["isAgent"]) == (str(user.pk), "password-rotated", True)
    assert failure["metadata"]["cause"] == "password-changed"
    assert [row["email"] for row in found("isAgent=false")] == [person.email]
    assert [row["email"] for row in found("reason=token-invalidated")] == [person.email]
    assert [row["email"] for row in found(f"userId={user.pk}")] == [user.email]
    assert found("since=2999-01-01T00:00:00Z") == []
    problem(call.get(f"{FAILURES}?reason=because"), 400)
    assert call.as_(cast.person()).get(FAILURES).json()["results"] == []
    for role in ("READ_ONLY", "ANALYST", "AUDITOR"):
        problem(call.as_(cast.person(of=boss.tenant, role=role)).get(FAILURES), 403, "forbidden")
