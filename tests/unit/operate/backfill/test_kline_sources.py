"""A day's klines: from the file, and from REST what that lacks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.candles import minute
from tests.conftest import SettingsMaker
from tests.unit.exchange.ladder_market import SYMBOL, host_that_answers, market
from tests.unit.operate.backfill.halted_exchange import DAY, Halted
from wickstream.binance.archive import DAY_MS
from wickstream.candle import EXCHANGE_FIELDS, Origin
from wickstream.config import Settings
from wickstream.errors import Corrupted, Refused
from wickstream.events import MINUTE_MS
from wickstream.exchange.local.doors.archive import Flaw
from wickstream.exchange.recovery.kline_book import GRACE_MS
from wickstream.exchange.rest.archive_host import ArchiveHost
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.operate.backfill.kline_sources import DayKlines, KlineSources
from wickstream.operate.backfill.wanted import Day, Minutes


def play(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 180))


@asynccontextmanager
async def sources(settings: Settings, folder: Path, *, now_ms: int) -> AsyncIterator[KlineSources]:
    host = ArchiveHost(settings)
    try:
        async with ExchangeClient(settings) as client:
            yield KlineSources(host, client, folder=folder, now_ms=now_ms)
    finally:
        await host.close()


def facts(klines: DayKlines) -> list[tuple[object, ...]]:
    return [tuple(getattr(kline, name) for name in EXCHANGE_FIELDS) for kline in klines.candles.values()]


def origins(klines: DayKlines) -> dict[Origin, int]:
    found = [kline.origin for kline in klines.candles.values()]
    return {origin: found.count(origin) for origin in set(found)}


def test_the_file_says_what_rest_says_and_a_file_that_lacks_rows_is_completed(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    async def story() -> None:
        async with market(tmp_path, make_settings) as made:
            midnight_ms = await made.now_ms() // DAY_MS * DAY_MS
            day = Day(SYMBOL, midnight_ms - DAY_MS)
            async with sources(made.settings, tmp_path, now_ms=midnight_ms + GRACE_MS) as asked:
                whole = await asked.from_file(day)
                by_rest = DayKlines()
                await asked.complete(day, by_rest)
                made.flaws[f"{SYMBOL}-1m-{day.date}"] = Flaw.INCOMPLETE
                lacking = await asked.from_file(day)
                rows = len(lacking.candles)
                await asked.complete(day, lacking)

            assert facts(whole) == facts(by_rest) == facts(lacking)
            assert origins(whole) == {Origin.ARCHIVE: 1_440}
            assert origins(by_rest) == {Origin.EXCHANGE: 1_440}
            assert origins(lacking) == {Origin.ARCHIVE: rows, Origin.EXCHANGE: 1_440 - rows}
            assert rows == 1_440 * 9 // 10

    play(story)


@pytest.mark.parametrize("flaw", [Flaw.WRONG_CHECKSUM, Flaw.TRUNCATED])
def test_a_file_that_is_not_what_its_checksum_says_is_not_believed(
    tmp_path: Path, make_settings: SettingsMaker, flaw: Flaw
) -> None:
    async def story() -> None:
        async with market(tmp_path, make_settings) as made:
            now_ms = await made.now_ms()
            day = Day(SYMBOL, now_ms // DAY_MS * DAY_MS - DAY_MS)
            made.flaws[f"{SYMBOL}-1m-{day.date}"] = flaw
            async with sources(made.settings, tmp_path, now_ms=now_ms) as asked:
                with pytest.raises(Corrupted):
                    await asked.from_file(day)
                with pytest.raises(Refused):
                    await asked.from_file(Day(SYMBOL, now_ms // DAY_MS * DAY_MS))

    play(story)
    assert list(tmp_path.glob("*.zip")) == []


async def klines_of(exchange: Halted, folder: Path, make_settings: SettingsMaker) -> DayKlines:
    async with host_that_answers(exchange.answer) as (url, _):
        urls = {"exchange_rest_url": url, "exchange_trades_url": url, "exchange_archive_url": url}
        settings = make_settings(folder, **urls)
        async with sources(settings, folder, now_ms=DAY.ends_at + DAY_MS) as asked:
            klines = await asked.from_file(DAY)
            await asked.complete(DAY, klines)
    return klines


def halts(klines: DayKlines) -> list[int]:
    return [at for at in DAY.minutes.within(klines.between).all() if at not in klines.candles]


def test_minutes_that_neither_has_are_halts_also_at_the_ends_of_a_day(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    first, middle, last = DAY.starts_at, DAY.starts_at + 600 * MINUTE_MS, DAY.ends_at - MINUTE_MS
    exchange = Halted(listed_at=DAY.starts_at - DAY_MS, without=(first, middle, middle + MINUTE_MS, last))

    klines = asyncio.run(klines_of(exchange, tmp_path, make_settings))

    assert halts(klines) == [first, middle, middle + MINUTE_MS, last]


def test_before_its_first_kline_a_symbol_was_not_halted(tmp_path: Path, make_settings: SettingsMaker) -> None:
    klines = asyncio.run(
        klines_of(Halted(listed_at=DAY.starts_at + 600 * MINUTE_MS, without=()), tmp_path, make_settings)
    )

    assert len(klines.candles) == 840
    assert halts(klines) == []


def test_klines_that_open_within_a_minute_show_that_it_was_no_halt(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    exchange = Halted(listed_at=DAY.starts_at - DAY_MS, without=(), late_by_ms=17_000)

    klines = asyncio.run(klines_of(exchange, tmp_path, make_settings))

    assert len(klines.candles) == 1_440
    assert halts(klines) == []
    assert all(kline.open_time % MINUTE_MS for kline in klines.candles.values())


def test_nothing_is_a_halt_until_rest_had_its_say() -> None:
    kline = minute()

    assert DayKlines({0: kline, 120_000: kline}).between.size == 0
    assert DayKlines({0: kline}, since=0, until=120_000).between == Minutes(60_000, 60_000)
