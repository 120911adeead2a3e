"""A stub of the one question that OpenBao asks a Kubernetes cluster: whose token is this (TokenReview)?"""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NAMESPACE, ACCOUNT = "steward", "portal"


def service_account_token(account: str = ACCOUNT) -> str:
    """A token as a cluster writes it; only the cluster could check its signature, and here it does not."""
    claims = {
        "iss": "https://kubernetes.default.svc",
        "sub": f"system:serviceaccount:{NAMESPACE}:{account}",
        "aud": ["https://kubernetes.default.svc"],
        "exp": 4_000_000_000,
        "iat": 1_700_000_000,
        "nbf": 1_700_000_000,
        "kubernetes.io": {"namespace": NAMESPACE, "serviceaccount": {"name": account, "uid": "uid-1"}},
    }
    return f"{_part({'alg': 'RS256', 'kid': 'k'})}.{_part(claims)}.{_part({})}"


@contextmanager
def reviewing() -> Iterator[str]:
    """The address of a cluster that knows every token it is shown."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Review)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _part(told: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


class _Review(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        part = asked["spec"]["token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        user = {"username": claims["sub"], "uid": "uid-1", "groups": []}
        kind = {"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1"}
        status = {"authenticated": True, "user": user, "audiences": asked["spec"].get("audiences", [])}
        text = json.dumps(kind | asked | {"status": status}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: Any) -> None:
        pass
