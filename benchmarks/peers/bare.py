"""Peer (a): a Django view that signs RS256 and does nothing else: no middleware, no database, no client."""

import json
import time
import uuid

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY="bench", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, INSTALLED_APPS=[], MIDDLEWARE=[], DATABASES={}
)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def token(request: HttpRequest) -> HttpResponse:
    now = int(time.time())
    claims = {
        "iss": "http://127.0.0.1",
        "sub": "mi_bench",
        "aud": "steward",
        "exp": now + 3600,
        "iat": now,
        "nbf": now,
        "jti": str(uuid.uuid4()),
        "client_id": "mi_bench",
        "scope": "roles",
        "managed_identity_id": str(uuid.UUID(int=1)),
        "is_service_account": True,
        "tenant_id": str(uuid.UUID(int=2)),
        "roles": ["payroll"],
    }
    text = jwt.encode(claims, KEY, algorithm="RS256", headers={"typ": "at+jwt", "kid": "bench"})
    answer = {"access_token": text, "token_type": "Bearer", "expires_in": 3600, "scope": "roles"}
    return HttpResponse(json.dumps(answer), content_type="application/json")


urlpatterns = [path("token", token)]
application = get_wsgi_application()
