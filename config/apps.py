"""The wiring as a Django app: it registers the deploy checks and owns the `portal` command."""

from django.apps import AppConfig


class WiringConfig(AppConfig):
    name = "config"
    verbose_name = "Wiring"

    def ready(self) -> None:
        from config import celery, deploy_checks, logs, memory

        memory.keep_little()
        logs.configure_structlog()
        celery.app.set_default()
        deploy_checks.register()
