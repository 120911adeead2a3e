"""Asking a vault that speaks JSON over HTTP, and its usual refusals in our words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.views.decorators.debug import sensitive_variables

from identities.vaults import failures
from identities.vaults.http import BoundedSession

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A status, the JSON object that came with it (empty if none did), and the headers."""

    status: int
    body: JSON
    headers: Mapping[str, str]

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


@sensitive_variables("token", "json", "form", "headers")
def ask(
    session: BoundedSession,
    method: str,
    url: str,
    *,
    token: str = "",
    json: JSON | None = None,
    form: JSON | None = None,
) -> Answer:
    """One question. Raises what the session raises, and `VaultFailed` for a good answer that is no JSON object."""
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    response = session.request(method, url, headers=headers, json=json, data=form)
    try:
        body = response.json() if response.content else {}
    except ValueError:
        body = None
    found = Answer(response.status_code, body if isinstance(body, dict) else {}, response.headers)
    if found.is_good and not isinstance(body, dict):
        raise failures.VaultFailed("The vault's answer is no JSON object")
    return found


def refusal(status: int, vault: str) -> failures.VaultError:
    """What a status says by itself."""
    ways: dict[int, failures.VaultError] = {
        401: failures.VaultUnauthenticated(f"{vault} does not accept the connection's credential"),
        403: failures.VaultDenied(f"{vault} knows the credential, which has no right to do this"),
        404: failures.SecretNotFound("There is no such secret, or not in this version"),
        409: failures.VersionConflict("Somebody else wrote the secret in between"),
        429: failures.VaultThrottled(f"{vault} asks to slow down"),
        503: failures.VaultUnreachable(f"{vault} is not available now"),
    }
    return ways.get(status) or failures.VaultFailed(f"{vault} answered with an error of its own")


def text_of(body: JSON, *path: str) -> str:
    """The text at the end of `path`; raises `VaultFailed` where something else is, or nothing."""
    found: Any = body
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    if not isinstance(found, str):
        raise failures.VaultFailed("The vault's answer is not what this vault answers")
    return found


def rows_of(body: JSON, member: str) -> list[JSON]:
    """The objects listed under `member`; none where it is absent; raises `VaultFailed` for anything else."""
    found = body.get(member) or []
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise failures.VaultFailed("The vault's answer is not what this vault answers")
    return found
