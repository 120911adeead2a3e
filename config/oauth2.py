"""How django-oauth-toolkit is set up: our server and validator, and every gate of RFC 9700 shut."""

from typing import Any


def provider(*, token_ttl: int) -> dict[str, Any]:
    """The setting OAUTH2_PROVIDER; `token_ttl` in seconds."""
    return {
        "OAUTH2_SERVER_CLASS": "identities.oauth.server.PassportServer",
        "OAUTH2_VALIDATOR_CLASS": "identities.oauth.validator.PassportValidator",
        "SCOPES": {"openid": "Sign in as the identity", "roles": "The identity's roles"},
        "DEFAULT_SCOPES": ["roles"],
        "ACCESS_TOKEN_EXPIRE_SECONDS": token_ttl,
        "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        **{
            f"COMPLIANT_BCP_RFC9700_{gate}": True
            for gate in (
                "IMPLICIT_GRANT",
                "PASSWORD_GRANT",
                "PKCE_METHOD",
                "ACCESS_TOKEN_TRANSPORT",
                "AUTHZ_RESPONSE_ISS",
                "TOKEN_STORAGE",
                "REFRESH_TOKEN",
                "REDIRECT_URI_SCHEME",
                "REDIRECT_URI_MATCHING",
                "PKCE_REQUIRED",
            )
        },
    }
