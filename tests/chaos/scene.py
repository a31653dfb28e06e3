"""A made-up market, its local exchange, and the real processes that are tried on it."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from tests.chaos.published import Published
from tests.chaos.truth import Moment, Truth
from tests.chaos.verdict import Verdict, judge
from tests.running import Launcher, Running
from wickstream.config import PORT_OFFSETS, Settings
from wickstream.exchange.local.market.generator import traded_at_first
from wickstream.exchange.local.market.market_plan import parse_market
from wickstream.operate.servers.local import with_local_addresses
from wickstream.operate.source import Chosen, Wish, choose
from wickstream.operate.stack import answers, build_layers
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.warm.migrations import migrate

LOOK_S = 0.1
HURRIED = Path(__file__).with_name("hurried.py")
TWINS_PORT = max(PORT_OFFSETS.values()) + 1  # counted from the port base; within its twenty


@dataclass(frozen=True)
class Market:
    """What is traded; `rate` is of exchange seconds, of which `speed` pass in a real one."""

    symbols: int = 3
    rate: int = 30
    speed: float = 6.0
    seed: int = 1

    def chosen(self, settings: Settings) -> Chosen:
        """The source, as `up` would choose it."""
        text = f"symbols={self.symbols},rate={self.rate},seed={self.seed}"
        named = traded_at_first(parse_market(text))
        wish = Wish(generate=text, speed=f"{self.speed:g}", symbols=named)
        return choose(settings, wish, root=settings.data_dir)


class Scene:
    """Starts processes as `up` does; all of them end with it, whatever state they are in.

    Attributes:
        settings: what the processes are given.
        truth: the exchange's own word.
        published: what is in Kafka, as far as it was read; `look` reads on.
    """

    def __init__(self, market: Market, settings: Settings) -> None:
        chosen = market.chosen(settings)
        self.settings = chosen.settings
        self._specs = {
            part.name: part for layer in build_layers(chosen) for part in layer if isinstance(part, ProcessSpec)
        }
        self._launcher = Launcher()
        self._started: list[Running] = []
        self._begin: Moment | None = None
        self._archive: TradesArchive | None = None
        self.truth = Truth(self.settings)
        self.published = Published(self.settings.kafka)

    def close(self) -> None:
        """Stop all of it; what was stopped by a signal is woken first."""
        for running in self._started:
            if running.process.poll() is None:
                os.kill(running.pid, signal.SIGCONT)
        self._launcher.close()
        self.published.close()

    def exchange(self, script: Path | None = None) -> Running:
        """Start the local exchange; its clock waits for the first connector."""
        more = ("--switchable",) if script is None else (f"--faults={script}",)
        spec = self._specs["exchange"]
        running = self._start(replace(spec, argv=(*spec.argv, *more)))
        self._begin = self._begin or self.truth.moment()
        return running

    def connector(self, **pace: Any) -> Running:
        """Start one; `pace`: waits of its that are scaled, as `sessions__refill__LONGEST_HOLD_S=3`."""
        spec = self._specs["connect"]
        if pace:
            scaled = json.dumps({name.replace("__", "."): value for name, value in pace.items()})
            at = spec.argv.index("-m")  # -m wickstream
            spec = replace(spec, argv=(*spec.argv[:at], str(HURRIED), scaled, *spec.argv[at + 2 :]))
        return self._start(spec)

    def twin(self) -> Running:
        """Another one, for the same symbols."""
        port = self.settings.port_base + TWINS_PORT
        spec = self._specs["connect"]
        argv = (*spec.argv, f"--metrics-port={port}")
        ready = lambda: answers("127.0.0.1", port, "/metrics")  # noqa: E731
        return self._start(replace(spec, name="twin", argv=argv, is_ready=ready))

    def repair(self) -> tuple[Running, Running]:
        """Start the writer and the repair; from now on what is missing may be in the archive."""
        for server in ("postgres", "redis"):
            self._start(self._specs[server])
        migrate(with_local_addresses(self.settings))
        self._archive = TradesArchive(self.settings)
        return self._start(self._specs["write"]), self._start(self._specs["repair"])

    def _start(self, spec: ProcessSpec) -> Running:
        running = self._launcher.start(spec)
        self._started.append(running)
        return running

    def look(self) -> None:
        """Read what was published since."""
        self.published.read()

    def until(self, condition: Callable[[], bool], *, deadline_s: float = 30.0, what: str) -> float:
        """Read on until it holds; returns the seconds it took.

        Raises:
            AssertionError: If it does not within `deadline_s`; says what every process said last.
        """
        began = time.monotonic()
        while True:
            self.look()
            if condition():
                return time.monotonic() - began
            if time.monotonic() - began > deadline_s:
                raise AssertionError(f"{what} did not hold within {deadline_s} s\n{self.last_words()}")
            time.sleep(LOOK_S)

    def has_reached(self, moment: Moment) -> bool:
        """Whether every symbol's newest trade of that moment is published, or a later one; where it traded at all."""
        before = {} if self._begin is None else self._begin.newest
        return all(
            self.published.newest_id(symbol) >= last_id
            for symbol, last_id in moment.newest.items()
            if last_id > before.get(symbol, -1)
        )

    def has_news_of(self, moment: Moment) -> bool:
        """Whether any trade that was made after that moment is published."""
        return any(rows and rows[-1][1] > moment.at_ms for rows in self.published.trades.values())

    def passes(self, seconds: float) -> None:
        """Wait until the exchange's clock has gone on by so much."""
        until_ms = self.truth.moment().at_ms + int(seconds * 1_000)
        self.until(lambda: self.truth.moment().at_ms >= until_ms, deadline_s=seconds + 30, what="the market going on")

    def flows(self, *, seconds: float = 1.0) -> None:
        """Wait until everything that happened by now, and for so many exchange seconds more, is published."""
        self.passes(seconds)
        now = self.truth.moment()
        self.until(lambda: self.has_reached(now), what=f"the trades of {now}")

    def is_exact(self, *, deadline_s: float = 30.0) -> float:
        """Wait until all that was traded by now is where it belongs, once; returns the seconds it took.

        Raises:
            AssertionError: If something is wrong, or still lacking in the end.
        """
        assert self._begin is not None
        cut, verdict = self.truth.moment(), Verdict()

        def holds() -> bool:
            nonlocal verdict
            if not self.has_reached(cut):
                return False
            assert self._begin is not None
            verdict = judge(self.published, self.truth, self._begin, cut, self._archive)
            assert not verdict.wrong, f"{verdict}\n{self.last_words()}"
            return not verdict.lacking

        began = time.monotonic()
        try:
            self.until(holds, deadline_s=deadline_s, what="the whole")
        except AssertionError as failure:
            raise AssertionError(f"{verdict}\n{failure}") from failure
        return time.monotonic() - began

    def metrics(self, process: str = "connector") -> dict[str, float]:
        """Every metric of a process, labels as Prometheus writes them."""
        import urllib.request

        with urllib.request.urlopen(f"http://127.0.0.1:{self.settings.port(process)}/metrics", timeout=5) as answer:
            lines = [line.decode().rsplit(" ", 1) for line in answer if not line.startswith(b"#")]
        return {name: float(value) for name, value in lines}

    def last_words(self) -> str:
        """The end of every process's log."""
        return "\n".join(
            f"--- {running.spec.name} ({running.process.poll()})\n{running.log.read_text()[-3_000:]}"
            for running in self._started
        )


def freeze(*processes: Running) -> None:
    """As a machine that falls asleep: they run no more, and know nothing of it."""
    for running in processes:
        os.kill(running.pid, signal.SIGSTOP)


def thaw(*processes: Running) -> None:
    """Let them run on."""
    for running in processes:
        os.kill(running.pid, signal.SIGCONT)


def peak_bytes(running: Running) -> int:
    """The largest resident memory a process ever had."""
    status = Path(f"/proc/{running.pid}/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1_024


def resident_bytes(running: Running) -> int:
    """Now."""
    found: Any = psutil.Process(running.pid).memory_info()
    return int(found.rss)
