"""Which process is killed when, as a seed has it. Pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

VICTIMS = ("connect-0", "connect-1", "kafka", "stream", "write", "tickers", "serve", "postgres", "redis")
LONGEST_PAUSE_S = 4.0
SHARE_TOGETHER = 0.15


@dataclass(frozen=True)
class Kill:
    """One `kill -9`.

    Attributes:
        pause_s: before it.
        is_together: it comes while the one before may still be away; else all are waited for first.
        hits_jvm: of the stream, its JVM is hit and not the Python beside it.
    """

    number: int
    victim: str
    pause_s: float
    is_together: bool
    hits_jvm: bool


def kills(seed: int, count: int) -> tuple[Kill, ...]:
    """The same for the same seed; of nine in a row from a multiple of nine on, each hits another process."""
    dice = random.Random(f"{seed}/kills")
    return tuple(islice(_kills(dice), count))


def _kills(dice: random.Random) -> Iterator[Kill]:
    number, before = 0, ""
    while True:
        deck = dice.sample(VICTIMS, len(VICTIMS))
        if deck[0] == before:  # it may not be back yet
            deck.reverse()
        for victim in deck:
            is_together = number > 0 and dice.random() < SHARE_TOGETHER
            yield Kill(number, victim, dice.uniform(0, LONGEST_PAUSE_S), is_together, dice.random() < 0.5)
            number += 1
        before = deck[-1]
