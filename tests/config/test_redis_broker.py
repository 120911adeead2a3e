"""A worker whose Redis went away asks it for messages again, however many it could not answer for."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from config.broker import SteadyConnection

pytestmark = pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
#: As many messages as a worker of two slots takes at once.
PREFETCHED = 2


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Redis:
    """A server of this test's own, which may be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", "."]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise AssertionError("redis-server did not start")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    server.start()
    yield server
    server.kill()


def sent(connection: SteadyConnection, *words: str) -> None:
    with connection.Producer() as producer:
        for word in words:
            producer.publish({"word": word}, routing_key="steady", declare=[], exchange="")


def test_messages_whose_receipt_was_lost_take_up_no_room(redis):
    pytest.importorskip("redis")
    with SteadyConnection(f"redis://127.0.0.1:{redis.port}/0") as connection:
        taken: list[Any] = []
        queue = connection.SimpleQueue("steady").queue
        sent(connection, "one", "two", "three")
        channel = connection.channel()
        consumer = connection.Consumer(
            [queue], channel=channel, callbacks=[lambda body, message: taken.append(message)], accept=["json"]
        )
        consumer.qos(prefetch_count=PREFETCHED)
        with consumer:
            while len(taken) < PREFETCHED:
                connection.drain_events(timeout=30)
            assert not channel.qos.can_consume()
            redis.kill()
            for message in taken:
                with pytest.raises(connection.connection_errors):
                    message.ack()
            assert channel.qos.can_consume()


def test_another_broker_is_reached_as_ever():
    assert SteadyConnection("memory://").get_transport_cls().__module__ == "kombu.transport.memory"
    assert SteadyConnection("amqp://127.0.0.1//").get_transport_cls().__module__ == "kombu.transport.pyamqp"
