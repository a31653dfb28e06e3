"""A local exchange with a small market that never ends, and what a judge of repairs asks of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.made_trades import capture, trade
from wickstream.candle import EXCHANGE_FIELDS, Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Gap, GapStatus, Source
from wickstream.exchange.local.doors.archive import Flaw
from wickstream.exchange.local.market.recording import ReplayPlan
from wickstream.exchange.local.process import local_exchange
from wickstream.exchange.recovery.ladder import Ladder, Step
from wickstream.exchange.rest.archive import Archive
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.exchange.sequencing.arrival import Arrival

SYMBOL = "BTCUSDT"
MIDNIGHT_MS = 1_723_161_600_000
FIRST_ID = 90_000_000  # so many ids lie behind it: some years
ABSENT = 7  # of each loop, the id that the exchange never gave away
LOOP = 60  # ids, in four minutes of which the third is quiet
TIMES_MS = [number * 2_900 for number in range(40)] + [180_000 + number * 2_900 for number in range(20)]


def write_capture(folder: Path, *, absent: Iterable[int] = (ABSENT,), times_ms: Sequence[int] = TIMES_MS) -> Path:
    rows = [
        trade(FIRST_ID + n, MIDNIGHT_MS + at_ms, price=f"{100 + n % 7}.50", quantity=f"0.{n + 1:06}",
              buyer_is_maker=n % 3 == 0)
        for n, at_ms in enumerate(times_ms) if n not in set(absent)
    ]  # fmt: skip
    return capture(folder / "market.frames", rows)


@dataclass
class Market:
    """Its addresses, and questions to it that no fault touches."""

    settings: Settings
    truth: ExchangeClient
    flaws: dict[str, Flaw]

    async def now_ms(self) -> int:
        return await self.truth.time_ms()

    async def newest_id(self) -> int:
        return (await self.truth.recent_trades(SYMBOL))[-1].trade_id

    async def trades(self, first: int, last: int) -> list[Arrival]:
        """All there are of these ids."""
        found: list[Arrival] = []
        while first <= last and (page := await self.truth.historical_trades(SYMBOL, first)):
            found += [arrival for arrival in page if arrival.trade_id <= last]
            first = page[-1].trade_id + 1
        return found

    async def hole(self, *, ids: int, ago: int = 1_000, detected_ago_ms: int = 3_600_000) -> Gap:
        """An open entry of so many ids, the first of them so many before the newest."""
        first = await self.newest_id() - ago
        detected_at = await self.now_ms() - detected_ago_ms
        return Gap(SYMBOL, first, first + ids - 1, None, detected_at, GapStatus.OPEN, evidence="left to repair")

    async def klines(self, candles: Iterable[Candle]) -> dict[int, Candle]:
        """The exchange's own of these minutes."""
        found: dict[int, Candle] = {}
        for candle in candles:
            if candle.open_time not in found:
                page = await self.truth.klines(SYMBOL, candle.open_time, now_ms=await self.now_ms())
                found |= {kline.open_time: kline for kline in page}
        return found


@asynccontextmanager
async def market(
    folder: Path,
    make_settings: SettingsMaker,
    *,
    absent: Iterable[int] = (ABSENT,),
    times_ms: Sequence[int] = TIMES_MS,
    **urls: str,
) -> AsyncIterator[Market]:
    """`urls`: addresses of the exchange that lead elsewhere."""
    settings = make_settings(folder, ticker_symbols=(SYMBOL,))
    http, api, files = (
        f"http://127.0.0.1:{settings.port(name)}" for name in ("exchange", "exchange-api", "exchange-archive")
    )
    here = {"exchange_rest_url": http, "exchange_trades_url": api, "exchange_archive_url": files}
    flaws: dict[str, Flaw] = {}
    plan = ReplayPlan((write_capture(folder, absent=absent, times_ms=times_ms),), demo=True)
    async with (
        local_exchange(settings, plan, flaw_of=flaws.get),
        ExchangeClient(settings.model_copy(update=here)) as truth,
    ):
        yield Market(settings.model_copy(update=here | urls), truth, flaws)


async def climb(settings: Settings, gap: Gap, **options: Any) -> list[Step]:
    """All steps of one climb."""
    async with ExchangeClient(settings) as client, Archive(settings) as archive:
        return [step async for step in Ladder(client, archive, **options).climb(gap)]


def ledger(gap: Gap, steps: Iterable[Step]) -> dict[tuple[str, int], Gap]:
    """The entries of ids as the newest of each key stands after all steps."""
    entries = {("ids", gap.first_trade_id or 0): gap}
    for step in steps:
        for entry in (*step.pieces, *([step.rest] if step.rest else [])):
            key = ("halt", entry.open_time) if entry.first_trade_id is None else ("ids", entry.first_trade_id)
            entries[key[0], key[1] or 0] = entry
    return entries


def statuses(gap: Gap, steps: Iterable[Step]) -> dict[int, GapStatus]:
    """Of every id of the entry, what the ledger says in the end; an id in two entries, or none, is an error."""
    found: dict[int, GapStatus] = {}
    for entry in ledger(gap, steps).values():
        if entry.first_trade_id is not None and entry.last_trade_id is not None:
            for trade_id in range(entry.first_trade_id, entry.last_trade_id + 1):
                assert trade_id not in found, f"{trade_id} is in two entries"
                found[trade_id] = entry.status
    assert gap.first_trade_id is not None
    assert gap.last_trade_id is not None
    assert sorted(found) == list(range(gap.first_trade_id, gap.last_trade_id + 1))
    return found


def is_absent(trade_id: int) -> bool:
    """Of the market's ids."""
    return (trade_id - FIRST_ID) % LOOP == ABSENT


async def assert_repaired(market: Market, gap: Gap, steps: list[Step], *, by: Source) -> None:
    """Every id that was traded is here once with what the exchange says of it; the others are absent."""
    first, last = gap.first_trade_id or 0, gap.last_trade_id or 0
    found = statuses(gap, steps)
    assert found == {one: GapStatus.ABSENT if is_absent(one) else GapStatus.REPAIRED for one in range(first, last + 1)}
    trades = [arrival for step in steps for arrival in step.trades]
    assert [arrival.trade for arrival in trades] == [arrival.trade for arrival in await market.trades(first, last)]
    assert {arrival.source for arrival in trades} == {by}


async def assert_exact(market: Market, steps: Iterable[Step]) -> list[Candle]:
    """Every candle is the exchange's own in its 13 fields, they follow each other, and their ids chain."""
    candles = sorted((candle for step in steps for candle in step.candles), key=lambda candle: candle.open_time)
    klines = await market.klines(candles)
    for candle in candles:
        kline = klines[candle.open_time]
        assert {n: getattr(candle, n) for n in EXCHANGE_FIELDS} == {n: getattr(kline, n) for n in EXCHANGE_FIELDS}
        assert (candle.closed, candle.revision) == (True, 0)
    opened = [candle.open_time for candle in candles]
    assert opened == list(range(opened[0], opened[-1] + MINUTE_MS, MINUTE_MS)) if opened else True
    for one, following in pairwise(candles):
        assert following.first_trade_id == (one.last_trade_id or 0) + 1
    return candles


@asynccontextmanager
async def host_that_answers(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncIterator[tuple[str, list[str]]]:
    """A host of its own; its address, and the paths it was asked for."""
    asked: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return await answer(request)

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


def refusing(status: int, **headers: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A host that says no."""

    async def answer(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=msgspec.json.encode({"code": 0, "msg": "no"}), headers=named)

    return answer


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def within_a_minute() -> None:
        async with asyncio.timeout(60):
            await story()

    asyncio.run(within_a_minute())
