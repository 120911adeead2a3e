"""The words the audit uses for what happens to identities: `subject.past_participle`, one class a subject."""

from identities.events.governance import (
    ApprovalEvent as ApprovalEvent,
    BreakGlassEvent as BreakGlassEvent,
    CampaignEvent as CampaignEvent,
    ChannelEvent as ChannelEvent,
    DeliveryEvent as DeliveryEvent,
    ElevationEvent as ElevationEvent,
    RequestEvent as RequestEvent,
    ReviewEvent as ReviewEvent,
    SubscriptionEvent as SubscriptionEvent,
    SuccessionEvent as SuccessionEvent,
    TransferEvent as TransferEvent,
)
from identities.events.people import (
    AgentEvent as AgentEvent,
    NoticeEvent as NoticeEvent,
    PersonEvent as PersonEvent,
    ReplacementEvent as ReplacementEvent,
    TeamEvent as TeamEvent,
    TenantEvent as TenantEvent,
)
from identities.events.register import (
    AuthorizationEvent as AuthorizationEvent,
    BindingEvent as BindingEvent,
    CredentialEvent as CredentialEvent,
    FindingEvent as FindingEvent,
    IdentityEvent as IdentityEvent,
    ImportEvent as ImportEvent,
    LeakEvent as LeakEvent,
    PolicyEvent as PolicyEvent,
    ProgrammeEvent as ProgrammeEvent,
    ProvisioningEvent as ProvisioningEvent,
    QuarantineEvent as QuarantineEvent,
    QuestionnaireEvent as QuestionnaireEvent,
    RoleEvent as RoleEvent,
    SecretGrantEvent as SecretGrantEvent,
    SigningKeyEvent as SigningKeyEvent,
    StandardsEvent as StandardsEvent,
    TokenEvent as TokenEvent,
    VaultEvent as VaultEvent,
)
