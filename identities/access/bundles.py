"""Role bundles: what workloads of five kinds are for, may do, and have to prove before they get it (S4-21, S4-50)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from identities.inventory.vocabulary import BlastRadius, Function, Kind, RiskTier, TrustBoundary

YEAR = timedelta(days=366)
HALF_A_YEAR = timedelta(days=183)


@dataclass(frozen=True, slots=True)
class EvidenceField:
    """What a request for this bundle has to say beside the form; `key` is its member in `evidence`, camelCase."""

    key: str
    label: str
    help: str


@dataclass(frozen=True, slots=True)
class RoleBundle:
    """A role to begin with: its permissions may be narrowed by who asks, never widened.

    `floor` is the lowest tier it can have, whatever is left of it. `touches` names the kind of systems it works on
    where harm there is grave of itself. The rest is what the register is told of an identity made from it.
    """

    key: str
    label: str
    description: str
    good_for: str
    permissions: tuple[str, ...]
    floor: RiskTier
    kind: Kind
    function: Function
    blast_radius: BlastRadius
    trust_boundary: TrustBoundary
    longest: timedelta
    evidence: tuple[EvidenceField, ...] = ()
    touches: str = ""

    @property
    def evidence_keys(self) -> tuple[str, ...]:
        return tuple(field.key for field in self.evidence)


_BUSINESS_DATA = (
    EvidenceField("businessOwner", "Business owner", "Who answers for the data, by name or address."),
    EvidenceField("dataScope", "Data scope", "Which records and fields, such as: open contracts, no payment data."),
    EvidenceField("retentionPolicy", "Retention policy", "How long copies are kept, and what deletes them."),
)

BUNDLES: Mapping[str, RoleBundle] = MappingProxyType(
    {
        bundle.key: bundle
        for bundle in (
            RoleBundle(
                key="deploy-bot",
                label="Deploy bot",
                description="Starts release workflows and watches them to their end.",
                good_for="Pipelines that bring a release to an environment.",
                permissions=("workflow.execute", "schedule.read", "schedule.run", "run.read"),
                floor=RiskTier.MEDIUM,
                kind=Kind.DEPLOY_RUNNER,
                function=Function.DEPLOY,
                blast_radius=BlastRadius.WRITE_LIMITED,
                trust_boundary=TrustBoundary.INTERNAL,
                longest=YEAR,
                evidence=(
                    EvidenceField("releaseTicket", "Release ticket", "The ticket under which it may release."),
                    EvidenceField("approver", "Approver", "Who approves its releases, by name or address."),
                    EvidenceField("deploymentId", "Deployment id", "The deployment or pipeline it belongs to."),
                ),
            ),
            RoleBundle(
                key="observability-bot",
                label="Observability bot",
                description="Reads the register, schedules, runs and findings. Changes nothing.",
                good_for="Dashboards, monitors and exporters.",
                permissions=("identity.read", "schedule.read", "run.read", "finding.read"),
                floor=RiskTier.LOW,
                kind=Kind.BOT,
                function=Function.OBSERVE,
                blast_radius=BlastRadius.READ_ONLY,
                trust_boundary=TrustBoundary.INTERNAL,
                longest=YEAR,
            ),
            RoleBundle(
                key="crm-sync-bot",
                label="CRM sync bot",
                description="Runs workflows that write to a customer system, with the secret that opens it.",
                good_for="Keeping a CRM and our own systems in step.",
                permissions=("workflow.execute", "schedule.read", "run.read", "secret.read"),
                floor=RiskTier.MEDIUM,
                kind=Kind.SAAS_CONNECTOR,
                function=Function.SYNC,
                blast_radius=BlastRadius.WRITE_LIMITED,
                trust_boundary=TrustBoundary.THIRD_PARTY_SAAS,
                longest=YEAR,
                evidence=_BUSINESS_DATA,
                touches="customer systems",
            ),
            RoleBundle(
                key="llm-retrieval-agent",
                label="LLM retrieval agent",
                description="Looks things up for a language model; reads, and decides nothing here.",
                good_for="Agents that answer questions from our own data.",
                permissions=("identity.read", "schedule.read", "run.read", "report.read"),
                floor=RiskTier.MEDIUM,
                kind=Kind.AI_AGENT,
                function=Function.ENRICH,
                blast_radius=BlastRadius.READ_ONLY,
                trust_boundary=TrustBoundary.INTERNAL,
                longest=HALF_A_YEAR,
                evidence=(
                    EvidenceField("modelVersion", "Model version", "Which model, in which version, reads with it."),
                    EvidenceField("approvedTools", "Approved tools", "The tools it may call, separated by commas."),
                ),
            ),
            RoleBundle(
                key="data-export-agent",
                label="Data export agent",
                description="Runs workflows that take records out of the house, and reads reports and the audit.",
                good_for="Deliveries to auditors, partners and warehouses.",
                permissions=("workflow.execute", "run.read", "report.read", "audit.read"),
                floor=RiskTier.MEDIUM,
                kind=Kind.WORKLOAD,
                function=Function.SYNC,
                blast_radius=BlastRadius.WRITE_LIMITED,
                trust_boundary=TrustBoundary.THIRD_PARTY_SAAS,
                longest=HALF_A_YEAR,
                evidence=_BUSINESS_DATA,
                touches="records that leave the house",
            ),
        )
    }
)
