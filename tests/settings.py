"""The suite's settings: the real ones, with fixed keys, a fast hasher and a database file that threads can share.

`DATABASE_URL` and `CELERY_BROKER_URL` choose the lane; everything else that a developer has set is put aside.
"""

import atexit
import os
import shutil
import tempfile

LANE_VARIABLES = ("DATABASE_URL", "CELERY_BROKER_URL")
_kept = {name: os.environ[name] for name in LANE_VARIABLES if os.environ.get(name)}
for _name in [name for name in os.environ if name.startswith(("STEWARD_", "PASSPORT_", "AUTH_", "CACHE_URL"))]:
    if not _name.startswith("STEWARD_TEST_"):
        del os.environ[_name]
_plain = (
    "ALLOWED_HOSTS",
    "DEBUG",
    "CSRF_TRUSTED_ORIGINS",
    "TRUSTED_PROXIES",
    "METRICS_TOKEN",
    "LOG_LEVEL",
    "EMAIL_URL",
)
for _name in _plain:
    os.environ.pop(_name, None)

_folder = tempfile.mkdtemp(prefix="steward-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ.update(
    SECRET_KEY="steward-test-key-" + "0123456789abcdef" * 4,
    STEWARD_ENCRYPTION_KEY="c3Rld2FyZC10ZXN0LWVuY3J5cHRpb24ta2V5LTMyYiE=",
    STEWARD_DATA_DIR=_folder,
)

from config.settings import *  # noqa: E402, F403 - the environment above decides what is read
from config.settings import DATABASES, OAUTH2_PROVIDER  # noqa: E402

ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1", "[::1]"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True

if not _kept.get("DATABASE_URL"):
    # A file, since a memory database cannot be seen by the threads some tests start; nothing here survives the run.
    DATABASES["default"]["TEST"] = {"NAME": f"{_folder}/test.db"}
    DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON;"
    )
DATABASES["default"]["CONN_MAX_AGE"] = 0
OAUTH2_PROVIDER = {**OAUTH2_PROVIDER, "ALWAYS_RELOAD_OAUTHLIB_CORE": True}
LOGGING["root"]["level"] = "DEBUG"  # noqa: F405 - whatever a test captures is complete
LOGGING["handlers"] = {"stderr": {"class": "logging.NullHandler"}}  # noqa: F405
# Threads that write later would write into another test: tests call `flush()` instead.
BACKGROUND_WRITERS = False
# Tests travel in time; those of the clock itself put this back.
DATABASE_CLOCK = False
