"""Redis as broker, by a transport that loses no room for messages when the broker goes away."""

from kombu.transport import redis, virtual


class SteadyQoS(redis.QoS):
    """A message whose receipt could not be sent takes up no room any more.

    kombu takes a message off the list of those in hand only once Redis has taken the receipt. When Redis goes away in
    between, the worker logs that and goes on, with that much less room for ever; with none left it asks for nothing any
    more, and does not even notice that Redis is back. Redis itself hands such a message out again later, if it still
    has it: each of our tasks may come twice.
    """

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except Exception:
            virtual.QoS.ack(self, delivery_tag)
            raise


class SteadyChannel(redis.Channel):
    """A channel that counts so."""

    QoS = SteadyQoS


class SteadyTransport(redis.Transport):
    """What `config.broker` takes in the place of kombu's own."""

    Channel = SteadyChannel
