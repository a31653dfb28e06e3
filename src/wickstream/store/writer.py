"""PROCESS: `processed_aggs`, `minute_marks` and `feed_gaps` into their tiers, each tier at its own pace."""

import signal
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import structlog

from wickstream.bus.consumer import Isolation, open_consumer, require_topics
from wickstream.bus.topics import TOPICS
from wickstream.config import Settings
from wickstream.metrics import serve_metrics
from wickstream.store.dead_letters import DeadLetters, leave_to_warm
from wickstream.store.retries import Patience
from wickstream.store.tier import Tier, TierLoop
from wickstream.store.tiers import Cold, Hot, Warm
from wickstream.store.warm import migrate

log = structlog.get_logger(__name__)

TIERS: tuple[Callable[[Settings], Tier], ...] = (Hot, Warm, Cold)


def run(settings: Settings) -> None:
    """Write until told to stop. Every server may come up after this process does.

    Raises:
        Exception: What ended a tier for good; the others are stopped in order first.
    """
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    write(settings, stop=stop)


def write(settings: Settings, *, stop: threading.Event, tiers: Sequence[Callable[[Settings], Tier]] = TIERS) -> None:
    """As `run`, until `stop` is set."""
    with ThreadPoolExecutor(len(tiers), thread_name_prefix="tier") as pool:
        running = [pool.submit(_run_tier, settings, make, stop, ready := threading.Event()) for make in tiers]
