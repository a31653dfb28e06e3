"""Kills by plan while trades flow, puts all to sleep, measures how long each process is away, and writes it down."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.chaos.prove.plan import VICTIMS, Kill
from tests.chaos.prove.recovery import Signs
from tests.chaos.prove.stack import KilledStack, Say
from tests.chaos.published import Published
from tests.chaos.truth import Moment, Truth

LOOK_S = 0.1
LONGEST_AWAY_S = 900.0  # on a machine that has other things to do; how long it took is for the report


class StoppedByHand(Exception):
    """Ctrl-C, before it was through."""


@dataclass
class Death:
    """What came of a kill; seconds are real ones, `at_s` since the first trades.

    Attributes:
        pid: who died.
        is_alone: all others did their work at that moment, and until it was back.
        back_s: from the kill until it did its work again; None: it never did.
    """

    kill: Kill
    at_s: float
    pid: int
    is_alone: bool
    back_s: float | None = None


class Nemesis:
    """Goes through a plan once."""

    def __init__(
        self, stack: KilledStack, truth: Truth, published: Published, signs: Signs, *, log: Path, say: Say
    ) -> None:
        self._stack = stack
        self._truth = truth
        self._published = published
        self._signs = signs
        self._log = log.open("a", encoding="utf-8")
        self._say = say
        self._began_s = time.monotonic()
        self._away: list[tuple[Death, Moment, float]] = []
        self.deaths: list[Death] = []

    def work(self, plan: tuple[Kill, ...]) -> None:
        """Returns when the last victim does its work again.

        Raises:
            AssertionError: If one does not within a quarter of an hour, or is never there to be killed.
        """
        for kill in plan:
            if not kill.is_together:
                self.until(lambda: not self._away, what="all at work")
            self.passes(kill.pause_s)
            self._kill(kill)
        self.until(lambda: not self._away, what="all at work")

    def sleep(self, seconds: float) -> dict[str, float]:
        """All stand still for so long while the market goes on; seconds from waking until each works again."""
        with self._stack.asleep():
            self.passes(seconds)
        awake, woke_s = self._truth.moment(), time.monotonic()
        back_s: dict[str, float] = {}

        def work() -> bool:
            for victim in VICTIMS:
                if victim not in back_s and self._signs.shows(victim, awake):
                    back_s[victim] = round(time.monotonic() - woke_s, 2)
            return len(back_s) == len(VICTIMS)

        self.until(work, what=f"all at work after {seconds} s of sleep", deadline_s=LONGEST_AWAY_S)
        self._say(f"all slept for {seconds} s; the last worked again after {max(back_s.values())} s")
        return back_s

    def passes(self, seconds: float) -> None:
        """Look on for so long."""
        end_s = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end_s, what="time", deadline_s=seconds + 60)

    def until(self, condition: Callable[[], bool], *, what: str, deadline_s: float = 2 * LONGEST_AWAY_S) -> None:
        """Look on until it holds.

        Raises:
            AssertionError: If it does not in time.
            StoppedByHand: If the stack is told to stop.
        """
        deadline = time.monotonic() + deadline_s
        while not condition():
            if self._stack.stop.is_set():
                raise StoppedByHand
            assert time.monotonic() < deadline, f"{what}: not within {deadline_s:.0f} s"
            self._published.read()
            self._look()
            time.sleep(LOOK_S)

    def close(self) -> None:
        """End the log."""
        self._log.close()

    def _kill(self, kill: Kill) -> None:
        pid: int | None = None

        def is_dead() -> bool:
            nonlocal pid
            pid = self._stack.kill(kill.victim, hits_jvm=kill.hits_jvm and kill.victim == "stream")
            return pid is not None

        self.until(is_dead, what=f"a {kill.victim} to kill")
        killed_s = time.monotonic()
        for other, _, _ in self._away:
            other.is_alone = False
        death = Death(kill, round(killed_s - self._began_s, 3), pid or 0, is_alone=not self._away)
        self._away.append((death, self._truth.moment(), killed_s))
        self.deaths.append(death)
        self._write("killed", death)

    def _look(self) -> None:
        for one in list(self._away):
            death, moment, killed_s = one
            if self._signs.shows(death.kill.victim, moment):
                death.back_s = round(time.monotonic() - killed_s, 2)
                self._away.remove(one)
                self._write("back", death)
            assert time.monotonic() - killed_s < LONGEST_AWAY_S, f"{death.kill.victim} did not come back"

    def _write(self, what: str, death: Death) -> None:
        line = {"what": what, "second": round(time.monotonic() - self._began_s, 2), **asdict(death)}
        print(json.dumps(line), file=self._log, flush=True)
        if what == "back":
            others = "" if death.is_alone else ", others away too"
            name = f"kill {death.kill.number}: {death.kill.victim}"
            self._say(f"{death.at_s:7.1f} s  {name}, back after {death.back_s} s{others}")
