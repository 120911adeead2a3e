from audit.actors import ActorKind
from identities.policies.actor_context import ActorContext

TENANT = "6b6a6d43-5b5c-4a1c-8f8f-000000000001"


def test_an_identity_is_named_by_name_and_client_id() -> None:
    actor = ActorContext(
        user_id="mi_1", client_id="mi_1", is_service_account=True, managed_identity_id="i", tenant_id=TENANT, name="bot"
    ).as_actor()
    assert (actor.kind, actor.id, actor.label, actor.client_id) == (ActorKind.IDENTITY, "i", "bot", "mi_1")
    assert not actor.is_human


def test_a_person_and_a_service_user_are_told_apart() -> None:
    kinds = [
        ActorContext(user_id="u", is_service_account=is_agent, tenant_id=TENANT).as_actor().kind
        for is_agent in (False, True)
    ]
    assert kinds == [ActorKind.PERSON, ActorKind.SERVICE_USER]


def test_what_a_run_shows_holds_no_token() -> None:
    shown = ActorContext(user_id="u", is_service_account=False, tenant_id=TENANT, roles=("a",), token_jti="j").as_json()
    assert shown == {
        "userId": "u", "isServiceAccount": False, "managedIdentityId": None, "tenantId": TENANT, "roles": ["a"],
    }  # fmt: skip
