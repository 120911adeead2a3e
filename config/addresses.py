"""Who is calling: the one answer that sign-in limits, logs and audit share."""

from django.http import HttpRequest

from audit import context


def client_address(request: HttpRequest) -> str:
    """The caller's address as the correlation middleware worked it out (TRUSTED_PROXIES honoured)."""
    return context.current().address or str(request.META.get("REMOTE_ADDR", ""))
