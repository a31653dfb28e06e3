"""PROCESS: candles, trades, marks, gaps and alerts into their tiers, alerts also to sinks, each at its own pace."""

import socket
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from wickstream.bus.consumer import Isolation, open_consumer, require_topics
from wickstream.bus.member import Member
from wickstream.config import Settings
from wickstream.metrics import serve_metrics
from wickstream.stopping import Stop, StopFlag, set_by_signals
from wickstream.store.archives import Alerts, Trades
from wickstream.store.dead_letters import DeadLetters, left_to_warm
from wickstream.store.ledger.books import keep_books
from wickstream.store.parts import ALL_PARTS, Part, port_name
from wickstream.store.retries import Patience
from wickstream.store.sinks.notify import notifiers
from wickstream.store.surroundings import watch
from wickstream.store.tier import Tier, TierLoop
from wickstream.store.tiers import Cold, Hot, Warm

TierMaker = Callable[[Settings], Tier]

TIERS: Mapping[Part, Sequence[TierMaker]] = {
    Part.HOT: (Hot,),
    Part.WARM: (Warm,),
    Part.COLD: (Cold, Trades, Alerts),
}


def run(settings: Settings, parts: Collection[Part] = ALL_PARTS, metrics_port: int | None = None) -> None:
    """Write until told to stop. Servers may come up after this process, or go away and come back.

    Raises:
        Exception: What ended a tier for good; the others have been stopped in order.
    """
    port = metrics_port or settings.port(port_name(parts))
    stop = StopFlag()
    set_by_signals(stop)
    write(
        settings,
        stop=stop,
        on_ready=lambda: serve_metrics(settings.listen_host, port, "writer"),
        tiers=[make for part, makers in TIERS.items() if part in parts for make in makers],
        with_sinks=Part.SINKS in parts,
        port=port,
    )


def write(
    settings: Settings,
    *,
    stop: Stop,
    on_ready: Callable[[], None],
    port: int | None = None,
    tiers: Sequence[TierMaker] = tuple(chain.from_iterable(TIERS.values())),
    with_sinks: bool = True,
) -> None:
    """As `run`, until `stop` is set; `on_ready` is called once, when all tiers are consuming, whatever the sinks do.

    `port` tells the writers of a machine apart, and is the same after a restart; the whole writer's unless given.
    """
    instance = f"{socket.gethostname()}:{port or settings.port('writer')}"
    ending = threading.Event()  # for the tiers' threads, which wait on it
    made = [make(settings) for make in tiers]
    sinks = notifiers(settings, stop=ending) if with_sinks else []
    consuming = {loop.name: threading.Event() for loop in (*made, *sinks)}
    with ThreadPoolExecutor(len(consuming) + 2, thread_name_prefix="tier") as pool:
        running = [
            pool.submit(_run_tier, settings, loop, stop=ending, consuming=consuming[loop.name], instance=instance)
            for loop in (*made, *sinks)
        ]
        if Warm.name in consuming:  # whose rows are compared
            running += [pool.submit(work, settings, stop=ending) for work in (keep_books, watch)]
        is_ready = False
        # A tier that failed for good ends the process; whoever supervises starts it again.
        while not (stop.wait(0.05) or any(loop.done() for loop in running)):
            if not is_ready and all(consuming[tier.name].is_set() for tier in made):
                on_ready()
                is_ready = True
        ending.set()
    for loop in running:
        loop.result()


def _run_tier(settings: Settings, tier: Tier, *, stop: Stop, consuming: threading.Event, instance: str) -> None:
    patience = Patience(stop, tier=tier.name)
    patience.repeat(lambda: require_topics(settings.kafka, tier.topics), None)
    patience.repeat(tier.prepare, None)
    if stop.is_set():
        return
    consumer = open_consumer(settings.kafka, group=tier.group, instance=instance, isolation=Isolation.COMMITTED)
    letters = DeadLetters(settings.kafka)
    TierLoop(
        tier,
        Member(consumer, tier.topics, stop=stop),
        stop=stop,
        consuming=consuming,
        reject=letters.set_aside if tier.name == Warm.name else left_to_warm,
        refuse=letters.set_aside,
    ).run()
