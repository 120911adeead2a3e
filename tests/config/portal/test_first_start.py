"""What the first start makes, and the second leaves alone."""

import pytest
from django.utils import timezone

from audit import gaps
from audit.models import AuditEvent
from config.portal import first_start
from config.portal.listening import CannotStart
from identities.people.models import PortalRole, Tenant, User
from scheduling.models import Schedule

pytestmark = pytest.mark.django_db


def test_the_first_admin_governs_the_platform_from_tenant_main():
    made = first_start.ensure_first_admin()
    user = User.objects.get()
    assert made.email == user.email == "admin@steward.localhost"
    assert user.check_password(made.password)
    assert (user.role, user.is_platform_admin, user.tenant.name) == (PortalRole.ADMIN, True, "Main")


def test_it_is_made_once():
    first_start.ensure_first_admin()
    assert first_start.ensure_first_admin() is None
    assert (User.objects.count(), Tenant.objects.count()) == (1, 1)


def test_a_chosen_password_is_taken_and_never_handed_back(settings):
    settings.ADMIN_EMAIL, settings.ADMIN_PASSWORD = "Ines@acme.test", "Correct-horse-battery-9"
    made = first_start.ensure_first_admin()
    assert (made.email, made.password) == ("ines@acme.test", "")
    assert User.objects.get().check_password("Correct-horse-battery-9")


@pytest.mark.parametrize(
    ("email", "password"), [("ines@acme.test", "short"), ("no address", "Correct-horse-battery-9")]
)
def test_what_does_not_fit_is_refused_in_one_line_without_the_password(settings, email, password):
    settings.ADMIN_EMAIL, settings.ADMIN_PASSWORD = email, password
    with pytest.raises(CannotStart) as refusal:
        first_start.ensure_first_admin()
    assert "\n" not in str(refusal.value)
    assert password not in str(refusal.value)
    assert not User.objects.exists()


def test_the_audit_holds_the_making_and_not_the_password():
    made = first_start.ensure_first_admin()
    events = list(AuditEvent.objects.values())
    assert events
    assert made.password not in str(events)


def test_static_files_are_collected_only_when_they_changed(settings, tmp_path, monkeypatch):
    settings.STATIC_ROOT = str(tmp_path)
    calls = []

    def collect(name: str, **options: object) -> None:
        calls.append(name)

    monkeypatch.setattr(first_start, "call_command", collect)
    monkeypatch.setattr(first_start, "_static_state", lambda: "one")
    first_start.collect_static()
    first_start.collect_static()
    assert calls == ["collectstatic"]
    monkeypatch.setattr(first_start, "_static_state", lambda: "two")
    first_start.collect_static()
    assert calls == ["collectstatic", "collectstatic"]


def test_the_state_of_static_files_is_the_same_until_one_changes(settings, tmp_path):
    (tmp_path / "site.css").write_text("a{}")
    settings.STATICFILES_DIRS = [tmp_path]
    before = first_start._static_state()
    assert before == first_start._static_state()
    (tmp_path / "site.css").write_text("a{color:red}")
    from django.contrib.staticfiles import finders

    finders.get_finder.cache_clear()
    assert before != first_start._static_state()


def test_the_first_tenant_has_what_is_built_in_from_the_start(settings, monkeypatch):
    monkeypatch.setattr(first_start, "call_command", lambda name, **options: None)
    monkeypatch.setattr(first_start, "collect_static", lambda: None)
    settings.DEMO = False
    first_start.prepare()
    first_start.prepare()
    made = Schedule.objects.filter(tenant__name="Main").order_by("name").values_list("name", "is_enabled")
    assert list(made) == [("Agent health check", True), ("Rotate what rotates by itself", True)]


def test_on_a_backup_that_nobody_has_answered_for_nothing_starts(monkeypatch):
    monkeypatch.setattr(first_start, "call_command", lambda *given, **more: None)
    monkeypatch.setattr(gaps, "found", lambda: gaps.Gap(4, 9, timezone.now()))
    with pytest.raises(CannotStart, match=r"manage\.py restored"):
        first_start.prepare()
    assert not User.objects.exists()
