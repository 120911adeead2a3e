"""Scheduling as a Django app."""

from importlib import import_module

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"
    verbose_name = "Scheduling"

    def ready(self) -> None:
        # What scheduling adds to the floor below registers itself by being imported.
        services = ("services.approving", "services.cadence", "services.reading")
        for name in (
            "concerns",
            "effects",
            "dependencies",
            "evidence",
            "portrait",
            "sections",
            *services,
            "witnesses",
            "forecasts",
            "pilots",
            "builtin",
        ):
            import_module(f"scheduling.{name}")
