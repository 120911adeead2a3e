"""The real settings, with the stock admin's routes beside ours. Migrations run: the indexes are theirs."""

from pathlib import Path

import django

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.peers.stock_register_urls"
BACKGROUND_WRITERS = False
ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
# Nothing is served here: addresses of static files without their manifest.
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# The theme replaces Django's templates by their names: the stock admin gets an engine that has only Django's.
_django = Path(django.__file__).parent
TEMPLATES = [
    *TEMPLATES,  # noqa: F405
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "NAME": "stock",
        "DIRS": [_django / "contrib/admin/templates", _django / "forms/templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
]
