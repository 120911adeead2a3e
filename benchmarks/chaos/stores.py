"""A PostgreSQL, a Redis and a RabbitMQ of our own, each in a folder of its own, that may be killed at any moment."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from benchmarks.chaos import proc
from benchmarks.servers import free_port

#: Who runs a PostgreSQL when we are root, which it refuses to serve.
NOT_ROOT = ("postgres", "nobody")
RABBIT_FOLDERS = ("/usr/lib/rabbitmq/bin", "/usr/local/sbin", "/opt/rabbitmq/sbin")


class Absent(Exception):
    """A server that is not installed here; the text says which."""


class Store:
    """A server process: started, killed with all it forked, started again on the same data."""

    name = ""
    patience = 90.0

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str]:
        raise NotImplementedError

    @property
    def environment(self) -> Mapping[str, str]:
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C.UTF-8"}

    @property
    def user(self) -> str | None:
        return None

    def is_up(self) -> bool:
        """Whether it takes work."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it and wait until it takes work; a start that fails (it is still dying) is tried again."""
        ends = time.monotonic() + self.patience
        while time.monotonic() < ends:
            if self.process is None or self.process.poll() is not None:
                with (self.folder / f"{self.name}.log").open("ab") as log:
                    self.process = subprocess.Popen(
                        self.command, cwd=self.folder, env=dict(self.environment), stdout=log, stderr=log,
                        start_new_session=True, user=self.user, extra_groups=[] if self.user else None,
                    )  # fmt: skip
            if self.is_up():
                return
            time.sleep(0.1)
        raise RuntimeError(f"{self.name} did not start:\n{(self.folder / f'{self.name}.log').read_text()[-2000:]}")

    def kill(self) -> list[int]:
        """SIGKILL to it and to whatever it forked: a machine whose plug is pulled. The pids."""
        if self.process is None:
            return []
        pids = [self.process.pid, *proc.descendants(self.process.pid)]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        return pids

    def answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False


class Postgres(Store):
    """Made with initdb; keeps what it has committed, as it comes."""

    name = "postgresql"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.bin = postgres_bin()
        self.data = folder / "data"
        folder.mkdir()
        if self.user:
            shutil.chown(folder, user=self.user)
        made = [str(self.bin / "initdb"), "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        subprocess.run(
            made, cwd=folder, env=dict(self.environment), check=True, capture_output=True, user=self.user,
            extra_groups=[] if self.user else None,
        )  # fmt: skip

    @property
    def user(self) -> str | None:
        if os.geteuid() != 0:
            return None
        import pwd

        known = {entry.pw_name for entry in pwd.getpwall()}
        return next(name for name in NOT_ROOT if name in known)

    @property
    def command(self) -> list[str]:
        flags = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200"}
        return [
            str(self.bin / "postgres"), "-D", str(self.data), "-p", str(self.port),
            *(f"-c{name}={value}" for name, value in flags.items()),
        ]  # fmt: skip

    def address(self, database: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def is_up(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.address("postgres"), connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True

    def create(self, database: str) -> None:
        import psycopg

        with psycopg.connect(self.address("postgres"), autocommit=True) as server:
            server.execute(f'CREATE DATABASE "{database}"')


class Redis(Store):
    """A broker that keeps nothing on disk: whatever it held is gone with it."""

    name = "redis"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        if not shutil.which("redis-server"):
            raise Absent("redis-server is not installed")
        folder.mkdir()

    @property
    def command(self) -> list[str]:
        return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def is_up(self) -> bool:
        return self._said("PING") == "+PONG"

    def empty(self) -> None:
        """FLUSHALL: every message is gone."""
        self._said("FLUSHALL")

    def _said(self, word: str) -> str:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=2) as line:
            line.sendall(f"{word}\r\n".encode())
            return line.recv(64).decode().strip()
        return ""


class Rabbit(Store):
    """A node with a name, ports and a database of its own; it shares epmd with whatever node the machine has."""

    name = "rabbitmq"
    patience = 180.0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.bin = next((Path(place) for place in RABBIT_FOLDERS if (Path(place) / "rabbitmq-server").exists()), None)
        if self.bin is None:
            raise Absent("rabbitmq-server is not installed")
        self.distribution = free_port()
        folder.mkdir()
        (folder / "plugins").write_text("[].\n")
        (folder / "rabbitmq.conf").write_text("loopback_users = none\nlog.console.level = warning\n")

    @property
    def command(self) -> list[str]:
        return [f"{self.bin}/rabbitmq-server"]

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            **super().environment,
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": f"chaos{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.distribution),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
        }

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def is_up(self) -> bool:
        import amqp

        if not self.answers():
            return False
        try:
            amqp.Connection(f"127.0.0.1:{self.port}", connect_timeout=3, read_timeout=3).connect()
        except (OSError, amqp.AMQPError):
            return False
        return True

    def empty(self) -> None:
        """Every queue that Steward has is purged."""
        import amqp

        with amqp.Connection(f"127.0.0.1:{self.port}", connect_timeout=3, read_timeout=5) as line:
            for queue in ("steward.clock", "steward.runs"):
                with suppress(amqp.NotFound):
                    line.channel().queue_purge(queue)


BROKERS: Mapping[str, Callable[[Path], Redis | Rabbit]] = {"redis": Redis, "rabbitmq": Rabbit}


def postgres_bin() -> Path:
    """Where the server's own programs lie; Debian keeps them off the path."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    if on_path := shutil.which("postgres"):
        places.insert(0, Path(on_path).resolve().parent)
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise Absent("PostgreSQL's initdb is not installed")
