"""Steward as its users run it: embedded on SQLite, or gunicorn on PostgreSQL, with or without nginx before it."""

import compileall
import os
import pwd
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from benchmarks import servers

EMAIL, PASSWORD = "admin@steward.localhost", "Correct-horse-battery-9"
BROKER = os.environ.get("BENCH_BROKER", "redis://127.0.0.1:6379/13")
#: As deploy/ starts it: two processes of eight threads.
GUNICORN = ("--config", "deploy/gunicorn.conf.py")


@dataclass(frozen=True)
class Target:
    """An installation that answers at `base`; `roles` names the process that each part of it began with."""

    name: str
    base: str
    roles: Mapping[str, int] = field(default_factory=dict)


@contextmanager
def running(*command: str, env: Mapping[str, str], log: Path) -> Iterator[int]:
    """A process with whatever it starts, ended at the end; its number."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=servers.ROOT,
            env=dict(env),
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        yield process.pid
    except BaseException:
        print(f"{command[:3]} said last:\n{log.read_text(errors='replace')[-3000:]}", file=sys.stderr)
        raise
    else:
        if process.poll() is not None:
            raise RuntimeError(f"{command[:3]} ended by itself:\n{log.read_text(errors='replace')[-2000:]}")
    finally:
        servers.end(process)


def ready(base: str, path: str, seconds: float = 300) -> None:
    """Wait until `path` answers 200."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            urlopen(base + path, timeout=5).close()
        except (HTTPError, URLError, OSError):
            time.sleep(0.3)
        else:
            return
    raise RuntimeError(f"{base}{path} was not ready in {seconds:.0f} s.")


def compiled() -> None:
    """As an installation has it: a process that compiles what it loads holds 60 MB more ever after."""
    for package in ("audit", "config", "identities", "scheduling"):
        compileall.compile_dir(servers.ROOT / package, quiet=2)


def environment(database: str, folder: Path, port: int, **more: str) -> dict[str, str]:
    return servers.environment(
        database, folder, port, STEWARD_ADMIN_PASSWORD=PASSWORD, STEWARD_ADMIN_EMAIL=EMAIL, **more
    )


@contextmanager
def embedded(folder: Path, **more: str) -> Iterator[Target]:
    """`manage.py portal`."""
    compiled()
    port = servers.free_port()
    env = environment("", folder, port, **more)
    del env["PASSPORT_ISSUER"]
    command = ("manage.py", "portal", "--bind", f"127.0.0.1:{port}")
    with running(*command, env=env, log=folder / "portal.log") as pid:
        base = f"http://127.0.0.1:{port}"
        ready(base, "/readyz")
        yield Target("embedded", base, {"portal": pid})


@contextmanager
def production(
    folder: Path, *, options: Sequence[str] = GUNICORN, behind: bool = False, workers: bool = False, **more: str
) -> Iterator[Target]:
    """gunicorn on a PostgreSQL database of its own; `workers` adds a Celery worker and beat, `behind` nginx."""
    compiled()
    port = servers.free_port()
    with servers.scratch_database("postgres", folder, "edges") as database, ExitStack() as stack:
        env = environment(database, folder, port, CELERY_BROKER_URL=BROKER, **more)
        if behind:
            env["TRUSTED_PROXIES"] = "1"
        for step in (("migrate",), ("collectstatic", "--noinput"), ("first_admin",)):
            _once(*step, env=env)
        roles = {
            "web": stack.enter_context(
                running(
                    "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", *options, "--log-level", "warning",
                    env=env, log=folder / "web.log",
                )
            )
        }  # fmt: skip
        if workers:
            worker = ("-m", "celery", "-A", "config", "worker", "--queues", "steward.clock,steward.runs")
            worker = (*worker, "--concurrency", "4", "--loglevel", "warning")
            roles["worker"] = stack.enter_context(running(*worker, env=env, log=folder / "worker.log"))
            beat = ("-m", "celery", "-A", "config", "beat", "--loglevel", "warning", "--schedule", str(folder / "beat"))
            roles["beat"] = stack.enter_context(running(*beat, env=env, log=folder / "beat.log"))
        base = f"http://127.0.0.1:{port}"
        ready(base, "/readyz" if workers else "/healthz")
        if behind:
            base, roles["nginx"] = stack.enter_context(_nginx(port, folder))
        yield Target("gunicorn behind nginx" if behind else "gunicorn", base, roles)


def has_nginx() -> bool:
    return shutil.which("nginx") is not None


@contextmanager
def _nginx(upstream: int, folder: Path) -> Iterator[tuple[str, int]]:
    """nginx with the limits of deploy/nginx, on plain HTTP: TLS changes nothing of what is asked here."""
    port = servers.free_port()
    config = folder / "nginx.conf"
    config.write_text(_as_deployed(folder, port, upstream))
    process = subprocess.Popen([str(shutil.which("nginx")), "-c", str(config), "-p", str(folder), "-g", "daemon off;"])
    try:
        base = f"http://127.0.0.1:{port}"
        ready(base, "/healthz", 20)
        yield base, process.pid
    finally:
        process.terminate()
        process.wait(timeout=10)


def _as_deployed(folder: Path, port: int, upstream: int) -> str:
    """deploy/nginx as it is, but that it listens without TLS and writes into `folder`."""
    deployed = servers.ROOT / "deploy" / "nginx"
    proxy = folder / "steward-proxy.conf"
    proxy.write_text((deployed / "steward-proxy.conf").read_text())
    text = (deployed / "steward-upstream.conf").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
    site = (deployed / "steward.conf").read_text()
    site = re.sub(r"server {\n    listen 80 .*?\n}\n", "", site, flags=re.DOTALL)
    site = re.sub(r"listen 443 [^;]*;", f"listen 127.0.0.1:{port} backlog=1024;", site)
    site = re.sub(r"\n    ssl_[^;]*;", "", site).replace("/etc/nginx/steward-proxy.conf", str(proxy))
    site = re.sub(r"access_log /[^;]*;", "access_log off;", site)
    places = "".join(f"  {name}_temp_path {folder}/{name};\n" for name in TEMPORARY)
    user = (
        f"user {pwd.getpwuid(os.geteuid()).pw_name};\n" if os.geteuid() == 0 else ""
    )  # else its workers may not write here
    begin = f"{user}error_log {folder}/nginx.log warn;\npid {folder}/nginx.pid;\nworker_rlimit_nofile 8192;\n"
    return f"{begin}events {{ worker_connections 4096; }}\nhttp {{\n{places}{text}\n{site}}}\n"


TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def _once(*command: str, env: Mapping[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=servers.ROOT,
        env=dict(env),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command} failed:\n{done.stderr[-3000:]}")
