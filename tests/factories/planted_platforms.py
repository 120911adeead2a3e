"""Exports of platforms with a planted value wherever the platform's own format holds or could hold a secret."""

import json
from typing import Any

from tests.factories.plants import Plants


def aws_iam(plant: Plants) -> Any:
    return {
        "AccessKeyMetadata": [
            {
                "UserName": "alice",
                "AccessKeyId": "AKIAIOSFODNN7EXAMPLE",
                "Status": "Active",
                "CreateDate": "2025-01-01T00:00:00Z",
                "SecretAccessKey": plant(),
            }
        ]
    }


def aws_users(plant: Plants) -> Any:
    return {
        "Users": [
            {
                "UserName": "alice",
                "UserId": "AIDAX",
                "Arn": "arn:aws:iam::123456789012:user/alice",
                "Path": "/",
                "CreateDate": "2025-01-01T00:00:00Z",
                "Password": plant(),
                "LoginProfile": {"Password": plant()},
                "Tags": [
                    {"Key": "owner", "Value": "ann@example.com"},
                    {"Key": "db_password", "Value": plant()},
                    {"Key": "SLACK_TOKEN", "Value": plant()},
                    {"Key": "smtp.secret.access.key", "Value": plant()},
                    {"Key": "dsn", "Value": plant.in_url()},
                ],
            }
        ]
    }


def aws_secrets(plant: Plants) -> Any:
    return {
        "SecretList": [
            {
                "ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-AbCdEf",
                "Name": "app/db",
                "SecretString": plant(),
                "SecretBinary": plant.base64(),
                "Tags": [{"Key": "api_key", "Value": plant()}],
            }
        ]
    }


def kubernetes(plant: Plants) -> Any:
    meta = {"name": "db", "namespace": "shop", "uid": "u1", "creationTimestamp": "2025-01-01T00:00:00Z"}
    copied = json.dumps({"data": {"password": plant.base64()}, "stringData": {"p": plant()}})
    annotations = {
        "kubectl.kubernetes.io/last-applied-configuration": copied,
        "example.com/connection": plant(),
        "example.com/password": plant(),
    }
    container = {"name": "c", "env": [{"name": "DB_PASSWORD", "value": plant()}], "args": [f"--token={plant()}"]}
    spec = {"template": {"metadata": {"annotations": {"checksum": plant()}}, "spec": {"containers": [container]}}}
    return {
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {
                "kind": "Secret",
                "type": "Opaque",
                "metadata": {**meta, "annotations": annotations, "labels": {"api-token": plant()}},
                "data": {"password": plant.base64(), "ca.crt": plant.base64()},
                "stringData": {"user": plant()},
            },
            {
                "kind": "Secret",
                "type": "kubernetes.io/service-account-token",
                "metadata": {
                    **meta,
                    "name": "billing-token",
                    "annotations": {"kubernetes.io/service-account.name": "billing", "extra": plant()},
                },
                "data": {"token": plant.base64()},
            },
            {"kind": "ServiceAccount", "metadata": {**meta, "name": "billing", "annotations": annotations}},
            {"kind": "ConfigMap", "metadata": {**meta, "name": "config"}, "data": {"password": plant()}},
            {"kind": "Deployment", "metadata": {**meta, "name": "web", "annotations": annotations}, "spec": spec},
        ],
    }


def entra(plant: Plants) -> Any:
    secret = {"keyId": "k-1", "displayName": "ci", "hint": plant()[:3], "secretText": plant()}
    return [
        {
            "id": "0b2f2d2e-0000-4000-8000-000000000001",
            "appId": "0b2f2d2e-0000-4000-8000-000000000002",
            "displayName": "Billing",
            "servicePrincipalType": "Application",
            "passwordCredentials": [{**secret, "value": plant(), "customKeyIdentifier": plant.base64()}],
            "keyCredentials": [{"keyId": "k-2", "type": "Symmetric", "usage": "Sign", "key": plant.base64()}],
            "samlSingleSignOnSettings": {"relayState": plant()},
            "tags": [f"password={plant()}"],
            "web": {"redirectUris": [plant.in_url()]},
        }
    ]


def github(plant: Plants) -> Any:
    return [
        {
            "id": 25381,
            "token_id": 98716,
            "token_name": "deploy",
            "token": plant(),
            "hashed_token": plant.base64(),
            "owner": {"login": "octocat", "id": 1, "url": "https://api.github.com/users/octocat"},
            "repository_selection": "subset",
            "repositories_url": "https://api.github.com/organizations/652551/personal-access-tokens/25381/repositories",
            "permissions": {"organization": {"members": "read"}},
            "access_granted_at": "2025-01-01T00:00:00Z",
            "token_expired": False,
            "token_expires_at": None,
        }
    ]


def github_secrets(plant: Plants) -> Any:
    secret = {"name": "GIST_ID", "created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z"}
    return {
        "total_count": 1,
        "secrets": [{**secret, "visibility": "all", "value": plant(), "encrypted_value": plant()}],
    }


def okta(plant: Plants) -> Any:
    client = {"client_id": "0oa1", "client_secret": plant(), "token_endpoint_auth_method": "client_secret_basic"}
    return [
        {
            "id": "0oa1",
            "label": "sync",
            "name": "oidc_client",
            "status": "ACTIVE",
            "signOnMode": "OPENID_CONNECT",
            "created": "2025-01-01T00:00:00Z",
            "credentials": {"oauthClient": client, "password": {"value": plant()}, "signing": {"kid": "k"}},
            "settings": {
                "app": {"apiToken": plant(), "url": plant.in_url()},
                "oauthClient": {"application_type": "service", "grant_types": ["client_credentials"], "x": plant()},
            },
            "profile": {"sharedSecret": plant()},
            "_links": {"self": {"href": "https://acme.okta.com/api/v1/apps/0oa1"}},
        }
    ]


def keycloak(plant: Plants) -> Any:
    attributes = {
        "client.secret.rotated": plant(),
        "saml.signing.private.key": plant(),
        "jwt.credential.certificate": plant.base64(),
        "backchannel.logout.url": plant.in_url(),
    }
    return [
        {
            "id": "c1",
            "clientId": "billing",
            "enabled": True,
            "serviceAccountsEnabled": True,
            "publicClient": False,
            "clientAuthenticatorType": "client-secret",
            "secret": plant(),
            "registrationAccessToken": plant(),
            "attributes": attributes,
            "baseUrl": plant.in_url(),
            "protocolMappers": [{"name": "hard", "config": {"claim.value": plant()}}],
        }
    ]
