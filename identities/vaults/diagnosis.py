"""Testing a connection: what is right, what exactly failed, and what was not reached. Pure."""

from dataclasses import dataclass

from identities.vaults import failures
from identities.vaults.failures import VaultError

# In the order in which a call meets them.
STEPS = {
    "credential": "a credential is there",
    "name": "the name is known",
    "address": "the address may be called",
    "connection": "it can be reached",
    "certificate": "its certificate holds",
    "readiness": "it is ready",
    "clock": "the clocks agree",
    "authentication": "the credential is accepted",
    "permission": "the credential may read there",
}

# The narrower name stands before the wider one.
_FAILS: tuple[tuple[type[VaultError], str], ...] = (
    (failures.CredentialAbsent, "credential"),
    (failures.VaultNameUnknown, "name"),
    (failures.VaultAddressRefused, "address"),
    (failures.VaultUntrusted, "certificate"),
    (failures.VaultThrottled, "readiness"),
    (failures.VaultUnreachable, "connection"),
    (failures.VaultSealed, "readiness"),
    (failures.VaultFailed, "readiness"),
    (failures.VaultClockSkew, "clock"),
    (failures.VaultUnauthenticated, "authentication"),
    (failures.VaultDenied, "permission"),
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`failed` is a step of `STEPS`, or empty where everything is right."""

    failed: str = ""
    code: str = ""
    message: str = ""

    @property
    def passed(self) -> list[str]:
        steps = list(STEPS)
        return steps[: steps.index(self.failed)] if self.failed else steps

    @property
    def not_reached(self) -> list[str]:
        steps = list(STEPS)
        return steps[steps.index(self.failed) + 1 :] if self.failed else []

    def __str__(self) -> str:
        if not self.failed:
            return f"All is right: {_listed(self.passed)}."
        right = f" Right so far: {_listed(self.passed)}." if self.passed else ""
        open_still = f" Not reached: {_listed(self.not_reached)}." if self.not_reached else ""
        return f"Failed at “{STEPS[self.failed]}”: {self.message} ({self.code}).{right}{open_still}"


def of(error: VaultError | None) -> Diagnosis:
    """What the outcome of a probe says: nothing raised is all right."""
    if error is None:
        return Diagnosis()
    failed = next((step for kind, step in _FAILS if isinstance(error, kind)), "readiness")
    return Diagnosis(failed, error.code, error.message)


def _listed(steps: list[str]) -> str:
    return ", ".join(STEPS[step] for step in steps)
