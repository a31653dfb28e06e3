"""A whole run: trades flow, processes are killed by plan, and when the last is back seven judges look at everything."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.chaos.prove.gathering import Gatherer
from tests.chaos.prove.judges import JUDGES, Judgement
from tests.chaos.prove.nemesis import Death, Nemesis
from tests.chaos.prove.onlooker import onlooking
from tests.chaos.prove.plan import kills
from tests.chaos.prove.recovery import Signs
from tests.chaos.prove.stack import LISTED, START_S, KilledStack, Say
from tests.chaos.published import Published
from tests.chaos.scene import Market
from tests.chaos.truth import Moment, Truth
from tests.running import wait_until
from tests.sink_server import sink_server
from wickstream.errors import WickstreamError
from wickstream.events import MINUTE_MS

CATCH_UP_S = 420.0  # for what the ledger finds and a batch recomputes
AGAIN_S = 5.0


@dataclass(frozen=True)
class Order:
    """What is wanted of a run.

    Attributes:
        trades: of all symbols together, at least.
        candles: closed ones of whole minutes, at least.
        rate: trades a second.
        asleep: seconds for which all but the exchange stand still, behind the kills.
    """

    seed: int
    kills: int
    trades: int
    candles: int
    rate: int
    asleep: int = 0


@dataclass
class Outcome:
    """What came of it.

    Attributes:
        seconds: of the kills and all: from the first trade to the cut, and on until the judges were content.
        restarts: by process, as the supervisor counts.
        awake_s: by process, from waking until it did its work again.
    """

    order: Order
    deaths: list[Death] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)
    traded: int = 0
    awake_s: dict[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every judge is content, and everyone came back."""
        back = all(death.back_s is not None for death in self.deaths)
        return back and bool(self.judgements) and all(one.passed for one in self.judgements)


def play(order: Order, folder: Path, *, say: Say) -> Outcome:
    """To be called by the main thread; the data stays in `folder`, with what was killed in `kills.jsonl`."""
    outcome = Outcome(order)
    with sink_server() as sink:
        stack = KilledStack(folder, Market(symbols=LISTED, rate=order.rate, speed=1, seed=order.seed), sink)

        def playing() -> None:
            with ExitStack() as held:
                truth = Truth(stack.settings)
                begin = _begun(truth)
                wait_until(lambda: stack.is_ready, deadline_s=START_S, what="the stack up")
                stack.connect()
                published = held.enter_context(closing(Published(stack.settings.kafka)))
                signs = held.enter_context(closing(Signs(stack.settings, published)))
                nemesis = Nemesis(stack, truth, published, signs, log=folder / "kills.jsonl", say=say)
                held.enter_context(closing(nemesis))
                onlooker = held.enter_context(onlooking(stack.settings, stack.symbols))
                gatherer = Gatherer(stack.settings, truth, published, sink, onlooker)
                _run(Run(order, outcome, truth, begin, nemesis, gatherer, published), say)
                outcome.restarts = {name: row.restarts for name, row in stack.processes().items()}

        stack.run(playing, say=say)
    return outcome


@dataclass
class Run:
    """What a run works with."""

    order: Order
    outcome: Outcome
    truth: Truth
    begin: Moment
    nemesis: Nemesis
    gatherer: Gatherer
    published: Published


def _run(run: Run, say: Say) -> None:
    outcome, began_s = run.outcome, time.monotonic()
    outcome.deaths = run.nemesis.deaths
    run.nemesis.work(kills(run.order.seed, run.order.kills))
    outcome.seconds["kills"] = round(time.monotonic() - began_s, 1)
    if run.order.asleep:
        outcome.awake_s = run.nemesis.sleep(run.order.asleep)
    run.nemesis.until(lambda: _is_enough(run), what="trades and candles", deadline_s=3_600)
    cut = run.truth.moment()
    outcome.traded = sum(last - run.begin.newest.get(symbol, -1) for symbol, last in cut.newest.items())
    say(f"{outcome.traded:,} trades, {len(outcome.deaths)} kills; the judges are called")
    outcome.seconds["until the cut"] = round(time.monotonic() - began_s, 1)
    _judge(run, cut)
    outcome.seconds["all"] = round(time.monotonic() - began_s, 1)


def _is_enough(run: Run) -> bool:
    rows = run.published.trades
    if sum(map(len, rows.values())) < run.order.trades:
        return False
    return sum(1 for candle in run.published.candles.values() if candle.closed) >= run.order.candles


def _judge(run: Run, cut: Moment) -> None:
    """Until they are content, or time is up: what is on its way may take a while."""
    deadline = time.monotonic() + CATCH_UP_S
    due = run.gatherer.klines(run.begin, cut)
    symbols_whole = len({symbol for symbol, _ in due}) * ((cut.at_ms - run.begin.at_ms) // MINUTE_MS - 2)

    def is_near() -> bool:
        with suppress(WickstreamError):
            return run.gatherer.closed(cut) >= symbols_whole * 9 // 10 and run.gatherer.archived(cut)
        return False

    with suppress(AssertionError):
        run.nemesis.until(is_near, what="the tiers", deadline_s=CATCH_UP_S / 2)
    while True:
        run.published.read()
        with _told_of_trouble(run):
            evidence = run.gatherer.gather(run.begin, cut)
            run.outcome.judgements = [judge(evidence) for judge in JUDGES]
        if run.outcome.passed or time.monotonic() > deadline:
            return
        run.nemesis.passes(AGAIN_S)


@contextmanager
def _told_of_trouble(run: Run) -> Iterator[None]:
    try:
        yield
    except (WickstreamError, httpx.HTTPError, OSError) as exc:
        unread = Judgement("–", "what could not be read")
        unread.find("unread", repr(exc))
        run.outcome.judgements = [unread]


def _begun(truth: Truth) -> Moment:
    """How far the exchange was before its clock began to go: it waits for both connectors."""
    found: list[Moment] = []

    def looks() -> bool:
        with suppress(OSError):
            found.append(truth.moment())
        return bool(found)

    wait_until(looks, deadline_s=START_S, what="an exchange")
    return found[0]
