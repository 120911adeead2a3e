"""Credentials in motion, by the commands that everybody uses: rotations, a leak, a quarantine, a drill, a pause.

Each step looks for what it makes, so that a start which was killed half-way is finished by the next. When it happened
is said by `past_credentials`.
"""

from datetime import datetime
from secrets import token_urlsafe

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from audit.actors import Actor
from identities.access import secret_grants
from identities.credentials import elsewhere, keys, services as credentials
from identities.credentials.models import Delivery, Rotation
from identities.detections import leaks
from identities.detections.models import LeakDoor, LeakMatch
from identities.inventory import exceptions
from identities.inventory.models import ManagedIdentity
from identities.inventory.states import State
from identities.lifecycle import drills, holding, pausing, quarantines, releases, rotations, runbook_lines, secrets
from identities.lifecycle.models import Cause, LineKind, Quarantine
from identities.people.models import Tenant
from identities.vaults import services as vaults
from identities.vaults.models import VaultConnection
from identities.vaults.references import SecretReference
from scheduling.demo import motion
from scheduling.demo.shapes import DAY, VAULT

#: Both secrets in use; past its deadline; and one whose vault does not answer.
RUNNING, OVERDUE, UNDELIVERED = "metrics-collector", "gateway-checker", motion.SHOWN
DRILLED, EXCEPTED, CERTIFIED = "crm-connector", "yearly-tax-archiver", "ingress-proxy"
AWAY = "https://vault.harbour.example:8200"
#: An identity, what it may read besides its own, why, and whether that is only asked for.
READERS = (
    (motion.QUARANTINED, "cold-chain-monitor-client-secret", "Asks how cold a parcel was on its way (COLD-44)", False),
    ("old-crm-mirror", "crm-export-key", "Copies customers into the old CRM (DATA-97)", False),
    ("ledger-exporter", "auditors-data-room-token", "Hands the ledger over without a person (FIN-2140)", True),
)
TICKED = 2
NOTES = ("The page says: not connected", "Two sessions were open, both ended")
DONE = "Done, and tried once more: it was refused"


def load(tenant: Tenant, at: datetime, actor: Actor) -> None:
    """Everything, in the order in which it comes to have happened."""
    rows = {row.name: row for row in ManagedIdentity.objects.filter(tenant=tenant)}
    _leak(rows[motion.LEAKED], actor)
    _keys(rows[motion.KEYED], actor)
    _certificate(rows[CERTIFIED], at, actor)
    _except(rows[EXCEPTED], at, actor)
    _readers(rows, at, actor)
    _rotate(rows[RUNNING], "Its tier's 90 days are nearly over (PLAT-118)", actor)
    _rotate(rows[OVERDUE], "The gateway gets a secret of its own for each site (PLAT-655)", actor)
    _rotate_into_nowhere(rows[UNDELIVERED], tenant, actor)
    _drill(rows[DRILLED], actor)
    _quarantine(rows[motion.QUARANTINED], actor)
    if rows[motion.PAUSED].state == State.ACTIVE:
        why = "Does anybody still need these letters? Who does will call (DATA-410)"
        pausing.pause(rows[motion.PAUSED], reason=why, until=at + 12 * DAY, actor=actor)


@sensitive_variables("found")
def _leak(identity: ManagedIdentity, actor: Actor) -> None:
    """Its secret lies open, is reported and dies; the one in the vault from then on is its successor."""
    if LeakMatch.objects.filter(identity=identity).exists():
        return
    place = _place("newsletter-sender-client-secret")
    found = vaults.read_secret(place, identity.tenant_id, identity.environment, actor=actor)
    leaks.report(
        f"NEWSLETTER_SECRET={found.reveal()}",
        source="git.harbour.example",
        where="marketing/newsletter, deploy/.env, line 4",
        door=LeakDoor.API,
        actor=actor,
        visible={identity.tenant_id},
    )
    secrets.issue_secret(identity, store_at=place, actor=actor)


def _keys(identity: ManagedIdentity, actor: Actor) -> None:
    """Public halves; nobody ever has the private ones."""
    if not identity.keys.exists():
        public = ec.generate_private_key(ec.SECP256R1()).public_key()
        pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        keys.add_key(identity, public_key=pem.decode("ascii"), kid="vans-2026", name="Key of the planner", actor=actor)


def _certificate(identity: ManagedIdentity, at: datetime, actor: Actor) -> None:
    if identity.external_credentials.filter(source=elsewhere.BY_HAND).exists():
        return
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ingress.harbour.example")])
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Harbour Foods CA")])
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(private.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(at - 18 * DAY)
    signed = made.not_valid_after(at + 12 * DAY).sign(private, hashes.SHA256())
    pem = signed.public_bytes(serialization.Encoding.PEM).decode("ascii")
    facts = {"certificate": pem, "name": "ingress.harbour.example", "stored_at": "vault pki/harbour/ingress"}
    elsewhere.describe(identity, facts=facts, actor=actor)


def _except(identity: ManagedIdentity, at: datetime, actor: Actor) -> None:
    if not identity.exceptions.exists():
        why = "It works once a year: its secret is replaced in the week before (FIN-1803)"
        kind, end = "rotation_beyond_maximum", (at + 58 * DAY).replace(microsecond=0)
        exceptions.grant(identity, kind=kind, reason=why, expires_at=end, ticket="SEC-61", actor=actor)


def _readers(rows: dict[str, ManagedIdentity], at: datetime, actor: Actor) -> None:
    for name, secret, why, is_asked in READERS:
        if not rows[name].secret_grants.filter(schedule_id=None).exists():
            command = secret_grants.ask if is_asked else secret_grants.grant
            command(rows[name], _place(secret), valid_until=at + 200 * DAY, reason=why, actor=actor)


def _rotate(identity: ManagedIdentity, why: str, actor: Actor) -> None:
    if not identity.rotations.exists():
        rotations.rotate(identity, reason=why, actor=actor)


@sensitive_variables("issued")
def _rotate_into_nowhere(identity: ManagedIdentity, tenant: Tenant, actor: Actor) -> None:
    """As `rotate`, but that the first try is left to the portal: a name that nobody knows may take its time."""
    if identity.rotations.exists():
        return
    if not VaultConnection.objects.filter(tenant=tenant, vault_uri=AWAY).exists():
        vaults.connect(
            tenant_id=tenant.pk,
            name="Harbour vault",
            provider="hashicorp-vault",
            vault_uri=AWAY,
            environment="production",
            credential=token_urlsafe(24),
            actor=actor,
        )
    if not identity.secrets.exists():
        secrets.issue_secret(identity, actor=actor)
    place = SecretReference(provider="hashicorp-vault", vault_uri=AWAY, secret_name="docks/doors")  # noqa: S106 - a name
    with transaction.atomic():
        why = "Out of a file on the dock computer, into the vault (COLD-95)"
        issued = credentials.issue(
            identity, actor=actor, stored_at=place.as_json(), delivery=Delivery.VAULT, reason=why
        )
        if issued.rotation is not None:
            holding.begin(issued.rotation, place, at=issued.rotation.started_at)
            Rotation.objects.filter(pk=issued.rotation.pk).update(delivery_held_until=None)


def _drill(identity: ManagedIdentity, actor: Actor) -> None:
    if Quarantine.objects.filter(identity=identity).exists():
        return
    with transaction.atomic():
        row = drills.rehearse(
            identity,
            actor=actor,
            minutes=60,
            reason="Half-yearly drill with the vendor's desk (SEC-52)",
            is_confirmed=True,
        )
        for line in row.lines.all():
            runbook_lines.done(line, actor=actor, note=DONE if line.is_required else "")
        releases.let_drill_end(Quarantine.objects.get(pk=row.pk), actor=drills.ENDER, reason=drills.OVER)


def _quarantine(identity: ManagedIdentity, actor: Actor) -> None:
    if Quarantine.objects.filter(identity=identity).exists():
        return
    with transaction.atomic():
        why = "The courier reports that somebody signed in with our connection from abroad (INC-311)"
        row = quarantines.quarantine(identity, reason=why, actor=actor, cause=Cause.PERSON)
        steps = row.lines.filter(kind=LineKind.PROCEDURE)[:TICKED]
        for line, note in zip(steps, NOTES, strict=True):
            runbook_lines.done(line, actor=actor, note=note)


def _place(name: str) -> SecretReference:
    return SecretReference.from_json({**VAULT, "secretName": name})
