"""What people of the demo ask for, decide and owe each other: by the commands that everybody uses, as these people.

Four things wait for whoever looks around: requests, a campaign, a break-glass use to be reviewed, an identity that
somebody left behind. One campaign is over: an item of it was answered by silence, and may be undone.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from audit.actors import Actor
from identities.access.models import Role
from identities.approvals import selectors as approvals, services as votes
from identities.elevations import aftermath, break_glass, services as elevations
from identities.elevations.models import BreakGlassGrant, Elevation
from identities.inventory import exceptions
from identities.inventory.models import ExceptionKind, ManagedIdentity, PolicyException
from identities.notifications import subscriptions
from identities.notifications.models import Subscription
from identities.people.actors import actor_of
from identities.people.models import Tenant, User
from identities.recertification import campaigns, decisions, silence
from identities.recertification.models import ItemState, ReviewCampaign
from identities.requests import services as requests
from identities.requests.models import IdentityRequest
from identities.succession import cases, transfers
from identities.succession.models import OwnershipTransfer
from scheduling.demo import motion
from scheduling.demo.shapes import DAY, VAULT, address

SECURITY, PLATFORM_ADMIN = "priya.raman", "amara.diallo"
#: Who asks, for what, and whose yes or no is there already.
REQUESTS: tuple[tuple[str, Mapping[str, Any], tuple[tuple[str, str], ...]], ...] = (
    (
        "lena.okafor",
        {
            "bundle": "observability-bot",
            "name": "order-board-reader",
            "environment": "staging",
            "purpose": "Shows on the care desk's wallboard which runs are late",
            "owner_team": "Customer care",
            "ticket": "CARE-71",
            "expires_at": 90 * DAY,
            "store_secret_at": {**VAULT, "secretName": "order-board-reader-client-secret"},
        },
        (),
    ),
    (
        "noor.haddad",
        {
            "bundle": "llm-retrieval-agent",
            "name": "recipe-answerer",
            "environment": "staging",
            "purpose": "Looks up recipes and allergens for the question box in the shop",
            "owner_team": "Data",
            "ticket": "DATA-412",
            "expires_at": 120 * DAY,
            "evidence": {"modelVersion": "house-small 2026-09", "approvedTools": "recipe search, allergen table"},
        },
        (),
    ),
    (
        "tomasz.wrobel",
        {
            "bundle": "deploy-bot",
            "name": "checkout-deployer",
            "environment": "production",
            "purpose": "Brings releases of the checkout to the shop",
            "owner_team": "Platform",
            "customer_facing": True,
            "ticket": "PLAT-560",
            "expires_at": 300 * DAY,
            "evidence": {
                "releaseTicket": "PLAT-560",
                "approver": address("amara.diallo"),
                "deploymentId": "checkout/main",
            },
            "change_note": "The checkout leaves the shop's own pipeline.",
            "rollback_plan": "Retire it; shop-deployer can release the checkout as before.",
        },
        ((PLATFORM_ADMIN, "Platform answers for it; PLAT-560 has the threat notes"),),
    ),
)  # fmt: skip
REFUSED = (
    "jonas.lindqvist",
    {
        "bundle": "data-export-agent",
        "name": "supplier-export",
        "environment": "production",
        "purpose": "Sends every supplier's full record to a spreadsheet each night",
        "owner_team": "Warehouse and cold chain",
        "data_classification": "confidential",
        "ticket": "COLD-120",
        "expires_at": 150 * DAY,
        "evidence": {
            "businessOwner": "Jonas Lindqvist",
            "dataScope": "All suppliers",
            "retentionPolicy": "Kept in the sheet",
        },
    },
    "A spreadsheet is no place for bank details: ask again for the three columns that you need",
)  # fmt: skip

RUNNING, OVER = "Autumn review: what runs in production", "What the trade fair left behind"
#: In the campaign that is over: who answered what, and why. The last of the fair's was answered by nobody.
ANSWERS: Mapping[str, tuple[str, str]] = {
    motion.FAIR[0]: ("certify", "The kiosk stands in the shop now, and people use it"),
    motion.FAIR[1]: ("revoke", "The fair is over: nobody prints badges"),
}


def load(tenant: Tenant, at: datetime) -> None:
    """Load what is not there yet, each piece looked for by its name; people act as themselves."""
    for login, wanted, said in REQUESTS:
        _request(tenant, at, login, wanted, said)
    _refused(tenant, at)
    _campaigns(tenant, at)
    _elevations(tenant, at)
    _exception(tenant, at)
    _ownership(tenant, at)
    _subscription(tenant)


def _request(
    tenant: Tenant, at: datetime, login: str, wanted: Mapping[str, Any], said: tuple[tuple[str, str], ...]
) -> IdentityRequest | None:
    if IdentityRequest.objects.filter(tenant=tenant, name=wanted["name"]).exists():
        return None
    given = {**wanted, "expires_at": at + wanted["expires_at"]}
    row = requests.request(tenant=tenant, given=given, actor=_actor(tenant, login)).row
    for voter, why in said:
        row = requests.approve(row, reason=why, actor=_actor(tenant, voter))
    return row


def _refused(tenant: Tenant, at: datetime) -> None:
    login, wanted, why = REFUSED
    if row := _request(tenant, at, login, wanted, ()):
        requests.reject(row, reason=why, actor=_actor(tenant, SECURITY))


def _campaigns(tenant: Tenant, at: datetime) -> None:
    actor = _actor(tenant, SECURITY)
    if not ReviewCampaign.objects.filter(tenant=tenant, name=OVER).exists():
        due = timezone.now() + timedelta(seconds=2)
        scope = {"application": motion.FAIR_APPLICATION, "state": "active"}
        over = campaigns.launch(tenant=tenant, name=OVER, scope=scope, due_at=due, on_silence="disable", actor=actor)
        _answer(over)
        silence.sweep(due + timedelta(seconds=1))
    if not ReviewCampaign.objects.filter(tenant=tenant, name=RUNNING).exists():
        scope = {"environment": "production", "state": "active"}
        campaigns.launch(tenant=tenant, name=RUNNING, scope=scope, due_at=at + 9 * DAY, actor=actor)


def _answer(campaign: ReviewCampaign) -> None:
    for item in campaign.items.filter(state=ItemState.OPEN).select_related("identity", "reviewer"):
        decision, reason = ANSWERS.get(item.identity.name, ("", ""))
        if decision and item.reviewer is not None:
            decisions.decide(item, decision=decision, reason=reason, actor=actor_of(item.reviewer), seconds=21)


def _elevations(tenant: Tenant, at: datetime) -> None:
    collector, checker = _identity(tenant, "metrics-collector"), _identity(tenant, "gateway-checker")
    watch, keep = _role(tenant, "run-observer"), _role(tenant, "register-keeper")
    if not Elevation.objects.filter(identity=checker).exists():
        elevations.ask(
            checker,
            watch,
            minutes=240,
            justification="Find out why the south gateway still sends the old secret (PLAT-588)",
            owner=_person(tenant, "tomasz.wrobel"),
            actor=_actor(tenant, "tomasz.wrobel"),
            ticket="PLAT-588",
        )
    if not BreakGlassGrant.objects.filter(identity=checker).exists():
        grant = _arm(tenant, at, checker, keep, "The gateways are down and the register cannot be mended by hand")
        aftermath.end_use(
            break_glass.use(grant, reason="Both gateways were down (INC-31)", actor=_actor(tenant, "tomasz.wrobel")),
            reason="They are up again",
            actor=_actor(tenant, "tomasz.wrobel"),
        )
    if not BreakGlassGrant.objects.filter(identity=collector).exists():
        _arm(tenant, at, collector, keep, "The dashboards are blind during an incident")


def _arm(tenant: Tenant, at: datetime, identity: ManagedIdentity, role: Role, why: str) -> BreakGlassGrant:
    """Asked for by one, approved by two others: nobody approves what they may use."""
    grant = break_glass.arm(
        identity,
        role,
        minutes=60,
        valid_until=at + 60 * DAY,
        justification=why,
        owner=_person(tenant, "tomasz.wrobel"),
        actor=_actor(tenant, "noor.haddad"),
    )
    for voter in (PLATFORM_ADMIN, SECURITY):
        waiting = approvals.pending_of("break_glass", grant.pk)
        if waiting is not None:
            votes.approve(waiting, reason="For emergencies alone", actor=_actor(tenant, voter))
    return BreakGlassGrant.objects.get(pk=grant.pk)


def _exception(tenant: Tenant, at: datetime) -> None:
    shared = _identity(tenant, "yearly-tax-archiver")
    reader = _identity(tenant, "label-printer")
    if shared.exceptions.exists() and not PolicyException.objects.filter(identity=reader).exists():
        exceptions.grant(
            reader,
            kind=ExceptionKind.SHARED_IDENTITY,
            reason="Two printers share it until the second has a name of its own (COLD-66)",
            expires_at=at + 60 * DAY,
            ticket="COLD-66",
            owner=_person(tenant, "jonas.lindqvist"),
            actor=_actor(tenant, SECURITY),
        )


def _ownership(tenant: Tenant, at: datetime) -> None:
    cases.tend(timezone.now())
    mirror = _identity(tenant, "old-crm-mirror")
    if not OwnershipTransfer.objects.filter(identity=mirror).exists():
        transfers.ask(
            mirror,
            receiver=_person(tenant, "lena.okafor"),
            reason="Customer care reads it, if anybody does; Data only built it (DATA-401)",
            ticket="DATA-401",
            actor=_actor(tenant, PLATFORM_ADMIN),
        )


def _subscription(tenant: Tenant) -> None:
    name = "Emergencies"
    if not Subscription.objects.filter(tenant=tenant, name=name).exists():
        person = _person(tenant, SECURITY)
        types = ["break_glass.*", "identity.quarantined", "leak.reported"]
        subscriptions.create(
            tenant_id=tenant.pk, by=person, actor=actor_of(person), name=name, types=types, audience="admins"
        )


def _person(tenant: Tenant, login: str) -> User:
    return User.objects.get(tenant=tenant, email=address(login))


def _actor(tenant: Tenant, login: str) -> Actor:
    return actor_of(_person(tenant, login))


def _identity(tenant: Tenant, name: str) -> ManagedIdentity:
    return ManagedIdentity.objects.get(tenant=tenant, name=name)


def _role(tenant: Tenant, name: str) -> Role:
    return Role.objects.get(tenant=tenant, name=name)
