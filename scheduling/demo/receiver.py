"""A payroll system of straw: takes a payment once for each Idempotency-Key, from whoever shows a token of ours.

It stands outside of everything: no session, no permission of the portal, only the bearer token a real payroll system
would verify, and a table of what it was told, so that a newcomer can see that an effect happened exactly once.
"""

import json
from typing import Any

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from audit import context
from identities.tokens import verification
from scheduling.models import DemoPayment

SHOWN = 100


@csrf_exempt
@require_http_methods(["GET", "POST"])
def payments(request: HttpRequest, resource: str) -> JsonResponse:
    """POST: 201 when a key is first seen, 200 and the same body after that. GET: what the tenant paid."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    try:
        token = verification.verify_access_token(text.strip() if scheme.lower() == "bearer" else "")
    except verification.BadToken:
        return JsonResponse({"error": "invalid_token"}, status=401, headers={"WWW-Authenticate": "Bearer"})
    if request.method == "GET":
        return _listed(token, resource)
    return _accepted(request, token, resource)


def _listed(token: verification.VerifiedToken, resource: str) -> JsonResponse:
    rows = DemoPayment.objects.filter(tenant_id=token.tenant_id, resource=resource)[:SHOWN]
    return JsonResponse({"results": [_shown(row) for row in rows]})


def _accepted(request: HttpRequest, token: verification.VerifiedToken, resource: str) -> JsonResponse:
    key = request.headers.get("Idempotency-Key", "")[:255]
    if not key:
        return JsonResponse({"error": "Idempotency-Key is required"}, status=400)
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        return JsonResponse({"error": "the body is not JSON"}, status=400)
    row, is_new = _keep(key, token, resource, body)
    return JsonResponse(_shown(row), status=201 if is_new else 200)


@transaction.atomic
def _keep(key: str, token: verification.VerifiedToken, resource: str, body: Any) -> tuple[DemoPayment, bool]:
    at = timezone.now()
    row, is_new = DemoPayment.objects.select_for_update().get_or_create(
        key=f"{token.tenant_id}:{key}"[:255],
        defaults={
            "tenant_id": token.tenant_id,
            "client_id": token.client_id,
            "resource": resource[:255],
            "body": body,
            "correlation_id": context.current().correlation_id,
            "first_at": at,
            "last_at": at,
        },
    )
    if not is_new:
        row.deliveries += 1
        row.last_at = at
        row.save(update_fields=["deliveries", "last_at"])
    return row, is_new


def _shown(row: DemoPayment) -> dict[str, Any]:
    return {
        "key": row.key,
        "clientId": row.client_id,
        "resource": row.resource,
        "body": row.body,
        "acceptedAt": row.first_at.isoformat(),
        "deliveries": row.deliveries,
    }
