"""The ten categories of findings, as OWASP's list of risks of non-human identities (2025) counts them, and hygiene."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Category:
    """One of the ten: its code, its name in the list, and what it is about in our own words."""

    code: str
    title: str
    text: str


TOP_TEN: tuple[Category, ...] = (
    Category("NHI1", "Improper offboarding", "Its owner left, its purpose is over or nobody uses it."),
    Category("NHI2", "Secret leakage", "A secret lies where others can read it."),
    Category("NHI3", "Vulnerable third party", "A vendor acts in our systems, and nobody could stop it tonight."),
    Category("NHI4", "Insecure authentication", "It proves itself with something that can be copied."),
    Category("NHI5", "Overprivileged identity", "It may do more than its work needs."),
    Category("NHI6", "Insecure CI and cloud trust", "A pipeline is trusted that others can start or change."),
    Category("NHI7", "Long-lived secrets", "A secret lives longer than its tier allows, or has no end at all."),
    Category("NHI8", "Environment isolation", "Production and the rest share an identity or a secret."),
    Category("NHI9", "Reuse", "Several workloads, departments or accounts share one identity."),
    Category("NHI10", "Human use", "A person and a machine sign in as the same account."),
)
#: What is no risk of its own but keeps others from being seen: names and mandatory tags.
HYGIENE = Category("HYGIENE", "Hygiene", "A name or a mandatory tag that makes the register hard to rely on.")
CATEGORIES: Mapping[str, Category] = MappingProxyType({found.code: found for found in (*TOP_TEN, HYGIENE)})
