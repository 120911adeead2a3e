"""A named error for each way a vault can say no; `code` is stable, the message never holds a secret."""

from identities.errors import Conflict, DomainError, Invalid, Missing, Unavailable


class VaultError(DomainError):
    """A vault did not do what it was asked."""

    code = "vault_error"


class VaultUnreachable(VaultError, Unavailable):
    """No connection could be made, or it broke off."""

    code = "vault_unreachable"


class VaultTimedOut(VaultUnreachable):
    """It did not answer within the connection's time limit."""

    code = "vault_timed_out"


class VaultUntrusted(VaultUnreachable):
    """Its certificate does not hold."""

    code = "vault_untrusted"


class VaultNameUnknown(VaultUnreachable):
    """The name in its address stands for no address."""

    code = "vault_name_unknown"


class VaultThrottled(VaultUnreachable):
    """It asks to be called less often."""

    code = "vault_throttled"


class VaultSealed(VaultError, Unavailable):
    """It answers, and is sealed or not ready."""

    code = "vault_sealed"


class VaultFailed(VaultError, Unavailable):
    """It answered with an error of its own, a redirect, too much, or something that is no vault's answer."""

    code = "vault_failed"


class VaultDenied(VaultError, Unavailable):
    """It does not accept this connection's credential, or the credential may not do this."""

    code = "vault_denied"


class VaultUnauthenticated(VaultDenied):
    """It does not know the credential, as far as it tells that from a missing right."""

    code = "vault_unauthenticated"


class VaultClockSkew(VaultUnauthenticated):
    """It says that the time of this machine, or of the one that signed us in, is not its own."""

    code = "vault_clock_skew"


class CredentialAbsent(VaultError, Unavailable):
    """The connection has no credential to show, or it cannot be opened with the present encryption key."""

    code = "vault_credential_absent"


class SecretNotFound(VaultError, Missing):
    """There is no such secret, or not in this version."""

    code = "secret_not_found"


class FieldNotFound(SecretNotFound):
    """The secret is there and has no such field, or the field is no text."""

    code = "secret_field_not_found"


class SecretUnreadable(VaultError, Unavailable):
    """The stored value does not open: another key, or it was changed where it rests."""

    code = "secret_unreadable"


class VersionConflict(VaultError, Conflict):
    """Somebody else wrote in between (check-and-set)."""

    code = "secret_version_conflict"


class SecretBeingDeleted(VaultError, Conflict):
    """It lies in the vault's bin: not read, and its name not free, until it is restored or the bin is emptied."""

    code = "secret_being_deleted"


class VersionKept(VaultError, Conflict):
    """This vault does not let go of this version while it is the current one."""

    code = "secret_version_kept"


class VaultPathRefused(VaultError, Invalid):
    """The name could lead outside of the connection's prefix, or is not spelled plainly."""

    code = "vault_path_refused"


class VaultAddressRefused(VaultError, Invalid):
    """The vault lies at an address that is not called for this connection."""

    code = "vault_address_refused"

    def __init__(self) -> None:
        super().__init__({"vault_uri": ["lies at a private, loopback or link-local address, which is not called"]})


class ProviderNotInstalled(VaultError, Invalid):
    """A provider Steward knows by name, without the code or the library for it; names the extra that brings it."""

    code = "provider_not_installed"

    def __init__(self, member: str = "provider", extra: str = "") -> None:
        remedy = f": pip install 'steward[{extra}]'" if extra else ""
        super().__init__({member: [f"provider not installed{remedy}"]})
