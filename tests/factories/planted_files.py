"""Key files, reports, states and tables with a planted value wherever they hold or could hold a secret."""

import json
from typing import Any
from urllib.parse import quote

from tests.factories.plants import Plants


def gcp(plant: Plants) -> Any:
    return {
        "type": "service_account",
        "project_id": "acme",
        "private_key_id": "0123456789abcdef0123456789abcdef01234567",
        "private_key": f"-----BEGIN PRIVATE KEY-----\n{plant.base64()}\n-----END PRIVATE KEY-----\n",
        "client_email": "ci@acme.iam.gserviceaccount.com",
        "client_id": "123456789012345678901",
        "client_x509_cert_url": plant.in_url(),
    }


def gcp_keys(plant: Plants) -> Any:
    name = "projects/acme/serviceAccounts/ci@acme.iam.gserviceaccount.com"
    return [
        {
            "name": f"{name}/keys/0123456789abcdef0123456789abcdef01234567",
            "keyType": "USER_MANAGED",
            "privateKeyData": plant.base64(),
            "publicKeyData": plant.base64(),
            "validAfterTime": "2025-01-01T00:00:00Z",
        }
    ]


def gitleaks(plant: Plants) -> Any:
    return [
        {
            "RuleID": "generic-api-key",
            "Description": "Generic",
            "File": ".env",
            "StartLine": 3,
            "Secret": plant(),
            "Match": f"KEY={plant()}",
            "Line": plant(),
            "Commit": "a" * 40,
            "Author": "Ann",
            "Email": "ann@example.com",
            "Message": plant(),
            "Link": f"https://{quote(plant(), safe='')}@github.com/acme/shop/blob/{'a' * 40}/.env#L3",
            "Fingerprint": f"{'a' * 40}:.env:generic-api-key:3",
        }
    ]


def trufflehog(plant: Plants) -> Any:
    place = {"commit": "b" * 40, "file": ".env", "line": 3, "email": "Ann <ann@example.com>", "link": plant.in_url()}
    git = {**place, "repository": f"https://x:{quote(plant(), safe='')}@github.com/acme/shop.git", "secret": plant()}
    return {
        "SourceMetadata": {"Data": {"Git": git}},
        "SourceName": "trufflehog - git",
        "DetectorName": "URI",
        "Verified": False,
        "Raw": plant(),
        "RawV2": plant(),
        "Redacted": plant.in_url(),
        "ExtraData": {"token": plant(), "user": "bot", "message": plant()},
        "StructuredData": {"x": plant()},
    }


def terraform(plant: Plants) -> Any:
    def managed(kind: str, **attributes: Any) -> dict[str, Any]:
        return {"mode": "managed", "type": kind, "name": "bot", "instances": [{"attributes": attributes}]}

    key = managed(
        "aws_iam_access_key",
        user="ci",
        id="AKIAIOSFODNN7EXAMPLE",
        secret=plant(),
        ses_smtp_password_v4=plant(),
        encrypted_secret=plant.base64(),
    )
    key["instances"][0]["private"] = plant.base64()
    marked = managed("aws_iam_user", name="ci", arn="arn:aws:iam::123456789012:user/ci", tags={"pin": plant()})
    marked["instances"][0]["sensitive_attributes"] = [[{"type": "get_attr", "value": "tags"}]]
    policy = json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": plant()}]})
    return {
        "version": 4,
        "terraform_version": "1.5.0",
        "serial": 1,
        "lineage": "11111111-2222-3333-4444-555555555555",
        "outputs": {
            "secret": {"value": plant(), "type": "string", "sensitive": True},
            "other": {"value": {"nested": [plant()]}, "type": "string"},
        },
        "resources": [
            key,
            marked,
            managed("aws_iam_user_login_profile", user="ci", password=plant(), encrypted_password=plant.base64()),
            managed("aws_iam_user_policy", user="ci", name="inline", policy=policy),
            managed(
                "google_service_account_key",
                service_account_id="projects/p/serviceAccounts/x@p.iam.gserviceaccount.com",
                name="projects/p/serviceAccounts/x@p.iam.gserviceaccount.com/keys/1",
                private_key=plant.base64(),
                public_key=plant.base64(),
            ),
            managed("azuread_application_password", application_id="/applications/a", key_id="k", value=plant()),
            managed("azuread_application", client_id="a", display_name="A", password=[{"value": plant()}]),
            managed("okta_app_oauth", label="o", client_id="c", client_secret=plant(), omit_secret=False),
            managed("keycloak_openid_client", client_id="kc", client_secret=plant(), base_url=plant.in_url()),
            managed("auth0_client", name="z", client_id="z", client_secret=plant()),
            managed("github_actions_secret", repository="r", secret_name="N", plaintext_value=plant(), value=plant()),
            managed("random_password", result=plant(), bcrypt_hash=plant()),
            managed("tls_private_key", private_key_pem=plant(), private_key_openssh=plant()),
            managed(
                "kubernetes_service_account",
                metadata=[{"name": "sa", "namespace": "shop", "annotations": {"x/password": plant(), "x/y": plant()}}],
            ),
            managed("kubernetes_secret", metadata=[{"name": "s"}], data={"p": plant()}, binary_data={"q": plant()}),
        ],
        "check_results": [{"x": plant()}],
    }


def table(plant: Plants) -> str:
    header = "name,environment,purpose,API Key,db password,Client-Secret,Token,Notes,tags,upstream,repository"
    tags = f"team=a;db_password={plant()};slack-token={plant()}"
    return (
        f"{header}\nbot,production,Copies.,{plant()},{plant()},{plant()},{plant()},{plant()},"
        f"{tags},{plant.in_url()},{plant.in_url()}\n"
    )


def passwords(plant: Plants) -> str:
    header = "Title,Username,Password,URL,Notes,OTPAuth,custom field,Tags"
    url = f"https://u:{quote(plant(), safe='')}@host.example.com/reset?token={quote(plant(), safe='')}"
    return f"{header}\nERP,svc-erp,{plant()},{url},{plant()},{plant()},{plant()},pin_password={plant()}\n"


def vault_metadata(plant: Plants) -> Any:
    custom = {"owner": "ann@example.com", "password": plant(), "db_password": plant()}
    data = {"created_time": "2025-01-01T00:00:00Z", "versions": {}, "custom_metadata": custom, "data": {"x": plant()}}
    return {"request_id": "r", "data": data, "auth": {"client_token": plant()}, "wrap_info": {"token": plant()}}


def credential_report(plant: Plants) -> str:
    header = (
        "user,arn,user_creation_time,password_enabled,password_last_used,access_key_1_active,"
        "access_key_1_last_rotated,access_key_2_active,cert_1_active,password,secret_access_key"
    )
    made = "2025-01-01T00:00:00+00:00"
    return (
        f"{header}\nci,arn:aws:iam::123456789012:user/ci,{made},false,N/A,true,{made},false,false,{plant()},{plant()}\n"
    )
