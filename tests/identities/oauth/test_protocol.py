"""Every MUST of RFC 6749 §2.3, §4.4, §5, RFC 7009 and RFC 7662 as request → status, code, header, over real HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import jwt
import pytest
from django.core.cache import cache
from django.utils import timezone

from identities import throttle
from identities.inventory.states import State
from identities.tokens import services as tokens
from tests.factories import tokens as made
from tests.identities.oauth.wire import ASK, FORM, Answer, Sent, basic, form

pytestmark = pytest.mark.django_db(transaction=True)
UNAUTHORIZED = {"www-authenticate": 'Basic realm="passport", charset="UTF-8"'}
SECRET_FREE = ("access_token", "refresh_token", "id_token")


@dataclass(frozen=True)
class Cast:
    """Who asks in the table, and tokens they hold."""

    bot: made.Bot
    stopped: made.Bot
    inspector: made.Bot
    stranger: made.Bot
    token: str
    sisters_token: str
    strangers_token: str
    persons_token: str
    revoked_token: str


@dataclass(frozen=True)
class Case:
    """A request, and what must come back."""

    sent: Callable[[Cast], Sent]
    status: int
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[Answer, Cast], bool] = lambda answer, cast: True


def ask(**members: Any) -> Callable[[Cast], Sent]:
    return lambda cast: form(headers=basic(cast.bot.client_id, cast.bot.secret), **{**ASK, **members})


def body_ask(**members: Any) -> Callable[[Cast], Sent]:
    return lambda cast: form(**{**ASK, "client_id": cast.bot.client_id, "client_secret": cast.bot.secret, **members})


def raw(
    body: str, content_type: str = FORM, *, path: str = "/passport/token", method: str = "POST"
) -> Callable[[Cast], Sent]:
    return lambda cast: Sent(
        path, method, {"Content-Type": content_type, **basic(cast.bot.client_id, cast.bot.secret)}, body
    )


def with_header(value: Callable[[Cast], str], **members: Any) -> Callable[[Cast], Sent]:
    return lambda cast: form(headers={"Authorization": value(cast)}, **{**ASK, **members})


def by_inspector(path: str, token: Callable[[Cast], str], **more: Any) -> Callable[[Cast], Sent]:
    return lambda cast: form(
        path=path, headers=basic(cast.inspector.client_id, cast.inspector.secret), token=token(cast), **more
    )


def by_bot(path: str, token: Callable[[Cast], str], **more: Any) -> Callable[[Cast], Sent]:
    return lambda cast: form(path=path, headers=basic(cast.bot.client_id, cast.bot.secret), token=token(cast), **more)


def is_token(scope: str) -> Callable[[Answer, Cast], bool]:
    def check(answer: Answer, cast: Cast) -> bool:
        members = answer.members
        return (
            set(members) == {"access_token", "token_type", "expires_in", "scope"}
            and (members["token_type"], members["scope"], members["expires_in"]) == ("Bearer", scope, 3600)
            and jwt.decode(members["access_token"], options={"verify_signature": False})["sub"] == cast.bot.client_id
        )

    return check


def is_inactive(answer: Answer, cast: Cast) -> bool:
    return answer.members == {"active": False}


def is_active(answer: Answer, cast: Cast) -> bool:
    members = answer.members
    return (
        members["active"] is True
        and members["client_id"] == members["sub"] == cast.bot.client_id
        and {"scope", "exp", "iat", "nbf", "aud", "iss", "jti", "token_type"} <= set(members)
    )


INTROSPECT, REVOKE = "/passport/introspect", "/passport/revoke"
CASES = {
    # RFC 6749 §4.4, §5.1
    "Basic": Case(ask(), 200, body=is_token("roles")),
    "Basic in lower case": Case(
        lambda c: form(headers=basic(c.bot.client_id, c.bot.secret, "basic"), **ASK), 200, body=is_token("roles")
    ),
    "Basic in upper case": Case(lambda c: form(headers=basic(c.bot.client_id, c.bot.secret, "BASIC"), **ASK), 200),
    "Basic, form-encoded inside (§2.3.1)": Case(
        lambda c: form(headers=basic(c.bot.client_id, c.bot.secret, encode=True), **ASK), 200
    ),
    "credentials in the body": Case(body_ask(), 200, body=is_token("roles")),
    "scope roles": Case(ask(scope="roles"), 200, body=is_token("roles")),
    "scope openid gives no id token": Case(ask(scope="openid"), 200, body=is_token("openid")),
    "both scopes": Case(ask(scope="roles openid"), 200, body=is_token("openid roles")),
    "a scope twice counts once": Case(ask(scope="roles roles"), 200, body=is_token("roles")),
    "an empty scope is left out (§3.2)": Case(ask(scope=""), 200, body=is_token("roles")),
    "unknown parameters are ignored (§3.2)": Case(ask(foo="bar", client="x", user="y"), 200, body=is_token("roles")),
    "a resource is not chosen by the client": Case(ask(resource="https://other", audience="x"), 200),
    "client_id beside Basic, the same": Case(
        lambda c: form(headers=basic(c.bot.client_id, c.bot.secret), client_id=c.bot.client_id, **ASK), 200
    ),
    "content type with a charset": Case(raw("grant_type=client_credentials", f"{FORM}; charset=UTF-8"), 200),
    # RFC 6749 §5.2 invalid_request
    "no grant_type": Case(raw(""), 400, "invalid_request"),
    "an empty grant_type": Case(ask(grant_type=""), 400, "invalid_request"),
    "grant_type twice": Case(
        raw("grant_type=client_credentials&grant_type=client_credentials"), 400, "invalid_request"
    ),
    "scope twice": Case(raw("grant_type=client_credentials&scope=roles&scope=openid"), 400, "invalid_request"),
    "an unknown parameter twice": Case(raw("grant_type=client_credentials&a=1&a=2"), 400, "invalid_request"),
    "Basic and body at once (§2.3)": Case(
        lambda c: form(
            headers=basic(c.bot.client_id, c.bot.secret), client_id=c.bot.client_id, client_secret=c.bot.secret, **ASK
        ),
        400,
        "invalid_request",
    ),
    "Basic and an assertion at once": Case(ask(client_assertion="x"), 400, "invalid_request"),
    "client_id beside Basic, another": Case(ask(client_id="mi_other"), 400, "invalid_request"),
    "secret in the address": Case(
        lambda c: Sent(
            f"/passport/token?client_id={c.bot.client_id}&client_secret={quote(c.bot.secret)}",
            "POST",
            {"Content-Type": FORM},
            "grant_type=client_credentials",
        ),
        400,
        "invalid_request",
    ),
    "any query string": Case(raw("grant_type=client_credentials", path="/passport/token?x=1"), 400, "invalid_request"),
    "GET": Case(
        lambda c: Sent(f"/passport/token?grant_type=client_credentials&client_id={c.bot.client_id}", "GET"),
        405,
        "invalid_request",
        {"allow": "POST"},
    ),
    "PUT": Case(raw("grant_type=client_credentials", method="PUT"), 405, "invalid_request", {"allow": "POST"}),
    "JSON": Case(raw('{"grant_type": "client_credentials"}', "application/json"), 400, "invalid_request"),
    "multipart": Case(raw("--x--", "multipart/form-data; boundary=x"), 400, "invalid_request"),
    "no content type": Case(raw("grant_type=client_credentials", ""), 400, "invalid_request"),
    "text that is not UTF-8": Case(raw("grant_type=%ff%fe"), 400, "invalid_request"),
    "more than 8 KiB": Case(raw("grant_type=client_credentials&x=" + "a" * 8192), 413, "invalid_request"),
    "hundreds of parameters": Case(raw("&".join(f"a{n}=1" for n in range(60))), 400, "invalid_request"),
    # §5.2 invalid_scope, unsupported_grant_type
    "another scope": Case(ask(scope="admin"), 400, "invalid_scope"),
    "a known scope beside another": Case(ask(scope="roles admin"), 400, "invalid_scope"),
    "a permission as scope": Case(ask(scope="workflow.execute"), 400, "invalid_scope"),
    "scope in another case": Case(ask(scope="Roles"), 400, "invalid_scope"),
    **{
        f"grant {grant}": Case(ask(grant_type=grant, code="x", refresh_token="x"), 400, "unsupported_grant_type")
        for grant in (
            "password",
            "authorization_code",
            "refresh_token",
            "implicit",
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "CLIENT_CREDENTIALS",
        )
    },
    # §5.2 invalid_client
    "no client": Case(lambda c: form(**ASK), 401, "invalid_client", UNAUTHORIZED),
    "client_id alone": Case(lambda c: form(client_id=c.bot.client_id, **ASK), 401, "invalid_client", UNAUTHORIZED),
    "secret alone": Case(lambda c: form(client_secret=c.bot.secret, **ASK), 401, "invalid_client", UNAUTHORIZED),
    "an empty secret": Case(body_ask(client_secret=""), 401, "invalid_client", UNAUTHORIZED),
    "a wrong secret": Case(
        lambda c: form(headers=basic(c.bot.client_id, "wrong"), **ASK), 401, "invalid_client", UNAUTHORIZED
    ),
    "a wrong secret in the body": Case(body_ask(client_secret="wrong"), 401, "invalid_client", UNAUTHORIZED),
    "an unknown client": Case(
        lambda c: form(headers=basic("mi_nobody", c.bot.secret), **ASK), 401, "invalid_client", UNAUTHORIZED
    ),
    "another client's secret": Case(
        lambda c: form(headers=basic(c.bot.client_id, c.stranger.secret), **ASK), 401, "invalid_client", UNAUTHORIZED
    ),
    "a stopped client": Case(
        lambda c: form(headers=basic(c.stopped.client_id, c.stopped.secret), **ASK), 401, "invalid_client", UNAUTHORIZED
    ),
    "a client id in another case": Case(
        lambda c: form(headers=basic(c.bot.client_id.upper(), c.bot.secret), **ASK), 401, "invalid_client"
    ),
    "a secret of 257 bytes": Case(
        lambda c: form(headers=basic(c.bot.client_id, "s" * 257), **ASK), 401, "invalid_client"
    ),
    "a secret of 7 KiB": Case(
        lambda c: form(client_id=c.bot.client_id, client_secret="s" * 7000, **ASK), 401, "invalid_client"
    ),
    "a client id with a zero byte": Case(
        lambda c: form(client_id="mi_\x00", client_secret=c.bot.secret, **ASK), 401, "invalid_client"
    ),
    "Basic that is no base64": Case(with_header(lambda c: "Basic %%%"), 401, "invalid_client", UNAUTHORIZED),
    "Basic without a colon": Case(with_header(lambda c: "Basic YWJj"), 401, "invalid_client", UNAUTHORIZED),
    "Basic with nothing": Case(with_header(lambda c: "Basic"), 401, "invalid_client", UNAUTHORIZED),
    "Basic of no UTF-8": Case(with_header(lambda c: "Basic //79"), 401, "invalid_client", UNAUTHORIZED),
    "a bearer token is no client authentication": Case(
        with_header(lambda c: f"Bearer {c.token}"), 401, "invalid_client", UNAUTHORIZED
    ),
    "an assertion alone": Case(lambda c: form(client_assertion="x", **ASK), 401, "invalid_client", UNAUTHORIZED),
    # RFC 7662
    "introspection of a live token": Case(by_inspector(INTROSPECT, lambda c: c.token), 200, body=is_active),
    "introspection with a hint": Case(
        by_inspector(INTROSPECT, lambda c: c.token, token_type_hint="refresh_token"), 200, body=is_active
    ),
    "introspection by a bearer": Case(
        lambda c: form(path=INTROSPECT, headers={"Authorization": f"bearer {c.sisters_token}"}, token=c.token),
        200,
        body=is_active,
    ),
    "introspection of a stranger's token": Case(
        by_inspector(INTROSPECT, lambda c: c.strangers_token), 200, body=is_inactive
    ),
    "introspection of a revoked token": Case(
        by_inspector(INTROSPECT, lambda c: c.revoked_token), 200, body=is_inactive
    ),
    "introspection of a person's token": Case(
        by_inspector(INTROSPECT, lambda c: c.persons_token), 200, body=is_inactive
    ),
    "introspection of rubbish": Case(by_inspector(INTROSPECT, lambda c: "rubbish"), 200, body=is_inactive),
    "introspection of nothing": Case(
        lambda c: form(path=INTROSPECT, headers=basic(c.inspector.client_id, c.inspector.secret)),
        400,
        "invalid_request",
    ),
    "introspection without the permission": Case(by_bot(INTROSPECT, lambda c: c.token), 403, "insufficient_scope"),
    "introspection by nobody": Case(
        lambda c: form(path=INTROSPECT, token=c.token), 401, "invalid_client", UNAUTHORIZED
    ),
    "introspection by a dead bearer": Case(
        lambda c: form(path=INTROSPECT, headers={"Authorization": f"Bearer {c.revoked_token}"}, token=c.token),
        401,
        "invalid_token",
        {"www-authenticate": 'Bearer realm="passport", error="invalid_token"'},
    ),
    "introspection by a person": Case(
        lambda c: form(path=INTROSPECT, headers={"Authorization": f"Bearer {c.persons_token}"}, token=c.token),
        401,
        "invalid_token",
    ),
    "introspection by bearer and secret at once": Case(
        lambda c: form(
            path=INTROSPECT, headers={"Authorization": f"Bearer {c.sisters_token}"}, token=c.token, client_secret="x"
        ),
        400,
        "invalid_request",
    ),
    "introspection by GET": Case(lambda c: Sent(f"{INTROSPECT}?token={c.token}", "GET"), 405, "invalid_request"),
    "introspection with the token in the address": Case(raw("", path=f"{INTROSPECT}?token=x"), 400, "invalid_request"),
    # RFC 7009
    "revocation by nobody": Case(lambda c: form(path=REVOKE, token=c.token), 401, "invalid_client", UNAUTHORIZED),
    "revocation of a stranger's token": Case(by_bot(REVOKE, lambda c: c.strangers_token), 400, "invalid_grant"),
    "revocation of rubbish": Case(by_bot(REVOKE, lambda c: "rubbish"), 200),
    "revocation of a revoked one": Case(by_bot(REVOKE, lambda c: c.revoked_token), 200),
    "revocation of nothing": Case(
        lambda c: form(path=REVOKE, headers=basic(c.bot.client_id, c.bot.secret)), 400, "invalid_request"
    ),
    "revocation by GET": Case(lambda c: Sent(REVOKE, "GET"), 405, "invalid_request"),
    "revocation of the own token": Case(by_bot(REVOKE, lambda c: c.token, token_type_hint="nonsense"), 200),
    "and it is dead": Case(by_inspector(INTROSPECT, lambda c: c.token), 200, body=is_inactive),
}


def cast_of_this_test() -> Cast:
    home = made.tenant()
    bot, stopped, stranger = made.bot(of=home), made.bot(of=home), made.bot()
    inspector = made.bot(of=home, permissions=("token.introspect",))
    made.stop(stopped.identity, State.DISABLED)
    revoked = mint(bot)
    cast = Cast(
        bot=bot,
        stopped=stopped,
        inspector=inspector,
        stranger=stranger,
        token=mint(bot).access_token,
        sisters_token=mint(inspector).access_token,
        strangers_token=mint(stranger).access_token,
        persons_token=tokens.mint_user_token(made.person(of=home), session=uuid4()).access_token,
        revoked_token=revoked.access_token,
    )
    tokens.revoke(revoked.jti, actor=made.SYSTEM)
    return cast


def mint(bot: made.Bot) -> tokens.Minted:
    return tokens.mint(bot.identity, scope="roles", at=timezone.now())


def deviation(name: str, case: Case, answer: Answer, cast: Cast) -> str:
    """Empty, or what is not as it must be."""
    wrong = [
        f"{key}: {answer.headers.get(key)!r}" for key, value in case.headers.items() if answer.headers.get(key) != value
    ]
    if answer.status != case.status or answer.error != case.error:
        wrong.append(f"{answer.status} {answer.error!r} instead of {case.status} {case.error!r}")
    if answer.headers.get("cache-control") != "no-store" or answer.headers.get("pragma") != "no-cache":
        wrong.append("may be cached")
    if answer.headers.get("content-type") != "application/json":
        wrong.append(f"content type {answer.headers.get('content-type')}")
    if "set-cookie" in answer.headers:
        wrong.append("sets a cookie")
    if case.status != 200 and (set(answer.members) != {"error", "error_description"} or b"nhi_" in answer.body):
        wrong.append(f"says {answer.body!r}")
    if case.status == 200 and not wrong and not case.body(answer, cast):
        wrong.append(f"body {answer.body[:200]!r}")
    return f"{name}: {'; '.join(wrong)}" if wrong else ""


def test_each_request_has_the_answer_the_standards_want(live_server) -> None:
    cast = cast_of_this_test()
    found = []
    for name, case in CASES.items():
        throttle.forget()
        cache.clear()
        found.append(deviation(name, case, case.sent(cast).to(live_server.url), cast))
    assert not [line for line in found if line]
