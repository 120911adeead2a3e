"""Who may sign in to the portal: tenants, teams, people and service users, and their refresh tokens."""

import uuid
from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from identities.people.refresh_reasons import RACED


class PortalRole(models.TextChoices):
    """What a person or a service user may do; the values go over the wire as they are (S2-12)."""

    READ_ONLY = "READ_ONLY", "Read only"
    ANALYST = "ANALYST", "Analyst"
    AUDITOR = "AUDITOR", "Auditor"
    ADMIN = "ADMIN", "Admin"


class Tenant(models.Model):
    """A company, or a part of one, that sees nothing of the others."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="tenant_name_unique")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Accounts(BaseUserManager["User"]):
    """Finds a user by the address they sign in with, however it is written."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):  # type: ignore[django-manager-missing]  # the toolkit's swapped model points here
    """A person, or (is_agent) a service user: somebody with a portal role who signs in with an e-mail address.

    `refresh_invalidated_at` and its reason say since when the session can no longer be refreshed; the next sign-in or
    refresh that succeeds clears them (S2-21).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    first_name = models.CharField(max_length=80, blank=True)
    last_name = models.CharField(max_length=80, blank=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="users")
    role = models.CharField(max_length=16, choices=PortalRole.choices, default=PortalRole.READ_ONLY)
    is_agent = models.BooleanField(default=False)
    is_platform_admin = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    must_reset_password = models.BooleanField(default=False)
    manager = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="reports", editable=False
    )
    password_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    refresh_invalidated_at = models.DateTimeField(null=True, blank=True, editable=False)
    refresh_invalidated_reason = models.CharField(max_length=40, blank=True, default="", db_default="", editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[Accounts] = Accounts()

    class Meta:
        constraints = [
            # With the unique index this makes addresses unique whatever their case.
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),
            models.CheckConstraint(
                condition=models.Q(is_platform_admin=False) | models.Q(role=PortalRole.ADMIN, is_agent=False),
                name="user_platform_admin_is_an_admin",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "email"], name="user_tenant_email")]
        ordering = ["email"]

    def __str__(self) -> str:
        return self.email

    @property
    def full_name(self) -> str:
        """First and last name, or the address where neither is known."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.first_name or self.email

    @property
    def is_staff(self) -> bool:
        """Whether the admin lets them in: a machine never signs in there."""
        return self.is_active and not self.is_agent

    @property
    def is_wide(self) -> bool:
        """Whether this account reaches beyond its tenant."""
        return self.is_platform_admin or self.role == PortalRole.AUDITOR

    @property
    def is_superuser(self) -> bool:
        """Nobody stands above the matrix."""
        return False

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Ask the backends, which ask the matrix: this floor does not know it."""
        return self.is_active and any(
            backend.has_perm(self, perm, obj) for backend in get_backends() if hasattr(backend, "has_perm")
        )

    def has_perms(self, perm_list: list[str], obj: Any = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class Team(models.Model):
    """People of one tenant who own identities and schedules together."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="teams")
    name = models.CharField(max_length=120)
    email = models.EmailField(max_length=254, blank=True)
    members = models.ManyToManyField(User, related_name="teams", blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint("tenant", Lower("name"), name="team_name_unique_in_tenant")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class RefreshTokens(models.QuerySet["RefreshToken"]):
    """Words for asking about refresh tokens."""

    def open(self) -> Self:
        return self.filter(used_at=None, invalidated_at=None)

    def speaking(self) -> Self:
        """Of sessions for which something still speaks: open, or ended by a race, whose access token lives on."""
        return self.filter(models.Q(invalidated_at=None) | models.Q(reason=RACED), used_at=None)

    def invalidate(self, *, reason: str, at: datetime) -> int:
        return self.speaking().update(invalidated_at=at, reason=reason)


class RefreshToken(models.Model):
    """One refresh token: usable once, kept as a keyed hash; `family` joins all that followed from one sign-in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="refresh_tokens")
    token_hash = models.CharField(max_length=64)
    digest_key = models.CharField(max_length=8, blank=True, default="", db_default="")
    family = models.UUIDField(db_index=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    invalidated_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=40, blank=True)

    objects = RefreshTokens.as_manager()

    class Meta:
        indexes = [models.Index(fields=["user", "invalidated_at"], name="refresh_token_user")]
        ordering = ["-issued_at"]

    def __str__(self) -> str:
        return f"refresh token {self.id}"


#: What a notice's person has to look at: not seen, or it asks for something that is not done.
OPEN = models.Q(done_at=None) & (models.Q(seen_at=None) | models.Q(waits=True))


class Notice(models.Model):
    """One thing one person is told: in the admin, and by mail where mail is set up. `key` says it once and no more.

    It names what it is about by kind and id and never holds a secret. `mailed_at` stays empty while mail is off. One
    that `waits` asks for something, perhaps by `due_at`: it stays in the inbox, seen or not, until that is done
    (`done_at`). What happens again (`times`, at last `last_at`) is counted, not told anew.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="notices")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=48)
    key = models.CharField(max_length=200)
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    about_kind = models.CharField(max_length=32, blank=True)
    about_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    times = models.PositiveIntegerField(default=1, db_default=1)
    last_at = models.DateTimeField(null=True, blank=True)
    waits = models.BooleanField(default=False, db_default=False)
    due_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mail_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="notice_said_once")]
        indexes = [
            models.Index(fields=["person", "seen_at", "-created_at"], name="notice_of_person"),
            # Counted on every page for whoever looks at it.
            models.Index(fields=["person"], condition=OPEN, name="notice_open"),
            models.Index(fields=["mail_at"], condition=models.Q(mail_at__isnull=False), name="notice_to_mail"),
            models.Index(
                fields=["kind", "about_id"], condition=models.Q(waits=True, done_at=None), name="notice_waiting"
            ),
        ]

    def __str__(self) -> str:
        return self.subject
