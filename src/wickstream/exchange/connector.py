"""PROCESS: the exchange's trades and tickers into Kafka, with marks for minutes that are proven complete."""

import asyncio
import random
import secrets
import signal
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any

import structlog
import uvloop

from wickstream.binance.streams import feed_streams
from wickstream.bus import topics
from wickstream.bus.producer import ProducerBroken, Record, TransactionalProducer
from wickstream.config import Settings
from wickstream.errors import ExchangeError, Fenced, StoreBusy
from wickstream.exchange.client import ExchangeClient
from wickstream.exchange.clock import ExchangeClock
from wickstream.exchange.feed import Feed
from wickstream.exchange.refill import Refill
from wickstream.exchange.shard import Shard
from wickstream.exchange.symbols import require_listed
from wickstream.exchange.tail import has_twin, read_tails
from wickstream.metrics import (
    FEED_LAG,
    NEWEST_TRADE,
    REST_WEIGHT,
    SYMBOLS,
    TICKERS_PUBLISHED,
    TRADES_PUBLISHED,
    serve_metrics,
)

log = structlog.get_logger()

TRANSACTION_S = 0.05  # one transaction at most so often: no throughput cost, +26 ms at the median
FRAMES_AHEAD = 20_000  # past this the socket is not read until Kafka has taken what there is
SYMBOLS_PER_SOCKET = 400  # two streams each; the exchange takes 1,024 on one connection
RETRY_S = 2.0
RETRY_CAP_S = 15.0

Work = Coroutine[Any, Any, Any]


def run(settings: Settings) -> None:
    """Publish until SIGTERM or SIGINT.

    Raises:
        Mistake: If a symbol is unknown to the exchange.
        Fenced: If another connector took over.
    """
    uvloop.run(_main(settings))


async def _main(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    instance = secrets.token_hex(4)
    async with ExchangeClient(settings) as client:
        await _until_one_ends(stop.wait(), _check_symbols(settings, client))
        serve_metrics(settings.listen_host, settings.port("connector"))  # from here on it counts as ready
        while not stop.is_set():
            try:
                await _Session(settings, client, instance).run(stop)
            except ProducerBroken as exc:
                log.warning("starting over", reason=str(exc))
                await _stay_down_if_fenced(settings, exc, instance)
                await _until_one_ends(stop.wait(), asyncio.sleep(RETRY_S))
            except (StoreBusy, ExchangeError) as exc:
                log.warning("cannot start yet", reason=str(exc), retry_in_s=RETRY_S)
                await _until_one_ends(stop.wait(), asyncio.sleep(RETRY_S))


async def _check_symbols(settings: Settings, client: ExchangeClient) -> None:
    retry_in_s = RETRY_S
    while True:
        try:
            info = await client.exchange_info()
        except ExchangeError as exc:
            log.warning("waiting for the exchange", reason=str(exc), retry_in_s=retry_in_s)
            await asyncio.sleep(retry_in_s)
            retry_in_s = min(2 * retry_in_s, RETRY_CAP_S)
        else:
            require_listed(settings.ticker_symbols, (symbol.symbol for symbol in info.symbols))
            return


async def _stay_down_if_fenced(settings: Settings, exc: ProducerBroken, instance: str) -> None:
    """A twin and our own transaction timeout look alike; only a twin goes on publishing."""
    if not exc.fenced:
        return
    fenced_at_ms = int(time.time() * 1_000)
    await asyncio.sleep(5 + random.uniform(0, 3))  # noqa: S311 (jitter)
    while True:
        try:
            twin = await asyncio.to_thread(has_twin, settings.kafka, instance=instance, since_ms=fenced_at_ms)
        except StoreBusy as busy:
            log.warning("cannot tell a twin yet", reason=str(busy), retry_in_s=RETRY_S)
            await asyncio.sleep(RETRY_S)
        else:
            break
    if twin:
        raise Fenced("another connector took over; this one stays down")


class _Session:
    """From one fence to the next: everything that is known comes from Kafka and the exchange."""

    def __init__(self, settings: Settings, client: ExchangeClient, instance: str) -> None:
        self._settings = settings
        self._client = client
        SYMBOLS.set(len(settings.ticker_symbols))
        shard_id = f"{settings.exchange_market}-0/1"
        self._producer = TransactionalProducer(settings.kafka, transactional_id=shard_id)
        self._shard = Shard(settings.ticker_symbols, ExchangeClock(), instance=instance)
        self._refill = Refill(self._shard, client)
        names = settings.ticker_symbols
        self._feeds = [
            Feed(settings.exchange_ws_url, feed_streams(names[i : i + SYMBOLS_PER_SOCKET]), self._on_frame)
            for i in range(0, len(names), SYMBOLS_PER_SOCKET)
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop.

        Raises:
            ProducerBroken: If Kafka did not take something; start another session.
        """
        try:
            await self._run(stop)
        finally:
            self._producer.let_go()  # at once: the next session must not wait for a garbage collection of this one

    async def _run(self, stop: asyncio.Event) -> None:
        """Order is the correctness: fence, read the tail, buffer what the sockets say, fill up, publish."""
        # 1. Nobody else writes from here on
        await asyncio.to_thread(self._producer.fence)
        # 2. Where it stopped
        cold = await self._resume()
        # 3. What the exchange has now; from here on the sockets' frames are held back
        self._shard.clock.sync(await self._client.time_ms(), now_s=time.monotonic())
        newest = await self._refill.find_first_ids()
        # 4. Publish what is in sequence, ask for what is not
        feeds = [feed.run() for feed in self._feeds]
        beside = [*feeds, self._refill.run(), self._start_cold(cold, newest)]
        await _until_one_ends(self._publish(stop), beside=beside)

    async def _resume(self) -> list[str]:
        tails = await asyncio.to_thread(read_tails, self._settings.kafka, self._settings.ticker_symbols)
        for symbol, tail in tails.items():
            if not tail.is_cold:
                self._shard.sequencers[symbol].resume(tail.mark, tail.trades, now_s=time.monotonic())
        cold = [symbol for symbol, tail in tails.items() if tail.is_cold]
        log.info("tail read", resumed=len(tails) - len(cold), cold=len(cold))
        return cold

    async def _start_cold(self, symbols: list[str], newest: dict[str, int]) -> None:
        turns = asyncio.Semaphore(4)

        async def start(symbol: str) -> None:
            async with turns:
                await self._refill.start_cold(self._shard.sequencers[symbol], newest.get(symbol, -1))

        await asyncio.gather(*(start(symbol) for symbol in symbols))

    def _on_frame(self, frame: bytes) -> None:
        self._shard.on_frame(frame, received_us=time.time_ns() // 1_000, now_s=time.monotonic())
        if self._shard.frames_taken >= FRAMES_AHEAD:  # each time: a socket may have come back meanwhile
            for feed in self._feeds:
                feed.pause()
        if self._shard.is_shutting_down:
            self._shard.is_shutting_down = False
            for feed in self._feeds:
                feed.drop()

    async def _publish(self, stop: asyncio.Event) -> None:
        stopping = False
        while not stopping:
            stopping = stop.is_set()  # seen before the records are taken, so that none stays behind
            started_s = time.monotonic()
            is_full = self._shard.frames_taken >= FRAMES_AHEAD
            records = self._shard.take_records(now_s=started_s)
            if is_full:
                for feed in self._feeds:
                    feed.unpause()
            if records:
                await asyncio.to_thread(self._producer.publish, records)
                self._account(records)
            await asyncio.sleep(max(0.0, TRANSACTION_S - (time.monotonic() - started_s)))

    def _account(self, records: list[Record]) -> None:
        sources = Counter(dict(record.headers)["source"] for record in records if record.topic == topics.RAW_TRADES)
        for source, count in sources.items():
            TRADES_PUBLISHED.labels(source.decode()).inc(count)
        TICKERS_PUBLISHED.inc(sum(record.topic == topics.RAW_TICKERS for record in records))
        now_s = time.monotonic()
        newest_ms = self._shard.newest_trade_ms
        NEWEST_TRADE.set(newest_ms / 1_000)
        FEED_LAG.set(max(0, self._shard.clock.now_ms(now_s=now_s) - newest_ms) / 1_000)
        REST_WEIGHT.set(self._client.budget.used(now_s=time.time()))


async def _until_one_ends(*decisive: Work, beside: Sequence[Work] = ()) -> None:
    """Until one of `decisive` ends, or anything fails; whatever still runs then is cancelled."""
    ending = {asyncio.ensure_future(work) for work in decisive}
    running = ending | {asyncio.ensure_future(work) for work in beside}
    try:
        while not any(task.done() for task in ending):
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
