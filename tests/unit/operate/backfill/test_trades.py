"""A day's trades from the local exchange's file into an archive of the test's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import SettingsMaker
from tests.unit.exchange.ladder_market import ABSENT, LOOP, SYMBOL, Market, host_that_answers, market, refusing
from wickstream.binance.archive import DAY_MS
from wickstream.config import Settings
from wickstream.errors import Corrupted, ExchangeError, FeedLost, Refused, StoreBusy
from wickstream.exchange.local.doors.archive import Flaw
from wickstream.exchange.rest.archive_host import ArchiveHost
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.operate.backfill import asking, trades
from wickstream.operate.backfill.archived import Archived
from wickstream.operate.backfill.borders import Borders
from wickstream.operate.backfill.kline_sources import KlineSources
from wickstream.operate.backfill.outcome import Filled, Outcome
from wickstream.operate.backfill.tally import differing
from wickstream.operate.backfill.trades import Trades
from wickstream.operate.backfill.wanted import Day
from wickstream.store.cold.trades import TradesArchive

ALL = DAY_MS // 240_000 * LOOP  # ids of a day


class Scene:
    """A market, and an archive that is filled from it."""

    def __init__(self, market: Market, settings: Settings, folder: Path, now_ms: int) -> None:
        self.market = market
        self.settings = settings
        self.folder = folder
        self.now_ms = now_ms
        self.today = Day(SYMBOL, now_ms // DAY_MS * DAY_MS)
        self.day = Day(SYMBOL, self.today.starts_at - DAY_MS)
        self.flaw = f"{SYMBOL}-trades-{self.day.date}"

    async def fill(self, day: Day | None = None, *, archived: Archived | None = None, check: bool = False) -> Filled:
        filled = Filled(SYMBOL, "", "trades")
        host = ArchiveHost(self.settings)
        try:
            async with ExchangeClient(self.settings) as client:
                own = archived or Archived(self.settings)
                days = Trades(host, Borders(client), own, folder=self.folder, now_ms=self.now_ms)
                candles = await days.fill(day or self.day, filled)
                if check:
                    sources = KlineSources(host, client, folder=self.folder, now_ms=self.now_ms)
                    klines = await sources.from_file(day or self.day)
                    filled.differing = len(differing(candles, klines.candles))
        finally:
            await host.close()
        assert list(self.folder.iterdir()) == []
        return filled

    def archived_ids(self) -> list[int]:
        table = TradesArchive(self.settings)
        return [trade.trade_id for trade in table.read(SYMBOL, 0, 2**53)]


@asynccontextmanager
async def scene(tmp_path: Path, make_settings: SettingsMaker, *, absent: Iterable[int] = ()) -> AsyncIterator[Scene]:
    files = tmp_path / "files"
    files.mkdir()
    async with market(tmp_path, make_settings, absent=absent) as made:
        settings = made.settings.model_copy(update={"cold_url": f"file:{tmp_path / 'lake'}"})
        yield Scene(made, settings, files, await made.now_ms())


def play(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 180))


def test_a_whole_day_is_archived_equals_its_klines_and_is_not_fetched_again(
    tmp_path: Path, make_settings: SettingsMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trades, "PART_ROWS", 5_000)

    async def story() -> None:
        async with scene(tmp_path, make_settings) as s:
            first = await s.fill(check=True)
            again = await s.fill()

            assert (first.outcome, first.source, first.stored) == (Outcome.STORED, "archive", ALL)
            assert (first.missing_ids, first.is_complete, first.differing) == (0, True, 0)
            assert (again.outcome, again.source, again.is_complete) == (Outcome.THERE, None, True)
            ids = s.archived_ids()
            assert ids == list(range(ids[0], ids[0] + ALL))

    play(story)


def test_ids_that_the_exchange_never_gave_away_are_counted_and_not_invented(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    async def story() -> None:
        async with scene(tmp_path, make_settings, absent=(ABSENT,)) as s:
            found = await s.fill(check=True)
            again = await s.fill()

            assert (found.stored, found.missing_ids, found.is_complete) == (ALL - ALL // LOOP, ALL // LOOP, False)
            assert found.differing == 0
            assert (again.outcome, again.stored, again.missing_ids) == (Outcome.THERE, 0, ALL // LOOP)
            assert len(s.archived_ids()) == ALL - ALL // LOOP

    play(story)


def test_a_file_that_lacks_rows_is_told_of_and_completed_when_it_is_issued_anew(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    async def story() -> None:
        async with scene(tmp_path, make_settings) as s:
            s.market.flaws[s.flaw] = Flaw.INCOMPLETE
            lacking = await s.fill(check=True)
            s.market.flaws.clear()
            anew = await s.fill(check=True)

            assert (lacking.missing_ids, lacking.is_complete) == (ALL // 10, False)
            assert lacking.differing > 900
            assert (anew.stored, anew.is_complete, anew.differing) == (ALL // 10, True, 0)
            assert len(set(s.archived_ids())) == len(s.archived_ids()) == ALL

    play(story)


@pytest.mark.parametrize("flaw", [Flaw.WRONG_CHECKSUM, Flaw.TRUNCATED])
def test_a_file_that_is_not_what_its_checksum_says_is_not_archived(
    tmp_path: Path, make_settings: SettingsMaker, flaw: Flaw
) -> None:
    async def story() -> None:
        async with scene(tmp_path, make_settings) as s:
            s.market.flaws[s.flaw] = flaw
            with pytest.raises(Corrupted):
                await s.fill()
            assert s.archived_ids() == []

            s.market.flaws.clear()
            assert (await s.fill()).stored == ALL

    play(story)


def test_a_day_without_a_file_is_one_that_is_not_over_or_lies_before_everything(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    async def story() -> None:
        async with scene(tmp_path, make_settings) as s:
            today = await s.fill(s.today)
            before = await s.fill(Day(SYMBOL, s.day.starts_at - 9_000 * DAY_MS))

            assert (today.outcome, today.note) == (Outcome.NO_FILE_YET, "the day is not over")
            assert (before.outcome, before.note) == (Outcome.NO_FILE, "nothing was traded")

    play(story)


class Busy(Archived):
    """A lake that is away from its second part on."""

    async def add(self, symbol: str, trades: pl.DataFrame) -> int:
        if TradesArchive(self.settings).ranges(symbol, 0, 2**53):
            raise StoreBusy("the lake is away")
        return await super().add(symbol, trades)

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.settings = settings


def test_what_is_cut_off_between_two_parts_goes_on_from_there(
    tmp_path: Path, make_settings: SettingsMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trades, "PART_ROWS", 5_000)
    monkeypatch.setattr(trades, "BLOCK_BYTES", 100_000)

    async def story() -> None:
        async with scene(tmp_path, make_settings) as s:
            with pytest.raises(StoreBusy):
                await s.fill(archived=Busy(s.settings))
            stored = len(s.archived_ids())
            assert 5_000 <= stored < ALL

            rest = await s.fill()

            assert (rest.stored, rest.is_complete) == (ALL - stored, True)
            assert len(set(s.archived_ids())) == len(s.archived_ids()) == ALL

    play(story)


def test_where_nobody_tells_the_borders_a_day_is_complete_when_its_neighbours_join_it(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    async def story() -> None:
        async with scene(tmp_path, make_settings) as s:
            files = s.settings.exchange_archive_url
            s.settings = s.settings.model_copy(update={"exchange_rest_url": files, "exchange_trades_url": files})

            found = await s.fill()
            assert (found.stored, found.missing_ids, found.is_complete) == (ALL, 0, None)

            for number in (2, 1):
                await s.fill(Day(SYMBOL, s.day.starts_at - number * DAY_MS))
            between = await s.fill(Day(SYMBOL, s.day.starts_at - DAY_MS))
            assert (between.stored, between.is_complete) == (0, True)

    play(story)


def test_a_symbol_that_neither_host_knows_is_refused(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with scene(tmp_path, make_settings) as s:
            with pytest.raises(Refused, match="HTTP 400"):
                await s.fill(Day("NOSUCHUSDT", s.day.starts_at))

    play(story)


@pytest.mark.parametrize(("status", "error"), [(451, Refused), (500, FeedLost)])
def test_a_host_that_does_not_answer_is_no_missing_file(
    tmp_path: Path,
    make_settings: SettingsMaker,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    error: type[ExchangeError],
) -> None:
    monkeypatch.setattr(asking, "PAUSES_S", (0.0, 0.0))

    async def story() -> None:
        async with host_that_answers(refusing(status)) as (url, asked), scene(tmp_path, make_settings) as s:
            s.settings = s.settings.model_copy(update={"exchange_archive_url": url})

            with pytest.raises(error):
                await s.fill()
            assert len(asked) == (3 if error is FeedLost else 1)

    play(story)
