"""Amazon's words for what went wrong, in ours. Pure; nothing of its text is taken over."""

from collections.abc import Mapping
from typing import Any

from identities.vaults import failures

_NOT_KNOWN = {
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_WRONG_TIME = {"RequestExpired", "RequestTimeTooSkewed"}
_ABOUT_TIME = ("signature expired", "signature not yet current")
_TOO_OFTEN = {"LimitExceededException", "Throttling", "ThrottlingException", "TooManyRequestsException"}
_NO_RIGHT = {"AccessDenied", "AccessDeniedException", "DecryptionFailure", "EncryptionFailure", "NotAuthorized"}


def named(answer: Mapping[str, Any]) -> failures.VaultError:
    """One of our errors for an error answer as the library reads it: `Error.Code`, `Error.Message` and the status."""
    error = answer.get("Error") or {}
    code, said = str(error.get("Code", "")), str(error.get("Message", "")).lower()
    status = (answer.get("ResponseMetadata") or {}).get("HTTPStatusCode", 0)
    if code in _WRONG_TIME or any(words in said for words in _ABOUT_TIME):
        return failures.VaultClockSkew("Secrets Manager says that this machine's clock is wrong")
    if code == "InvalidRequestException" and "delet" in said:
        return failures.SecretBeingDeleted("The secret is marked for deletion")
    is_unknown = code in _NOT_KNOWN or any(
        name.lower() in said for name in _NOT_KNOWN
    )  # a gateway's XML is read as text
    ways: list[tuple[bool, failures.VaultError]] = [
        (
            code == "ResourceNotFoundException",
            failures.SecretNotFound("There is no such secret, or not in this version"),
        ),
        (code == "ResourceExistsException", failures.VersionConflict("Somebody else wrote the secret in between")),
        (is_unknown, failures.VaultUnauthenticated("Secrets Manager does not accept the access key")),
        (code in _NO_RIGHT, failures.VaultDenied("The access key has no right to do this, or to use the KMS key")),
        (code in _TOO_OFTEN or status == 429, failures.VaultThrottled("Secrets Manager asks to slow down")),
        (status == 503, failures.VaultUnreachable("Secrets Manager is not available now")),
    ]
    return next(
        (ours for fits, ours in ways if fits), failures.VaultFailed("Secrets Manager answered with an error of its own")
    )
