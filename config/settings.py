"""Settings, read from the environment; the README's table names each variable. Silence means embedded, in `var/`."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from whitenoise.compress import Compressor

from config import beat, csp, databases, environment, keyring, limits, logs, memory, oauth2, openapi
from config.unfold import UNFOLD  # noqa: F401 - a setting of its own

env = environ.Env()
env.ENVIRON = environment.read(os.environ)
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("STEWARD_DATA_DIR", default=str(BASE_DIR / "var"))).resolve()

# Keys are made here only for the embedded database; a production shape must bring its own.
EMBEDDED_DATABASE = env.str("DATABASE_URL", default="sqlite:").startswith("sqlite:")
if EMBEDDED_DATABASE:
    memory.without_postgres()
_key = keyring.read_or_make if EMBEDDED_DATABASE else lambda path, make: ""
SECRET_KEY = env.str("SECRET_KEY", default="") or _key(DATA_DIR / "secret_key", keyring.new_secret_key)
STEWARD_ENCRYPTION_KEY = env.str("STEWARD_ENCRYPTION_KEY", default="") or _key(
    DATA_DIR / "encryption_key", keyring.new_encryption_key
)
# What was signed with a former key still counts; nothing new is signed with one.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# What was sealed, hashed or signed with one still counts; nothing new is made with one.
STEWARD_ENCRYPTION_KEY_FALLBACKS = [
    key.strip() for key in env.list("STEWARD_ENCRYPTION_KEY_FALLBACKS", default=[]) if key.strip()
]
GENERATED_KEYS = [name for name in ("SECRET_KEY", "STEWARD_ENCRYPTION_KEY") if not env.str(name, default="")]

DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("STEWARD_DEMO", default=False)
ADMIN_EMAIL = env.str("STEWARD_ADMIN_EMAIL", default="admin@steward.localhost")
ADMIN_PASSWORD = env.str("STEWARD_ADMIN_PASSWORD", default="")
# Whose members speak for security when something of high tier is approved; silent: every ADMIN of the tenant.
STEWARD_SECURITY_TEAM = env.str("STEWARD_SECURITY_TEAM", default="").strip()
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
FORWARDED_ALLOW_IPS = env.str("FORWARDED_ALLOW_IPS", default="")  # gunicorn reads it; `check --deploy` looks at it
# Warnings of `check --deploy` that somebody who knows this installation accepts; an error cannot be accepted.
ACCEPTED_WARNINGS = [name.strip() for name in env.list("STEWARD_ACCEPT_WARNINGS", default=[]) if name.strip()]
SILENCED_SYSTEM_CHECKS = [name for name in ACCEPTED_WARNINGS if ".W" in name]

# Passport. The portal command sets issuer and address to the one it binds while they are left unset.
BIND = "127.0.0.1:8000"
PASSPORT_ISSUER_IS_SET = bool(env.str("PASSPORT_ISSUER", default=""))
PASSPORT_URL_IS_SET = bool(env.str("PASSPORT_URL", default=""))
PASSPORT_ISSUER = (env.str("PASSPORT_ISSUER", default="") or f"http://{BIND}").rstrip("/")
PASSPORT_URL = (env.str("PASSPORT_URL", default="") or PASSPORT_ISSUER).rstrip("/")
PASSPORT_AUDIENCE = env.str("PASSPORT_AUDIENCE", default="steward")
PASSPORT_TOKEN_TTL = env.int("PASSPORT_TOKEN_TTL", default=3600)
PASSPORT_SIGNING_ALG = env.str("PASSPORT_SIGNING_ALG", default="RS256")
if PASSPORT_SIGNING_ALG not in ("RS256", "ES256"):
    raise ImproperlyConfigured("PASSPORT_SIGNING_ALG is RS256 or ES256.")
AUTH_ACCESS_TOKEN_TTL = env.int("AUTH_ACCESS_TOKEN_TTL", default=900)
AUTH_REFRESH_TOKEN_TTL = env.int("AUTH_REFRESH_TOKEN_TTL", default=604_800)
AUTH_PASSWORD_MIN_LENGTH = env.int("AUTH_PASSWORD_MIN_LENGTH", default=12)
# Whether anybody may make their own account at /api/auth/register; else only while there is nobody at all.
STEWARD_ALLOW_REGISTER = env.bool("STEWARD_ALLOW_REGISTER", default=False)
# What POST /api/users gives to whom no role is named.
STEWARD_DEFAULT_USER_ROLE = env.str("STEWARD_DEFAULT_USER_ROLE", default="ANALYST")
if STEWARD_DEFAULT_USER_ROLE not in ("READ_ONLY", "ANALYST", "AUDITOR", "ADMIN"):
    raise ImproperlyConfigured("STEWARD_DEFAULT_USER_ROLE is READ_ONLY, ANALYST, AUDITOR or ADMIN.")
AUTH_PASSWORD_MAX_AGE_DAYS = max(0, env.int("AUTH_PASSWORD_MAX_AGE_DAYS", default=0))
STEWARD_OUTBOUND_PRIVATE_ALLOW = [
    network.strip() for network in env.list("STEWARD_OUTBOUND_PRIVATE_ALLOW", default=[]) if network.strip()
]
# Of the demo's payroll system: network, port, path. The portal command sets it.
OUTBOUND_RECEIVER = None

# Addresses. Over https (the issuer says so) cookies are secure and plain requests are sent there.
HTTPS = PASSPORT_ISSUER.startswith("https://")
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]", ".localhost"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[]) or [*LOCAL_HOSTS]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[]) or ([PASSPORT_ISSUER] if HTTPS else [])
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
if urlsplit(PASSPORT_URL).scheme == "http":
    # Workers reach Passport inside the cluster, where TLS ends at the proxy: that one route answers there.
    SECURE_REDIRECT_EXEMPT.append(r"^passport/token$")
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "steward_session", "steward_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
APPEND_SLASH = True

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "config.pages.PagesOnDemand",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "oauth2_provider",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "csp",
    "audit",
    "identities",
    "scheduling",
    "config",
]
MIDDLEWARE = [
    "audit.middleware.CorrelationMiddleware",
    "config.metrics.MetricsMiddleware",
    "config.probes.ProbesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "identities.oauth.lane.PassportLane",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Database.
DATABASES = {"default": databases.connection(env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'steward.db'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": env.cache("CACHE_URL", default="locmemcache://steward")}
DATABASE_CLOCK = True  # on PostgreSQL one time for all processes: audit.clock
BACKGROUND_WRITERS = True  # last uses and allowed decisions are gathered and written by a thread

# People.
AUTH_USER_MODEL = "identities.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "identities.access.backends.PortalBackend"]
PASSWORD_HASHERS = ["identities.people.passwords.Argon2"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "identities.people.passwords.Composition", "OPTIONS": {"min_length": AUTH_PASSWORD_MIN_LENGTH}},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# A second factor and a provider's sign-in are for people alone; machines and service users are asked for neither.
STEWARD_SECOND_FACTOR = env.str("STEWARD_SECOND_FACTOR", default="optional").strip().lower()
if STEWARD_SECOND_FACTOR not in ("off", "optional", "required"):
    raise ImproperlyConfigured("STEWARD_SECOND_FACTOR is off, optional or required.")
MFA_ADAPTER = "identities.vaults.factor_seals.SealedFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_RECOVERY_CODE_DIGITS = 10
STEWARD_OIDC_ISSUER = env.str("STEWARD_OIDC_ISSUER", default="").strip().rstrip("/")
STEWARD_OIDC_CLIENT_ID = env.str("STEWARD_OIDC_CLIENT_ID", default="")
STEWARD_OIDC_CLIENT_SECRET = env.str("STEWARD_OIDC_CLIENT_SECRET", default="")
STEWARD_OIDC_NAME = env.str("STEWARD_OIDC_NAME", default="") or urlsplit(STEWARD_OIDC_ISSUER).netloc
SOCIALACCOUNT_ADAPTER = "identities.admin.oidc_session.ProviderSessions"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "config.addresses.client_address"
AXES_USERNAME_CALLABLE = "identities.api.lockout.username"
AXES_LOCKOUT_CALLABLE = "identities.api.lockout.answer"
AXES_HTTP_RESPONSE_CODE = 429
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_SENSITIVE_PARAMETERS = ["password", "username"]

# Machines.
OAUTH2_PROVIDER_APPLICATION_MODEL = "identities.OAuthClient"
OAUTH2_PROVIDER = oauth2.provider(token_ttl=PASSPORT_TOKEN_TTL)

# API.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "identities.api.openapi.PortalSchema",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = openapi.spectacular(session_cookie=SESSION_COOKIE_NAME)

# Tasks. The ledger is the database; a message lost here costs one tick.
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="memory://")
CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.05} if CELERY_BROKER_URL.startswith("memory") else {}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker or a beat that gave up would be missed when the broker is back
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
CELERY_TASK_SERIALIZER = CELERY_EVENT_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 30  # on a busy host a child needs more than four seconds to come up
CELERY_TIMEZONE = "UTC"
# Runs may take minutes; the clock may not wait behind them.
CLOCK_QUEUE, RUN_QUEUE = "steward.clock", "steward.runs"
CELERY_TASK_DEFAULT_QUEUE = CLOCK_QUEUE
CELERY_TASK_ROUTES = {
    name: {"queue": RUN_QUEUE}
    for name in (
        "scheduling.execute",
        "scheduling.measure",
        "identities.apply_import",
        "identities.remind",
        "identities.mail",
        "identities.send_deliveries",
        "identities.rotate_seen",
    )
}
CELERY_TASK_QUEUES = {CLOCK_QUEUE: {"exchange": CLOCK_QUEUE}, RUN_QUEUE: {"exchange": RUN_QUEUE}}
# In memory: what is due is worked out from the database at each tick, so nothing has to be remembered here.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_BEAT_SCHEDULE = beat.SCHEDULE

# Mail. Without an address of a mail server notices stay in the admin, and none is kept back for later; what somebody
# has a channel send by mail is printed where the database is embedded.
_mail = env.str("EMAIL_URL", default="")
MAIL_IS_ON = bool(_mail)
globals().update(env.email_url_config(_mail or ("consolemail://" if EMBEDDED_DATABASE else "dummymail://")))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="steward@localhost")

# Limits.
RUN_LEASE_SECONDS, RUN_HEARTBEAT_SECONDS = limits.RUN_LEASE_SECONDS, limits.RUN_HEARTBEAT_SECONDS
RUN_DEADLINE_SECONDS = limits.RUN_DEADLINE_SECONDS
RUNS_PER_TENANT, RUNS_PER_IDENTITY = limits.RUNS_PER_TENANT, limits.RUNS_PER_IDENTITY
RUNS_HANDED_OVER, SCHEDULES_PER_TENANT = limits.RUNS_HANDED_OVER, limits.SCHEDULES_PER_TENANT
STEWARD_IMPORT_MAX_MB = limits.STEWARD_IMPORT_MAX_MB
# Public keys of partners that report leaks: a JSON object, or the path of a file with one.
_partner_keys = env.str("STEWARD_LEAK_PARTNER_KEYS", default="").strip()
_is_written_out = _partner_keys.startswith("{") or not _partner_keys
STEWARD_LEAK_PARTNER_KEYS = _partner_keys if _is_written_out else Path(_partner_keys).read_text(encoding="utf-8")

# Pages.
LANGUAGE_CODE, TIME_ZONE, USE_TZ = "en-gb", "UTC", True
STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STEWARD_STATIC_DIR", default="") or DATA_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = False
# Maps of sources are most of what there is to compress, and only somebody with open developer tools asks for them.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
CONTENT_SECURITY_POLICY = {"DIRECTIVES": csp.STRICT}
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = logs.dict_config(LOG_LEVEL.upper())
