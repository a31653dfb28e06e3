"""Missing ids: from an entry of the ledger to archived trades, closed candles and an entry that says so."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.candles import minute
from tests.holes import SYMBOL, assert_repaired, entries, is_settled, make_hole, writing
from tests.running import Launcher, wait_until
from tests.tier_contents import read_warm
from wickstream.candle import Origin
from wickstream.config import Settings, child_environment
from wickstream.events import Gap, GapStatus
from wickstream.exchange.recovery.draft import Step
from wickstream.exchange.recovery.ladder import Ladder
from wickstream.exchange.rest.archive import Archive
from wickstream.exchange.rest.client import ExchangeClient
from wickstream.operate.mender import Mender
from wickstream.operate.repair import watch
from wickstream.operate.repairs import Mended, Repairs
from wickstream.operate.stack import answers
from wickstream.operate.supervision.process import ProcessSpec
from wickstream.operate.worklist import Worklist
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.cold.trades import TradesArchive
from wickstream.store.ledger.reader import LedgerReader
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack


async def watch_until(settings: Settings, condition: Callable[[], bool]) -> None:
    stop = asyncio.Event()
    watching = asyncio.create_task(watch(settings, stop=stop, on_ready=lambda: None))
    try:
        await asyncio.to_thread(wait_until, condition, what="the repair")
    finally:
        stop.set()
        await watching


def test_missing_ids_come_back_with_their_candles(field: Settings) -> None:
    hole = asyncio.run(make_hole(field, minutes_ago=6, minutes=2))
    with writing(field):
        asyncio.run(watch_until(field, is_settled(field, hole)))

    assert_repaired(field, hole)
    assert {status for _, _, status, _ in entries(field)} == {"repaired"}
    archive = TradesArchive(field)
    assert archive.ranges(SYMBOL, 0, 2**53) == [(hole.first, hole.last)]
    middle = hole.klines[1]
    trades = [t for t in archive.read(SYMBOL, 0, 2**53) if middle.open_time <= t.traded_at_ms <= middle.close_time]
    assert sum(trade.quantity for trade in trades) == middle.volume


class Killed(Exception):
    """As if the process had ended here."""


class Mortal(Mender):
    """Dies before its `lives`-th record goes out."""

    def __init__(self, settings: Settings, ledger: LedgerReader, *, lives: int) -> None:
        super().__init__(settings, ledger)
        publish = self._producer.publish

        def count(record: Any) -> None:
            nonlocal lives
            if lives == 0:
                self._producer.flush()
                raise Killed
            lives -= 1
            publish(record)

        self._producer.publish = count  # type: ignore[method-assign]


async def repair_in_one_life(settings: Settings, *, lives: int = 1_000) -> bool:
    """Tell whether all of it was done before the end came."""
    with closing(LedgerReader(settings)) as ledger:
        async with ExchangeClient(settings) as client, Archive(settings) as archive:
            mender = Mortal(settings, ledger, lives=lives)
            repairs = Repairs(Ladder(client, archive), ledger, mender, Worklist(), tell=lambda _: None)
            try:
                while await repairs.turn():
                    pass
            except Killed:
                return False
    return True


def test_a_repair_killed_before_any_of_its_records_ends_the_same(
    field: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wickstream.exchange.recovery.draft.STEP_TRADES", 1)  # a step a minute
    hole = asyncio.run(make_hole(field, minutes_ago=9, minutes=2))
    lives = 0
    while not asyncio.run(repair_in_one_life(field, lives=lives)):
        lives += 1
        assert lives < 20
    with writing(field):
        wait_until(is_settled(field, hole), what="the ledger settled")

    assert lives >= 8  # three candles, three pieces, and twice what was left to do
    assert_repaired(field, hole)
    assert len(entries(field)) == 3
    assert TradesArchive(field).ranges(SYMBOL, 0, 2**53) == [(hole.first, hole.last)]


def test_a_minute_that_warm_has_let_go_is_revised_beyond_what_cold_holds(field: Settings) -> None:
    old, new = minute(SYMBOL, revision=2), minute(SYMBOL, volume=Decimal("9.00000000"))
    ColdCandles(field).store([old], {})
    with closing(LedgerReader(field)) as ledger:
        assert ledger.claim()
        _, published = Mender(field, ledger).apply(SYMBOL, Step(trades=(), pieces=(), candles=(new,), rest=None))
        _, again = Mender(field, ledger).apply(SYMBOL, Step(trades=(), pieces=(), candles=(minute(SYMBOL),), rest=None))
    assert [(candle.revision, candle.volume) for candle in published] == [(3, new.volume)]
    assert again == [], "the very same is stored"


@asynccontextmanager
async def refused_host() -> AsyncIterator[str]:
    """The address of a host that answers nobody from where we are."""

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=451, text="Unavailable For Legal Reasons")

    app = web.Application()
    app.router.add_get("/{path:.*}", refuse)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def test_what_no_host_gives_trade_by_trade_has_its_candles_at_once_and_its_trades_later(field: Settings) -> None:
    hole = asyncio.run(make_hole(field, minutes_ago=9, minutes=2))

    async def story() -> None:
        async with refused_host() as url:
            elsewhere = field.model_copy(update={"exchange_trades_url": url, "exchange_archive_url": url})
            await watch_until(elsewhere, is_settled(field, hole))

    with writing(field):
        asyncio.run(story())
        assert_repaired(field, hole, origin=Origin.AGG)
        assert {status for _, _, status, _ in entries(field)} == {"candles_only"}
        assert TradesArchive(field).ranges(SYMBOL, 0, 2**53) == []

        assert asyncio.run(repair_in_one_life(field))
        wait_until(lambda: {status for _, _, status, _ in entries(field)} == {"repaired"}, what="the trades found")
        wait_until(lambda: {candle.origin for candle in read_warm(field, SYMBOL)} == {Origin.TRADES}, what="candles")
    assert_repaired(field, hole)
    assert TradesArchive(field).ranges(SYMBOL, 0, 2**53) == [(hole.first, hole.last)]


def test_an_id_that_no_recording_has_stays_open_in_a_replay(field: Settings) -> None:
    before_all = Gap(SYMBOL, 0, 3, None, 0, GapStatus.OPEN, None, "never recorded")
    with closing(WarmWriter(field)) as warm:
        warm.write([], gaps=[before_all])
    turns: list[Mended] = []

    async def story() -> None:
        replay = field.model_copy(update={"source": "replay:0123456789ab"})
        with closing(LedgerReader(replay)) as ledger:
            async with ExchangeClient(replay) as client, Archive(replay) as archive:
                ladder = Ladder(client, archive, absence_is_provable=False)
                worklist = Worklist()
                mender = Mender(replay, ledger)
                repairs = Repairs(ladder, ledger, mender, worklist, tell=turns.append)
                assert await repairs.turn()
                assert not await repairs.turn()  # it is asked for again, but not at once
                assert [gap.size for gap in worklist.open()] == [4]

    asyncio.run(story())
    assert [turn.ids.keys() - {"open"} for turn in turns] == [set()]


def test_the_command_makes_one_pass_and_says_what_became_of_it(field: Settings, tmp_path: Path) -> None:
    hole = asyncio.run(make_hole(field, minutes_ago=4, minutes=1))
    done = subprocess.run(
        [sys.executable, "-m", "wickstream", "repair", "--json"],
        env=child_environment(field), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["ids"] == {"repaired": hole.last - hole.first + 1}
    assert said["candles"] == 2
    assert said["entries"][0]["cause"] == "segment break"


def test_the_process_is_ready_while_another_repairs_and_stops_in_order(
    field: Settings, launcher: Launcher, tmp_path: Path
) -> None:
    port = field.port("repair")
    with closing(LedgerReader(field)) as other:
        assert other.claim()
        running = launcher.start(
            ProcessSpec(
                name="repair",
                argv=(sys.executable, "-m", "wickstream", "repair", "--watch"),
                env=child_environment(field),
                cwd=tmp_path / "work",
                is_ready=lambda: answers("127.0.0.1", port, "/metrics"),
            )
        )
    running.stop()

    assert running.process.returncode == 0
