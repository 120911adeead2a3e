"""The content security policies."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from config.csp import ContentSecurityPolicyMiddleware


def policy(path: str) -> str:
    middleware = ContentSecurityPolicyMiddleware(lambda request: HttpResponse())
    return middleware(RequestFactory().get(path))["Content-Security-Policy"]


def test_only_the_admin_may_evaluate():
    assert "'unsafe-eval'" in policy("/admin/")
    assert "'unsafe-eval'" in policy("/admin/identities/team/")


def test_no_page_may_run_an_inline_script():
    for path in ("/admin/", "/api/docs", "/"):
        scripts = next(part for part in policy(path).split(";") if "script-src" in part)
        assert "unsafe-inline" not in scripts


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/identities", "/administrators", "/passport/token"])
def test_everything_else_is_strict(path):
    assert "unsafe" not in policy(path)
    assert "default-src 'none'" in policy(path)
    assert "frame-ancestors 'none'" in policy(path)


def test_the_documentation_page_runs_our_scripts_only():
    assert "script-src 'self';" in policy("/api/docs") + ";"
