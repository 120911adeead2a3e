"""The OpenAPI document as drf-spectacular is told to write it."""

from typing import Any


def spectacular(*, session_cookie: str) -> dict[str, Any]:
    """Its settings; `session_cookie` is the name of the admin's cookie, with which a browser may call the API too."""
    return {
        "TITLE": "Steward",
        "DESCRIPTION": "The register, token service and scheduler for non-human identities.",
        "VERSION": "1",
        "OAS_VERSION": "3.1.0",
        "SERVE_INCLUDE_SCHEMA": False,
        "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
        "SERVE_AUTHENTICATION": [],
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
        "REDOC_DIST": "SIDECAR",
        "COMPONENT_SPLIT_REQUEST": True,
        "DISABLE_ERRORS_AND_WARNINGS": False,
        # Two things with a `kind` or a `state` would otherwise share a made-up name.
        "ENUM_NAME_OVERRIDES": {
            "IdentityKind": "identities.inventory.models.Kind",
            "CredentialKind": "identities.api.register_shapes.CREDENTIAL_KINDS",
            "ExternalKind": "identities.credentials.models.ExternalKind",
            "ExceptionKind": "identities.inventory.models.ExceptionKind",
            "RunbookLineKind": "identities.lifecycle.models.LineKind",
            "RiskTier": "identities.inventory.vocabulary.RiskTier",
            "Gravity": "identities.inventory.vocabulary.Criticality",
            "IdentityState": ["requested", "approved", "active", "paused", "quarantined", "disabled", "retired"],
            "RotationState": "identities.credentials.models.RotationState",
            "RunState": "scheduling.models.RunState",
            "StepState": "scheduling.models.StepState",
            "ElevationState": ["asked", "coming", "live", "over", "ended", "rejected", "cancelled"],
            "BreakGlassState": "identities.elevations.models.BreakGlassState",
            "ApprovalState": "identities.approvals.models.ApprovalState",
            "ReplacementState": "identities.service_users.models.ReplacementState",
            "RequestState": "identities.requests.models.RequestState",
            "CampaignState": "identities.recertification.models.CampaignState",
            "ReviewItemState": "identities.recertification.models.ItemState",
            "SuccessionState": "identities.succession.models.CaseState",
            "TransferState": "identities.succession.models.TransferState",
            "DeliveryState": "identities.notifications.models.DeliveryState",
            "PortalRole": "identities.people.models.PortalRole",
            "OwnerRole": ["business_owner", "technical_owner", "deputy_owner"],
            "Environment": "identities.inventory.vocabulary.Environment",
        },
        "APPEND_COMPONENTS": {
            "securitySchemes": {
                "person": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "Access token of a person or service user, from POST /api/auth/login.",
                },
                "machine": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "Access token of a managed identity, from POST /passport/token.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": session_cookie,
                    "description": "The admin's session; writing needs the CSRF token in X-CSRFToken.",
                },
                "partner": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Github-Public-Key-Signature",
                    "description": "ECDSA P-256 with SHA-256 over the body, Base64 of DER, by a configured key.",
                },
            }
        },
    }
