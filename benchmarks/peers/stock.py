"""Peer (b): django-oauth-toolkit as its documentation sets it up, with a JWT as the token; its own tables and hasher.

`python -m benchmarks.peers.stock` makes the tables and one client, and prints its id and secret.
"""

import os
import sys
import time
import uuid
from typing import Any

import django
import environ
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.wsgi import get_wsgi_application

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NAME = "benchmarks.peers.stock"


def signed(request: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": "http://127.0.0.1",
        "sub": request.client.client_id,
        "aud": "stock",
        "exp": now + 3600,
        "iat": now,
        "jti": str(uuid.uuid4()),
        "client_id": request.client.client_id,
        "scope": " ".join(request.scopes),
    }
    return jwt.encode(claims, KEY, algorithm="RS256", headers={"typ": "at+jwt", "kid": "stock"})


def database() -> dict[str, Any]:
    found = dict(environ.Env.db_url_config(os.environ["DATABASE_URL"]), CONN_MAX_AGE=600)
    if found["ENGINE"].endswith("sqlite3"):
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        found["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas}
    return found


if not settings.configured:
    settings.configure(
        SECRET_KEY="bench",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=f"{NAME}_urls",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={"default": database()},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        OAUTH2_PROVIDER={"SCOPES": {"roles": "roles"}, "ACCESS_TOKEN_GENERATOR": f"{NAME}.signed"},
    )


def seed() -> None:
    django.setup()
    from django.core.management import call_command
    from oauth2_provider.models import get_application_model

    call_command("migrate", verbosity=0)
    secret = "s" * 64
    client = get_application_model().objects.create(
        client_id="stock",
        client_secret=secret,
        client_type="confidential",
        authorization_grant_type="client-credentials",
        name="stock",
    )
    sys.stdout.write(f"{client.client_id} {secret}\n")


if __name__ == "__main__":
    seed()
else:
    application = get_wsgi_application()
