"""What a portal needs before it can serve, made the first time and looked at every time: harmless to repeat."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from audit import gaps
from audit.actors import Actor
from config.portal.listening import CannotStart
from identities.errors import DomainError
from identities.people import first_passwords, services as people
from identities.people.models import PortalRole, Tenant, User
from identities.tokens import services as tokens
from identities.vaults import services as vaults
from scheduling.builtin import every
from scheduling.demo import loading

FIRST_TENANT = "Main"


@dataclass(frozen=True)
class FirstAdmin:
    """Who signs in first. `password` is set only when it was generated just now, and is shown that once."""

    email: str
    password: str = ""


def prepare() -> FirstAdmin | None:
    """Migrate, and make the keys, the first ADMIN, the static files, the demo if asked for, and what is built in.

    The answer is the first ADMIN if this call made one. Raises CannotStart when a setting does not fit.
    """
    call_command("migrate", interactive=False, verbosity=0)
    if gaps.found():
        raise CannotStart(
            "This database is older than the checkpoints beside it: a backup was put back. Say so first, so that "
            "nothing is done twice: manage.py restored --reason TEXT (docs/operate/backup-and-restore.md)."
        )
    vaults.ensure_default()
    tokens.follow_setting(actor=Actor.system("portal"))
    admin = ensure_first_admin()
    collect_static()
    if settings.DEMO:
        load_demo()
    every.ensure()
    return admin


def ensure_first_admin() -> FirstAdmin | None:
    """Make the platform administrator in tenant Main unless there is one; None says there was."""
    if User.objects.filter(is_platform_admin=True).exists():
        return None
    actor = Actor.system("first start")
    password = settings.ADMIN_PASSWORD or first_passwords.generate()
    try:
        tenant = Tenant.objects.filter(name=FIRST_TENANT).first() or people.create_tenant(
            name=FIRST_TENANT, actor=actor
        )
        user = people.create_user(
            tenant=tenant,
            email=settings.ADMIN_EMAIL,
            password=password,
            role=PortalRole.ADMIN,
            is_platform_admin=True,
            actor=actor,
        )
    except DomainError as error:
        raise CannotStart(f"The first administrator cannot be made: {error.message}") from error
    return FirstAdmin(user.email, "" if settings.ADMIN_PASSWORD else password)


def collect_static() -> None:
    """Collect the static files when any of them changed since they were last collected."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    present = _static_state()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == present:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(present, encoding="ascii")


def load_demo() -> None:
    """Load the demo estate; the loader itself sees to it that this happens once."""
    loading.load()


def _static_state() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            file = Path(storage.path(path)).stat()
            digest.update(f"{path} {file.st_size} {file.st_mtime_ns}\n".encode())
    return digest.hexdigest()
