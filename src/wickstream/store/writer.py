"""PROCESS: candles, marks, gaps and alerts into their tiers, alerts also to their sinks, each at its own pace."""

import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from wickstream.bus.consumer import Isolation, open_consumer, require_topics
from wickstream.config import Settings
from wickstream.metrics import serve_metrics
from wickstream.stopping import Stop, StopFlag, set_by_signals
from wickstream.store.books import keep_books
from wickstream.store.dead_letters import DeadLetters, left_to_warm
from wickstream.store.retries import Patience
from wickstream.store.sinks.notify import notifiers
from wickstream.store.tier import Tier, TierLoop
from wickstream.store.tiers import Cold, Hot, Warm

TIERS: tuple[Callable[[Settings], Tier], ...] = (Hot, Warm, Cold)


def run(settings: Settings) -> None:
    """Write until told to stop. Servers may come up after this process, or go away and come back.

    Raises:
        Exception: What ended a tier for good; the others have been stopped in order.
    """
    stop = StopFlag()
    set_by_signals(stop)
    write(settings, stop=stop, on_ready=lambda: serve_metrics(settings.listen_host, settings.port("writer")))


def write(
    settings: Settings,
    *,
    stop: Stop,
    on_ready: Callable[[], None],
    tiers: Sequence[Callable[[Settings], Tier]] = TIERS,
) -> None:
    """As `run`, until `stop` is set; `on_ready` is called once, when all tiers are consuming."""
    ending = threading.Event()  # for the tiers' threads, which wait on it
    made = [*(make(settings) for make in tiers), *notifiers(settings, stop=ending)]
    consuming = [threading.Event() for _ in made]
    with ThreadPoolExecutor(len(made) + 1, thread_name_prefix="tier") as pool:
        running = [
            pool.submit(_run_tier, settings, tier, stop=ending, consuming=begun)
            for tier, begun in zip(made, consuming, strict=True)
        ]
        if Warm in tiers:  # whose rows are compared
            running.append(pool.submit(keep_books, settings, stop=ending))
        is_ready = False
        # A tier that failed for good ends the process; whoever supervises starts it again.
        while not (stop.wait(0.05) or any(tier.done() for tier in running)):
            if not is_ready and all(begun.is_set() for begun in consuming):
                on_ready()
                is_ready = True
        ending.set()
    for tier in running:
        tier.result()


def _run_tier(settings: Settings, tier: Tier, *, stop: Stop, consuming: threading.Event) -> None:
    patience = Patience(stop, tier=tier.name)
    patience.repeat(lambda: require_topics(settings.kafka, tier.topics), None)
    patience.repeat(tier.prepare, None)
    if stop.is_set():
        return
    consumer = open_consumer(
        settings.kafka,
        group=tier.group,
        instance=f"{socket.gethostname()}:{settings.port('writer')}",
        isolation=Isolation.COMMITTED,
    )
    set_aside = DeadLetters(settings.kafka).set_aside if tier.name == Warm.name else left_to_warm
    TierLoop(tier, consumer, stop=stop, consuming=consuming, set_aside=set_aside).run()
