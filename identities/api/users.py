"""Accounts of people and service users: listed, made and governed by administrators."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from identities.access.matrix import Duty
from identities.api.schema import a_page, describe
from identities.api.serializers import OptionalReasonShape, ReasonShape
from identities.api.user_shapes import ACCOUNT, AccountShape, NewRoleOfUserShape, NewUserShape, UserQuery
from identities.api.views import PortalView
from identities.lifecycle import services as lifecycle
from identities.people import selectors, services as people
from identities.people.models import User
from identities.service_users import issuing
from identities.vaults.references import SecretReference

PLAYBOOK = {
    "email": "reports-agent@aegis.local",
    "password": "Th1sIsAStrong!Pass",
    "firstName": "Reports",
    "lastName": "Agent",
    "role": "ANALYST",
}
_VAULT = {"provider": "local", "vaultUri": "local://default", "secretName": "reports-agent/tokens"}
_WIDE = "ops@example.com reaches beyond this tenant: only a platform administrator changes this account."
_NOT_STORED = (
    "reports-agent@aegis.local (0c1f7c7e-6b0e-4a4f-8f1e-2f0c9e1d3b5a) is made, and its first tokens could not be "
    "stored and were ended: The vault did not answer. It signs in with its password."
)
_LAST_ADMIN = (409, "last_admin", "ada@example.com is the last active ADMIN of this tenant.")


class UsersView(PortalView):
    """The accounts of a tenant."""

    tag = "users"
    resource_kind = "user"
    duties = {"GET": Duty.GOVERN, "POST": Duty.GOVERN}
    orderings = {"email": "email", "createdAt": "created_at"}
    ordering = "email"

    @describe(
        "List accounts",
        answer=AccountShape,
        query=UserQuery,
        listing=True,
        answers={"a service user": a_page(ACCOUNT)},
        problems=[(400, "invalid", "tenantId: There is no such tenant.")],
    )
    def get(self, request: Request) -> Response:
        query = self.read_query(UserQuery)
        tenants = self.listed_tenant_ids(query.get("tenant_id"))
        return self.listing(_narrowed(selectors.users(tenants), query), AccountShape, query)

    @describe(
        "Make an account",
        body=NewUserShape,
        answer=AccountShape,
        status=201,
        examples={
            "a service user": PLAYBOOK,
            "its tokens put into a vault": PLAYBOOK | {"owner": "ada@example.com", "storeTokensAt": _VAULT},
            "a person": {
                "email": "ada@example.com",
                "password": "Th1sIsAStrong!Pass",
                "role": "READ_ONLY",
                "mustResetPassword": True,
            },
        },
        answers={"a service user": ACCOUNT},
        problems=[
            (400, "invalid", "password: At least 12 characters."),
            (400, "email_taken", "email: Somebody signs in with this address already."),
            (403, "forbidden", "Only a platform administrator makes an AUDITOR: that role reads every tenant."),
            (503, "tokens_not_stored", _NOT_STORED),
        ],
        description=(
            "With an address `<capability>-agent@<domain>` it is a service user unless `isAgent` says false. The "
            "password is never shown again, nor logged. With `storeTokensAt` a service user is signed in once and its "
            "tokens are put into the vault; otherwise it signs in at `/api/auth/login`."
        ),
    )
    def post(self, request: Request) -> Response:
        body = self.read(NewUserShape)
        tenant = self.tenant_for(body.pop("tenant_id", None))
        role = body.pop("role", settings.STEWARD_DEFAULT_USER_ROLE)
        place = body.pop("store_tokens_at", None)
        store_at = SecretReference(**place) if place else None
        user = issuing.issue(tenant=tenant, role=role, store_tokens_at=store_at, **body, actor=self.actor)
        return self.show(user, AccountShape, status=201)


class AccountView(PortalView):
    """What the routes of one account have in common."""

    tag = "users"
    resource_kind = "user"

    def account(self, id: UUID) -> User:  # noqa: A002
        """The account, if the caller reaches it."""
        return self.get_or_404(selectors.users(None), id)


class UserView(AccountView):
    """One account."""

    duties = {"GET": Duty.GOVERN}

    @describe("Read an account", answer=AccountShape, answers={"a service user": ACCOUNT})
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        return self.show(self.account(id), AccountShape)


class UserRoleView(AccountView):
    """What an account may do."""

    duties = {"PATCH": Duty.GOVERN}

    @describe(
        "Give another role",
        body=NewRoleOfUserShape,
        answer=AccountShape,
        examples={"narrower": {"role": "READ_ONLY", "reason": "It only reads dashboards now."}},
        answers={"the account": ACCOUNT | {"role": "READ_ONLY"}},
        problems=[
            (
                400,
                "invalid",
                'role: "OWN" is not a valid choice; the choices are READ_ONLY, ANALYST, AUDITOR, ADMIN.',
            ),
            (403, "forbidden", "Only a platform administrator makes an AUDITOR: that role reads every tenant."),
            _LAST_ADMIN,
            (409, "platform_admin", "A platform administrator stays ADMIN."),
        ],
        description="It counts from the next request on. The last active ADMIN of a tenant stays one.",
    )
    def patch(self, request: Request, id: UUID) -> Response:  # noqa: A002
        user = self.account(id)
        return self.show(people.set_role(user, **self.read(NewRoleOfUserShape), actor=self.actor), AccountShape)


class UserResetView(AccountView):
    """Whose password is to be chosen anew."""

    duties = {"POST": Duty.GOVERN}

    @describe(
        "Force a new password",
        body=OptionalReasonShape,
        answer=AccountShape,
        examples={"with a reason": {"reason": "The laptop of its operator was stolen."}},
        answers={"the account": ACCOUNT | {"mustResetPassword": True}},
        problems=[(403, "forbidden", _WIDE)],
        description=(
            "Every session ends at once; a refresh fails from then on with `token-invalidated`. The old password still "
            "signs in, and opens `PATCH /api/users/me/password` alone until there is a new one."
        ),
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        user = self.account(id)
        return self.show(people.force_reset(user, **self.read(OptionalReasonShape), actor=self.actor), AccountShape)


class UserDisablingView(AccountView):
    """Who is shut out."""

    duties = {"POST": Duty.GOVERN}

    @describe(
        "Disable an account",
        body=ReasonShape,
        answer=AccountShape,
        examples={"a service user that is replaced": {"reason": "Replaced by a managed identity."}},
        answers={"the account": ACCOUNT | {"isActive": False}},
        problems=[
            (403, "forbidden", _WIDE),
            _LAST_ADMIN,
            (409, "already_disabled", "reports-agent@aegis.local is disabled already."),
        ],
        description="No sign-in, no refresh, no use of a token from then on. What the account owns goes on working.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        user = self.account(id)
        lifecycle.disable_person(user, **self.read(ReasonShape), actor=self.actor)
        return self.show(self.account(id), AccountShape)


class UserEnablingView(AccountView):
    """Who is let in again."""

    duties = {"POST": Duty.GOVERN}

    @describe(
        "Enable an account",
        body=OptionalReasonShape,
        answer=AccountShape,
        examples={"with a reason": {"reason": "Back from leave."}},
        answers={"the account": ACCOUNT},
        problems=[(403, "forbidden", _WIDE), (409, "not_disabled", "reports-agent@aegis.local is not disabled.")],
        description="What ended when it was disabled stays ended: it has to sign in.",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        user = self.account(id)
        return self.show(people.enable_user(user, **self.read(OptionalReasonShape), actor=self.actor), AccountShape)


def _narrowed(rows: QuerySet[User], query: dict[str, Any]) -> QuerySet[User]:
    exact = {name: query[name] for name in ("role", "is_agent", "is_active") if query.get(name) is not None}
    if text := query.get("search", "").strip():
        rows = rows.filter(Q(email__icontains=text) | Q(first_name__icontains=text) | Q(last_name__icontains=text))
    return rows.filter(**exact)


urlpatterns = [
    path("users", UsersView.as_view(), name="users"),
    path("users/<uuid:id>", UserView.as_view(), name="user"),
    path("users/<uuid:id>/role", UserRoleView.as_view(), name="user-role"),
    path("users/<uuid:id>/force-reset", UserResetView.as_view(), name="user-force-reset"),
    path("users/<uuid:id>/disable", UserDisablingView.as_view(), name="user-disable"),
    path("users/<uuid:id>/enable", UserEnablingView.as_view(), name="user-enable"),
]
