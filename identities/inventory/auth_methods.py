"""What is to be said of each way to prove oneself: verdict, best use, weakness (S3-56, S4-83). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from identities.inventory.vocabulary import AuthMethod


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement in a word or three, what the way is best for, and where it gives."""

    verdict: str
    best_for: str
    weakness: str

    @property
    def sentence(self) -> str:
        return f"{self.verdict.capitalize()}. Best for {self.best_for}. Weakness: {self.weakness}."


VERDICTS: Mapping[str, Verdict] = MappingProxyType(
    {
        AuthMethod.STATIC_API_KEY.value: Verdict(
            "last resort",
            "a product of somebody else that takes nothing better, scoped and kept in a vault",
            "whoever reads it once is it for ever; it does not say where it is used, and copies are not counted",
        ),
        AuthMethod.LONG_LIVED_SECRET.value: Verdict(
            "transitional",
            "a service account on its way to federation, rotated by its tier until then",
            "it must be stored, handed out and rotated, and each of these leaks",
        ),
        AuthMethod.FEDERATED.value: Verdict(
            "best default",
            "anything that runs on a platform that can vouch for it: pipelines, clusters, clouds",
            "a loose trust condition lets every job of the same platform in",
        ),
        AuthMethod.MTLS.value: Verdict(
            "excellent when mature",
            "services among themselves where issuing and renewing certificates is automatic",
            "without that automation certificates expire at night or live for years",
        ),
        AuthMethod.VAULT_DYNAMIC.value: Verdict(
            "very good",
            "databases and clouds that can make an account for a single use",
            "the vault becomes the door to everything, and the way into the vault is a credential too",
        ),
        AuthMethod.OAUTH_DELEGATED.value: Verdict(
            "good with governance",
            "connectors that act for a person or a tenant within scopes that were agreed to",
            "consents outlive their purpose, and refresh tokens outlive their owners, unless somebody reviews them",
        ),
        AuthMethod.CONDITIONAL_SERVICE_ACCOUNT.value: Verdict(
            "moderate",
            "an account that cannot be federated, bound to known networks, devices or hours",
            "below the condition there still is a secret, and conditions are widened more often than narrowed",
        ),
        AuthMethod.AGENT_BROKER.value: Verdict(
            "for tool-using agents",
            "AI agents: a broker hands out a short, scoped grant for each call and keeps the record",
            "what the broker may do, a misled agent can ask it for",
        ),
        AuthMethod.PASSWORD.value: Verdict(
            "legacy",
            "systems that know nothing else, until they are replaced",
            "it is guessed, reused and typed by people, so nobody can say who used it",
        ),
        AuthMethod.HUMAN_SHARED_ADMIN.value: Verdict(
            "eliminate",
            "nothing: replace it by an account for each person and an identity for each job",
            "it proves nobody, cannot be taken from one without taking it from all, and may do everything",
        ),
        AuthMethod.UNKNOWN.value: Verdict(
            "unknown",
            "no purpose: find out how it proves itself, and say so",
            "what is not known cannot be rotated, watched or ended",
        ),
    }
)


def catalogue() -> str:
    """All of them as one text, a line each: for the pages that describe the member."""
    return "\n".join(f"- `{method}`: {verdict.sentence}" for method, verdict in VERDICTS.items())
