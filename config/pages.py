"""The admin as an app: its pages are loaded with the routes, so that a process which shows none does not hold them."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import checks as admin
from django.contrib.admin.apps import SimpleAdminConfig
from django.core import checks


class PagesOnDemand(SimpleAdminConfig):
    """Django's own, but for the moment at which the modules named `admin` are imported: `config.urls` does."""

    def ready(self) -> None:
        checks.register(admin.check_dependencies, checks.Tags.admin)
        checks.register(pages_are_whole, checks.Tags.admin)


def pages_are_whole(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[checks.CheckMessage]:
    """Django's checks of each page, once there are pages."""
    import_module(settings.ROOT_URLCONF)
    return list(admin.check_admin_app(app_configs, **options))
