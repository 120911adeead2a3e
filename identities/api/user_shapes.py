"""Bodies and answers around accounts: who somebody is, and what they sign in and go on with."""

from django.conf import settings
from rest_framework import serializers

from identities.api.register_shapes import SecretReferenceShape
from identities.api.serializers import ListQuery, OptionalReasonShape, Query, Shape
from identities.api.written_identity import WrittenOwner
from identities.people import passwords
from identities.people.models import PortalRole

_LONGEST = 1024
PASSWORD_RULES = (
    f"At least {settings.AUTH_PASSWORD_MIN_LENGTH} and at most {passwords.MAX_LENGTH} characters: an upper-case and a "
    "lower-case letter, a digit and a symbol."
)
AN_ID, A_TENANT = "0c1f7c7e-6b0e-4a4f-8f1e-2f0c9e1d3b5a", "7d1b2f7a-9f6c-4f51-9a53-9a3f0d0f4e11"
USER = {
    "id": AN_ID,
    "email": "reports-agent@aegis.local",
    "firstName": "Reports",
    "lastName": "Agent",
    "role": "ANALYST",
    "tenantId": A_TENANT,
    "mustResetPassword": False,
    "lastLoginAt": None,
    "createdAt": "2026-03-01T08:00:00Z",
    "updatedAt": "2026-03-01T08:00:00Z",
}
ME = {**USER, "isAgent": True, "isPlatformAdmin": False}
ACCOUNT = {
    **ME,
    "isActive": True,
    "passwordSetAt": "2026-03-01T08:00:00Z",
    "refreshTokenInvalidatedAt": None,
    "refreshTokenInvalidatedReason": "",
}
TOKENS = {
    "accessToken": "eyJ…",
    "accessTokenExpiresIn": 900,
    "refreshToken": "srt_…",
    "refreshTokenExpiresIn": 604_800,
}
SESSION = {"user": {**USER, "lastLoginAt": "2026-03-01T08:05:00Z"}, "tokens": TOKENS, **TOKENS}


def password_field(said: str) -> serializers.CharField:
    """A password as it is sent: not trimmed, and bounded before anything is hashed."""
    return serializers.CharField(max_length=_LONGEST, trim_whitespace=False, help_text=said)


class UserShape(Shape):
    """A person or a service user."""

    id = serializers.UUIDField(help_text="Immutable.")
    email = serializers.CharField(help_text="The sign-in address, in lower case.")
    first_name = serializers.CharField(help_text="May be empty.")
    last_name = serializers.CharField(help_text="May be empty.")
    role = serializers.ChoiceField(PortalRole.choices, help_text="The portal role.")
    tenant_id = serializers.UUIDField(help_text="The tenant they belong to.")
    must_reset_password = serializers.BooleanField(help_text="Whether they are to choose a new password.")
    last_login_at = serializers.DateTimeField(source="last_login", allow_null=True, help_text="Null before the first.")
    created_at = serializers.DateTimeField(help_text="When the account was made.")
    updated_at = serializers.DateTimeField(help_text="When it last changed.")


class MeShape(UserShape):
    """The caller."""

    is_agent = serializers.BooleanField(help_text="Whether this is a service user.")
    is_platform_admin = serializers.BooleanField(help_text="Whether they govern every tenant.")


class AccountShape(MeShape):
    """An account, with what governs it; never its password."""

    is_active = serializers.BooleanField(help_text="Whether it may sign in.")
    password_set_at = serializers.DateTimeField(allow_null=True, help_text="Null where that is not known.")
    refresh_token_invalidated_at = serializers.DateTimeField(
        source="refresh_invalidated_at",
        allow_null=True,
        help_text="Since when its refreshes fail; null again with the next sign-in or refresh that succeeds.",
    )
    refresh_token_invalidated_reason = serializers.CharField(
        source="refresh_invalidated_reason", help_text="Why, in a word of the refresh vocabulary; else empty."
    )


class TokensShape(Shape):
    """An access token for the portal, and the refresh token that follows it. Lifetimes are in seconds."""

    access_token = serializers.CharField(help_text="A JWT of type `user+jwt`; machines' routes refuse it.")
    access_token_expires_in = serializers.IntegerField(help_text="Seconds.")
    refresh_token = serializers.CharField(help_text="Opaque; works once.")
    refresh_token_expires_in = serializers.IntegerField(help_text="Seconds.")


class SessionShape(TokensShape):
    """The signed-in user and the tokens, which also stand at the top level."""

    user = UserShape(help_text="Who signed in.")
    tokens = TokensShape(help_text="The same four members as at the top level.")


class NewPersonShape(Shape):
    """What an account begins with."""

    email = serializers.CharField(
        max_length=300, help_text="Trimmed and lower-cased; nobody else's, whatever the case."
    )
    password = password_field(PASSWORD_RULES)
    first_name = serializers.CharField(max_length=80, required=False, allow_blank=True, help_text="May be silent.")
    last_name = serializers.CharField(max_length=80, required=False, allow_blank=True, help_text="May be silent.")


class NewUserShape(NewPersonShape):
    """What an administrator makes an account of."""

    role = serializers.ChoiceField(
        PortalRole.choices,
        required=False,
        help_text="The narrowest that will do; silent, what the setting STEWARD_DEFAULT_USER_ROLE says (ANALYST).",
    )
    is_agent = serializers.BooleanField(
        required=False,
        help_text="Whether it is a service user. Silent: whether the address reads `<capability>-agent@<domain>`; "
        "true with any other address is refused.",
    )
    must_reset_password = serializers.BooleanField(
        required=False, help_text="Whether they are to choose a new password before anything else."
    )
    owner = WrittenOwner(required=False, help_text="Who answers for a service user in the register.")
    store_tokens_at = SecretReferenceShape(
        required=False,
        help_text="Sign a service user in once and put its tokens there as JSON, instead of showing them to anybody.",
    )
    tenant_id = serializers.UUIDField(required=False, help_text="Platform administrator only; silent is the own one.")


class OwnFactsShape(Shape):
    """What somebody may change of themselves."""

    first_name = serializers.CharField(max_length=80, required=False, allow_blank=True, help_text="May be empty.")
    last_name = serializers.CharField(max_length=80, required=False, allow_blank=True, help_text="May be empty.")
    email = serializers.CharField(
        max_length=300, required=False, help_text="Trimmed and lower-cased; a service user's stays `…-agent@…`."
    )


class OwnPasswordShape(Shape):
    """The password there is, and the one there shall be."""

    current_password = password_field("The one there is.")
    new_password = password_field(PASSWORD_RULES)


class NewRoleOfUserShape(OptionalReasonShape):
    """Another portal role."""

    role = serializers.ChoiceField(PortalRole.choices, help_text="The narrowest that will do.")


class LogoutShape(Shape):
    """Which sessions end; silent, that of the access token."""

    refresh_token = serializers.CharField(
        max_length=2000,
        required=False,
        help_text="End the session of this token. It may stand without an access token.",
    )
    everywhere = serializers.BooleanField(
        required=False, default=False, help_text="End every sign-in of the account over the API."
    )


class UserQuery(ListQuery):
    """The filters of the accounts."""

    role = serializers.ChoiceField(PortalRole.choices, required=False, help_text="Only those of this role.")
    is_agent = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Service users, or people."
    )
    is_active = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Those who may sign in, or who may not."
    )
    search = serializers.CharField(max_length=254, required=False, help_text="A part of the address or of a name.")


class HistoryQuery(Query):
    """How much of a history, and from where on."""

    limit = serializers.IntegerField(
        min_value=1, max_value=200, default=50, help_text="So many entries, 200 at the most."
    )
    cursor = serializers.CharField(
        required=False, max_length=2000, help_text="Where the page starts; taken from `next` or `previous`."
    )
    type = serializers.CharField(
        max_length=80, required=False, help_text="A whole type, or the part up to a dot: `user.` for all of them."
    )
