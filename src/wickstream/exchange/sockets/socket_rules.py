"""What the connections to the exchange keep to: its limits, and our own times below them."""

import random
from dataclasses import dataclass
from typing import Self

from wickstream.config import Settings

CONNECTS_ALLOWED = 250  # in 5 minutes; the exchange allows 300
HOUR_S = 3_600
DAY_S = 24 * HOUR_S


@dataclass(frozen=True)
class SocketRules:
    """Limits of all connections of one process; tests scale them."""

    streams_per_socket: int = 800  # the exchange takes 1,024
    life_s: float = 23 * HOUR_S  # the exchange ends a connection after 24 h
    life_jitter: float = 0.02  # a share of it, on top
    rotation_hour: int | None = None  # UTC; None: when its life is over
    open_s: float = 10.0
    answer_s: float = 10.0
    idle_ping_s: float = 1.5  # a connection that says nothing for so long is asked whether it lives
    pong_s: float = 3.0
    subscribe_pause_s: float = 0.25  # 5 messages a second are allowed, pings and pongs among them
    overlap_s: float = 2.0  # a new connection that says nothing for so long takes over all the same
    renew_pause_s: float = 10.0  # a connection is renewed for silence once it is so old; each time twice as old
    renew_pause_cap_s: float = 300.0
    connects_allowed: int = CONNECTS_ALLOWED
    connects_window_s: float = 300.0
    backoff_s: float = 0.25
    backoff_cap_s: float = 10.0
    steady_s: float = 30.0  # a connection that lived so long was none of a row of failures

    def __post_init__(self) -> None:
        if not 2 <= self.streams_per_socket <= 1_024:
            raise ValueError("2 to 1,024 streams fit on a connection")

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The operator's wishes; connectors at one address share what it may open."""
        _, shards = settings.shard
        return cls(rotation_hour=settings.rotation_hour, connects_allowed=max(10, CONNECTS_ALLOWED // shards))

    @property
    def symbols_per_socket(self) -> int:
        """Two streams each."""
        return self.streams_per_socket // 2

    def life_of(self, *, opened_epoch_s: float) -> float:
        """Seconds a connection is kept that is opened now."""
        life_s = self.life_s * random.uniform(1, 1 + self.life_jitter)  # noqa: S311 (jitter)
        if self.rotation_hour is None:
            return life_s
        return until_rotation_s(opened_epoch_s, life_s=life_s, hour=self.rotation_hour)


def until_rotation_s(opened_epoch_s: float, *, life_s: float, hour: int) -> float:
    """Seconds to the last moment of the chosen hour (UTC) that a life of `life_s` reaches.

    A life that reaches no moment of that hour is lived to its end.
    """
    ends_s = opened_epoch_s + life_s
    into_hour_s = (ends_s - hour * HOUR_S) % DAY_S
    if into_hour_s < HOUR_S:
        return life_s
    to_hours_end_s = life_s - (into_hour_s - HOUR_S)
    return to_hours_end_s if to_hours_end_s > 0 else life_s
