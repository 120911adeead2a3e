"""The real settings, without what works in the background; migrations run, for the indexes are theirs."""

from config.settings import *  # noqa: F403

BACKGROUND_WRITERS = False
ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
# Nothing is served here: addresses of static files without their manifest.
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A page that takes longer than this is given up, and counts as that long.
DATABASES["default"]["OPTIONS"] = DATABASES["default"].get("OPTIONS", {}) | {  # noqa: F405
    "options": "-c statement_timeout=30s"
}
