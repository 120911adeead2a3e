"""The versions of one secret in AWS Secrets Manager and their labels, over a client of Amazon's library."""

import json
from contextlib import suppress
from typing import Any
from uuid import uuid4

from django.views.decorators.debug import sensitive_variables

from identities.vaults import failures
from identities.vaults.base import NONE
from identities.vaults.secret_text import SecretText

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"


def stages_of(client: Any, name: str) -> dict[str, list[str]] | None:
    """Each version's labels; None where there is no secret."""
    try:
        answer = client.describe_secret(SecretId=name)
    except client.exceptions.ResourceNotFoundException:
        return None
    if answer.get("DeletedDate"):
        raise failures.SecretBeingDeleted(f"The secret '{name}' is marked for deletion")
    return answer.get("VersionIdsToStages") or {}


def value_of(client: Any, name: str, version: str | None) -> str:
    """The text of this version, or of the current one; `SecretNotFound` once a version has lost its labels."""
    wanted = {"VersionId": version} if version else {"VersionStage": CURRENT}
    answer = client.get_secret_value(SecretId=name, **wanted)
    if not answer.get("VersionStages"):
        raise failures.SecretNotFound(f"This version of the secret '{name}' is no longer in use")
    if not isinstance(answer.get("SecretString"), str):
        raise failures.FieldNotFound(f"The secret '{name}' holds no text")
    return str(answer["SecretString"])


@sensitive_variables("text", "found")
def members_of(text: str, name: str) -> dict[str, Any]:
    """The members of a secret that is a JSON object."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise failures.FieldNotFound(f"The secret '{name}' is no JSON object")
    return found


@sensitive_variables("value")
def member_of(value: str, name: str, key: str) -> str:
    """The text under one member."""
    found = members_of(value, name).get(key)
    if not isinstance(found, str):
        raise failures.FieldNotFound(f"The secret '{name}' has no text in the member '{key}'")
    return found


def holder_of(stages: dict[str, list[str]] | None, label: str) -> str:
    """The version that bears this label, `NONE` if there is none."""
    return next((version for version, labels in (stages or {}).items() if label in labels), NONE)


@sensitive_variables("text", "before", "value")
def put(client: Any, name: str, key: str, text: SecretText, expected: str | None) -> tuple[str, str]:
    """The version made, and the one that is in use before it; only the first of all is in use without `promote`."""
    made = str(uuid4())
    stages = stages_of(client, name)
    newest = holder_of(stages, CURRENT)
    if expected not in (None, newest):
        raise failures.VersionConflict(f"The secret '{name}' is not at the expected version")
    before = value_of(client, name, newest) if key and newest != NONE else "{}"
    value = json.dumps(members_of(before, name) | {key: text.reveal()}) if key else text.reveal()
    if stages is None:
        client.create_secret(Name=name, SecretString=value, ClientRequestToken=made)
    else:
        labels = [PENDING if newest != NONE else CURRENT]
        client.put_secret_value(SecretId=name, SecretString=value, ClientRequestToken=made, VersionStages=labels)
    return made, newest


def promote(client: Any, name: str, made: str, before: str) -> None:
    """Check-and-set: Amazon moves the label only away from the version that we saw it on."""
    refused = client.exceptions.InvalidParameterException
    try:
        client.update_secret_version_stage(
            SecretId=name, VersionStage=CURRENT, MoveToVersionId=made, RemoveFromVersionId=before
        )
    except refused:
        raise failures.VersionConflict(f"Somebody else wrote the secret '{name}' in between") from None
    finally:
        with suppress(refused):  # who wrote in between may have taken it already
            client.update_secret_version_stage(SecretId=name, VersionStage=PENDING, RemoveFromVersionId=made)


def labels_of(told: dict[str, Any]) -> list[str]:
    """The labels of one version as the list of versions tells them."""
    return sorted(str(label) for label in told.get("VersionStages") or ())
