"""PROCESS: fills a range of history, several symbols and days at a time; run again, it goes on where it was stopped."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing

from wickstream.bus.consumer import require_topics
from wickstream.bus.topics import FEED_GAPS, PROCESSED_AGGS
from wickstream.config import Settings
from wickstream.exchange.rest.archive_host import ArchiveHost
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.operate.backfill.archived import Archived
from wickstream.operate.backfill.asking import patiently
from wickstream.operate.backfill.borders import Borders
from wickstream.operate.backfill.days import Days, Tell
from wickstream.operate.backfill.download_folder import download_folder
from wickstream.operate.backfill.held import Held
from wickstream.operate.backfill.kline_sources import KlineSources
from wickstream.operate.backfill.klines import Klines
from wickstream.operate.backfill.publishing import Publisher
from wickstream.operate.backfill.trades import Trades
from wickstream.operate.backfill.wanted import Day, Wanted, over

SHARE = 0.35  # of the address's weight: half of what the connector may take
AT_ONCE = 4  # days

Begin = Callable[[int, int], None]


async def fill(settings: Settings, wanted: Wanted, *, begin: Begin, tell: Tell) -> None:
    """Fill what is wanted.

    `begin` hears how many days will be told of, and how many of the range are still to come; `tell` hears of each.

    Raises:
        ExchangeError: If the exchange does not tell the time.
        StoreBusy: If Kafka, PostgreSQL or the lake does not answer.
    """
    if wanted.what.klines:
        await asyncio.to_thread(require_topics, settings.kafka, (PROCESSED_AGGS, FEED_GAPS))
    async with ExchangeClient(settings, share=SHARE) as client, _host(settings) as host:
        now_ms = await patiently(client.time_ms)  # what ends after it is left to another time
        days = list(wanted.days(now_ms=now_ms))
        begin(len(days) * (wanted.what.klines + wanted.what.trades), wanted.days_to_come(now_ms=now_ms))
        with (
            download_folder(settings.data_dir) as folder,
            closing(Held(settings)) as held,
        ):
            sources = KlineSources(host, client, folder=folder, now_ms=now_ms)
            due = over(wanted.minutes, now_ms=now_ms)
            klines = Klines(sources, held, Publisher(settings), due) if wanted.what.klines else None
            borders, archived = Borders(client), Archived(settings)
            trades = Trades(host, borders, archived, folder=folder, now_ms=now_ms) if wanted.what.trades else None
            await _all(Days(klines, trades, tell=tell), iter(days))


async def _all(days: Days, left: Iterator[Day]) -> None:
    async def work() -> None:
        for day in left:
            await days.fill(day)

    workers = [asyncio.create_task(work()) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


@asynccontextmanager
async def _host(settings: Settings) -> AsyncIterator[ArchiveHost]:
    host = ArchiveHost(settings)
    try:
        yield host
    finally:
        await host.close()
