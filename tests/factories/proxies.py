"""The shipped nginx configuration on ports and in a folder of a test's own, with certificates made for it."""

import datetime as dt
import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.request import urlopen

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SHIPPED = Path(__file__).resolve().parents[2] / "deploy/nginx"
MAIN = """{user} daemon off; error_log stderr warn; pid {folder}/nginx.pid; worker_processes 1;
events {{ worker_connections 512; }}
http {{ {temporary} include {folder}/*.conf; }}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def certificate(
    folder: Path, name: str, host: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None
):
    """A key and a certificate in `folder`, NAME.pem and NAME.key: signed by `issuer`, or an authority by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return built, key


@dataclass
class Nginx:
    """nginx with the files of deploy/nginx, changed in nothing but ports and paths."""

    folder: Path
    http: int
    https: int
    process: "subprocess.Popen[bytes] | None" = None

    @classmethod
    def laid_out(
        cls, folder: Path, *, upstream: str, http: int, https: int, with_client_certificates: bool = False
    ) -> Self:
        (folder / "tls").mkdir()
        authority = certificate(folder / "tls", "ca", "An authority")
        certificate(folder / "tls", "server", "localhost", authority)
        (folder / "tls/server.pem").rename(folder / "tls/fullchain.pem")
        (folder / "tls/server.key").rename(folder / "tls/privkey.pem")
        (folder / "tls/ca.pem").rename(folder / "tls/client-ca.pem")
        certificate(folder / "tls", "client", "payroll-bot", authority)
        certificate(folder / "tls", "stranger", "payroll-bot")
        places = {
            "/etc/nginx/tls": f"{folder}/tls",
            "/etc/nginx/steward-proxy.conf": f"{folder}/steward-proxy.inc",
            "/var/log/nginx": str(folder),
            "listen 80 ": f"listen 127.0.0.1:{http} ",
            "listen 443 ": f"listen 127.0.0.1:{https} ",
            "127.0.0.1:8000": upstream,
        }
        if with_client_certificates:
            places |= {"# ssl_client_certificate": "ssl_client_certificate", "# ssl_verify_client": "ssl_verify_client"}
        for name in ("steward.conf", "steward-upstream.conf", "steward-proxy.conf"):
            text = (SHIPPED / name).read_text(encoding="utf-8")
            for shipped, ours in places.items():
                text = text.replace(shipped, ours)
            (folder / name.replace("proxy.conf", "proxy.inc")).write_text(text, encoding="utf-8")
        # Started as root nginx would become nobody, who may not look into a test's folder.
        user = "" if os.geteuid() else "user root;"
        temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
        (folder / "nginx.main").write_text(MAIN.format(folder=folder, temporary=temporary, user=user), encoding="utf-8")
        return cls(folder, http, https)

    def test(self) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([*self.command, "-t"], capture_output=True, text=True, check=False)

    @property
    def command(self) -> list[str]:
        return ["nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.main"), "-e", "stderr"]

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)
        until = time.monotonic() + 120
        while time.monotonic() < until:
            with suppress(OSError):
                urlopen(f"http://127.0.0.1:{self.http}/", timeout=1)
            if (self.folder / "nginx.pid").exists():
                break
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(timeout=10)
