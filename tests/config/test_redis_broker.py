"""A worker whose Redis went away asks it for messages again, however many it could not answer for."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.chaos.stores import Redis
from config.broker import SteadyConnection

#: As many messages as a worker of two slots takes at once.
PREFETCHED = 2


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path / "redis")
    server.start()
    yield server
    server.kill()


def sent(connection: SteadyConnection, *words: str) -> None:
    with connection.Producer() as producer:
        for word in words:
            producer.publish({"word": word}, routing_key="steady", declare=[], exchange="")


@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
def test_messages_whose_receipt_was_lost_take_up_no_room(redis):
    pytest.importorskip("redis")
    with SteadyConnection(redis.url) as connection:
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
