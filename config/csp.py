"""Content security policies: strict everywhere, with one of its own for the admin, whose Alpine build needs eval."""

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase

STRICT: dict[str, list[str]] = {
    "default-src": [NONE],
    "base-uri": [NONE],
    "connect-src": [SELF],
    "font-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "img-src": [SELF, "data:"],
    "script-src": [SELF],
    "style-src": [SELF],
}
#: unfold: Alpine needs eval and writes style attributes; no page needs an inline script.
ADMIN: dict[str, list[str]] = {
    **STRICT,
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}
#: Swagger UI writes style attributes; its scripts come from our own static files.
DOCS: dict[str, list[str]] = {**STRICT, "style-src": [SELF, UNSAFE_INLINE]}
BY_PREFIX = {"/admin": ADMIN, "/api/docs": DOCS}


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """django-csp, with the policy of the longest matching path prefix."""

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,  # noqa: FBT001, FBT002 - django-csp's signature
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if report_only or parts.replace is not None:
            return parts
        for prefix, policy in BY_PREFIX.items():
            if request.path_info == prefix or request.path_info.startswith(f"{prefix}/"):
                parts.replace = policy
        return parts
