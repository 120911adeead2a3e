"""The files under deploy/ as they are shipped, and the settings there are."""

import re
from pathlib import Path
from typing import Any

import yaml

from tests.architecture.test_settings_are_documented import variables_read

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose/compose.yaml"
KUBERNETES = DEPLOY / "kubernetes"
SYSTEMD = DEPLOY / "systemd"
NGINX = DEPLOY / "nginx"
#: Read by gunicorn's configuration and Prometheus' library, not by the settings.
ELSEWHERE = {"WEB_BIND", "WEB_CONCURRENCY", "WEB_THREADS", "PROMETHEUS_MULTIPROC_DIR"}
#: Without these `check --deploy` refuses, whatever else is set.
REQUIRED = {
    "SECRET_KEY",
    "STEWARD_ENCRYPTION_KEY",
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "CACHE_URL",
    "PASSPORT_ISSUER",
    "ALLOWED_HOSTS",
    "TRUSTED_PROXIES",
}
FLOATING = re.compile(r":latest$|^[^:]+$")


def documents(path: Path) -> list[dict[str, Any]]:
    return [found for found in yaml.safe_load_all(path.read_text(encoding="utf-8")) if found]


def unknown(names: set[str]) -> set[str]:
    """Those that nothing reads."""
    return {name.removesuffix("_FILE") for name in names} - variables_read() - ELSEWHERE


def missing(names: set[str]) -> set[str]:
    return REQUIRED - {name.removesuffix("_FILE") for name in names}
