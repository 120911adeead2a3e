"""The nginx example: headers that only it may write, limits, and that nginx takes it."""

import re
import shutil

import pytest

from config.portal.bodies import UPLOADS
from tests.deploy.files import NGINX, ROOT
from tests.factories import proxies

PROXY = (NGINX / "steward-proxy.conf").read_text()
SITE = (NGINX / "steward.conf").read_text()
#: By which proxies and libraries hand a client's certificate on: all of them are written by us alone.
CERTIFICATE_HEADERS = {
    "Client-Cert", "Client-Cert-Chain", "X-Client-Cert", "X-Forwarded-Client-Cert", "X-SSL-Client-Cert",
    "X-SSL-Client-Verify", "X-SSL-Client-S-DN", "SSL-Client-Cert", "X-Amzn-Mtls-Clientcert", "X-ARR-ClientCert",
}  # fmt: skip


def written() -> dict[str, str]:
    found = re.findall(r"^proxy_set_header (\S+) (\S+);$", PROXY, re.MULTILINE)
    return dict(found)


def test_certificate_headers_are_always_overwritten_and_set_only_from_what_was_verified():
    assert written().keys() >= CERTIFICATE_HEADERS
    assert {written()[name] for name in CERTIFICATE_HEADERS - {"X-Client-Cert"}} == {'""'}
    assert written()["X-Client-Cert"] == "$steward_client_cert"
    assert re.search(
        r'map \$ssl_client_verify \$steward_client_cert \{\s+default "";\s+SUCCESS \$ssl_client_escaped_cert;\s+\}',
        SITE,
    )


def test_forwarded_headers_are_set_and_never_appended():
    assert written()["X-Forwarded-For"] == "$remote_addr"
    assert written()["X-Forwarded-Proto"] == "$scheme"
    assert "proxy_add_x_forwarded_for" not in PROXY + SITE
    assert {written()[name] for name in ("Forwarded", "X-Forwarded-Host", "X-Forwarded-Prefix", "Proxy")} == {'""'}


def test_every_place_that_is_passed_on_is_passed_on_with_these_headers():
    places = re.findall(r"location [^{]+\{([^}]*)\}", SITE)
    assert places
    assert all("include /etc/nginx/steward-proxy.conf;" in place for place in places)
    assert "proxy_pass" not in SITE
    assert "proxy_set_header" not in SITE


def test_the_addresses_that_take_files_are_those_of_the_portal():
    assert set(re.findall(r"location = (\S+) \{", SITE)) == UPLOADS


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
def test_nginx_takes_it(tmp_path):
    done = proxies.Nginx.laid_out(tmp_path, upstream="127.0.0.1:1", http=8080, https=8443).test()
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


def test_the_file_for_compose_names_the_same_upstream():
    for path in (NGINX / "steward-upstream.conf", ROOT / "deploy/compose/upstream.conf"):
        assert "upstream steward {" in path.read_text()
