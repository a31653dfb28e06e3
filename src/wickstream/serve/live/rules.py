"""How a connection is kept and ended: the exchange's own rules, and our bounds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """Times in seconds, by a monotonic clock.

    Attributes:
        ping_s, pong_s: a ping so often; who has not answered any for so long is cut.
        messages_per_second: control messages, pings and pongs of a client together; more ends the connection.
        streams: of one connection.
        slow_s: who does not take what is there for so long is closed with 1013.
        farewell_s: so long the other side has to answer a close, or to take what lies before it.
        send_buffer_bytes: in the kernel, buffer_bytes: in our transport. Above them a reader is behind.
        outbox_bytes: for a reader that is behind; more is too far.
        look_s: between two looks at all of this.
    """

    ping_s: float = 20.0
    pong_s: float = 60.0
    life_s: float = 24 * 3_600.0
    messages_per_second: int = 5
    streams: int = 1_024
    slow_s: float = 3.0
    farewell_s: float = 3.0
    send_buffer_bytes: int = 65_536
    buffer_bytes: int = 65_536
    outbox_bytes: int = 1_048_576
    look_s: float = 0.5


RULES = Rules()
SHORTEST_TICK_S = 0.002
REST = 2.0  # a tick that took 10 ms is followed by 20 ms for everything else
