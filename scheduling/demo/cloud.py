"""Exports of the company's cloud account and cluster, as their command lines print them; no value of a secret."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from scheduling.demo.shapes import DAY, HOUR, address

ACCOUNT = "640001112223"
CLUSTER = "harbour-prod"
Item = Mapping[str, Any]
NOTHING: Item = {}


def aws_users(at: datetime) -> str:
    """`aws iam get-account-authorization-details`, the first time."""
    return json.dumps(
        {
            "UserDetailList": [
                _user("backup-uploader", at, 410, _tags("olek.brandt", env="production"), "BackupBucketWrite"),
                _user("media-resizer", at, 200, _tags("tomasz.wrobel", "Platform", "production", "Media", "PLAT-505")),
                _user("edi-bridge", at, 900, _tags("noor.haddad", "Data", "production", "EDI", "DATA-8")),
                _user("fish-auction-sync", at, 520, _tags("noor.haddad", "Data", "production", "Auctions", "DATA-61")),
            ],
            "RoleDetailList": [_role("ci-terraform", at, 300)],
        }
    )


def aws_users_again(at: datetime) -> str:
    """The same a month later: one user is gone, one is tagged otherwise."""
    return json.dumps(
        {
            "UserDetailList": [
                _user("backup-uploader", at, 432, _tags("olek.brandt", env="staging"), "BackupBucketWrite"),
                _user("media-resizer", at, 222, _tags("tomasz.wrobel", "Platform", "production", "Media", "PLAT-505")),
                _user("edi-bridge", at, 922, _tags("noor.haddad", "Data", "production", "EDI", "DATA-8")),
            ],
            "RoleDetailList": [_role("ci-terraform", at, 322)],
        }
    )


def aws_keys(at: datetime) -> str:
    """`aws iam list-access-keys` of each user."""
    keys = [
        _key("backup-uploader", "AKIADEMOBACKUP000001", at, 402),
        _key("media-resizer", "AKIADEMOMEDIA0000001", at, 71),
        _key("edi-bridge", "AKIADEMOEDIBRIDGE001", at, 380),
        _key("fish-auction-sync", "AKIADEMOAUCTION00001", at, 260),
    ]
    return json.dumps({"AccessKeyMetadata": keys})


def aws_keys_again(at: datetime) -> str:
    """The same a month later, without the user who is gone."""
    keys = [
        _key("backup-uploader", "AKIADEMOBACKUP000001", at, 424),
        _key("media-resizer", "AKIADEMOMEDIA0000001", at, 93),
        _key("edi-bridge", "AKIADEMOEDIBRIDGE001", at, 402),
    ]
    return json.dumps({"AccessKeyMetadata": keys})


def aws_uses(at: datetime) -> str:
    """`aws iam get-access-key-last-used` of a key."""
    return json.dumps({"UserName": "media-resizer", "AccessKeyLastUsed": {"LastUsedDate": _ago(at, 5 * HOUR)}})


def cluster(at: datetime) -> str:
    """`kubectl get serviceaccounts,secrets,deployments,rolebindings -A -o json`, values left out."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(_objects(at))})


def cluster_again(at: datetime) -> str:
    """The next one, which nobody has applied yet: one service account is new, one is labelled otherwise."""
    fresh = _account("shop", "gift-cards", {"app.kubernetes.io/part-of": "Web shop"})
    found = _objects(at, checkout_team="Customer care")
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [*found, fresh]})


def leaks(at: datetime) -> str:
    """`trufflehog git … --json`: a key of the cloud in a repository, and whose it is. The key itself is not in it."""
    return json.dumps(
        {
            "SourceMetadata": {
                "Data": {
                    "Git": {
                        "commit": "5f0c9d3ab1e27f40",
                        "file": "scripts/resize.env",
                        "email": address("jonas.lindqvist"),
                        "repository": "https://git.harbour.example/harbour-foods/media.git",
                        "timestamp": _ago(at, 9 * DAY),
                        "line": 4,
                    }
                }
            },
            "DetectorName": "AWS",
            "Verified": True,
            "ExtraData": {"arn": _arn("user", "media-resizer"), "account": ACCOUNT},
        }
    )


def _objects(at: datetime, checkout_team: str = "Platform") -> Iterable[Item]:
    labels = {"app.kubernetes.io/part-of": "Web shop", "env": "production"}
    known = {"harbour.example/owner": address("tomasz.wrobel"), "harbour.example/team": "Platform"}
    role = {"eks.amazonaws.com/role-arn": f"arn:aws:iam::{ACCOUNT}:role/checkout"}
    yield _account("shop", "checkout", labels, {**known, **role, "harbour.example/team": checkout_team})
    yield _account("shop", "legacy-cart", {"env": "production"}, known)
    yield _account("default", "importer")
    yield {
        "kind": "Secret",
        "type": "kubernetes.io/service-account-token",
        "metadata": {
            "namespace": "shop",
            "name": "legacy-cart-token",
            "creationTimestamp": _ago(at, 640 * DAY),
            "annotations": {"kubernetes.io/service-account.name": "legacy-cart"},
        },
    }
    for name in ("checkout", "legacy-cart"):
        yield {
            "kind": "Deployment",
            "metadata": {"namespace": "shop", "name": name},
            "spec": {"template": {"spec": {"serviceAccountName": name}}},
        }
        yield {
            "kind": "RoleBinding",
            "metadata": {"namespace": "shop", "name": name},
            "roleRef": {"kind": "Role", "name": f"{name}-orders"},
            "subjects": [{"kind": "ServiceAccount", "namespace": "shop", "name": name}],
        }


def _account(namespace: str, name: str, labels: Item = NOTHING, annotations: Item = NOTHING) -> Item:
    metadata = {"namespace": namespace, "name": name, "labels": dict(labels), "annotations": dict(annotations)}
    return {"kind": "ServiceAccount", "metadata": metadata}


def _user(name: str, at: datetime, age: int, tags: list[dict[str, str]], policy: str = "S3Write") -> Item:
    policies = [{"PolicyName": policy, "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/{policy}"}]
    return {
        "UserName": name,
        "Arn": _arn("user", name),
        "CreateDate": _ago(at, age * DAY),
        "Tags": tags,
        "AttachedManagedPolicies": policies,
    }


def _role(name: str, at: datetime, age: int) -> Item:
    trust = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:harbour-foods/*"}},
            }
        ]
    }
    return {
        "RoleName": name,
        "Arn": _arn("role", name),
        "CreateDate": _ago(at, age * DAY),
        "AssumeRolePolicyDocument": trust,
        "Tags": _tags("amara.diallo", "Platform", "production", "Infrastructure", "PLAT-77"),
        "AttachedManagedPolicies": [
            {"PolicyName": "AdministratorAccess", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
        ],
        "RoleLastUsed": {"LastUsedDate": _ago(at, 6 * HOUR)},
    }


def _key(user: str, key: str, at: datetime, age: int) -> Item:
    return {"UserName": user, "AccessKeyId": key, "Status": "Active", "CreateDate": _ago(at, age * DAY)}


def _tags(owner: str, team: str = "", env: str = "", application: str = "", ticket: str = "") -> list[dict[str, str]]:
    said = {"owner": address(owner), "team": team, "env": env, "application": application, "ticket": ticket}
    return [{"Key": key, "Value": value} for key, value in said.items() if value]


def _arn(sort: str, name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:{sort}/{name}"


def _ago(at: datetime, span: timedelta) -> str:
    return (at - span).strftime("%Y-%m-%dT%H:%M:%SZ")
