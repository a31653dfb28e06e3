"""The captures, played through the whole real stack, come out as the exchange's own klines."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import polars
import psycopg
import pytest

from tests.conftest import SettingsMaker
from tests.running import wait_until
from tests.whole_stack import CAPTURES, MINUTE_MS, WholeStack, differences, official_klines
from wickstream.operate.servers.local import with_local_addresses
from wickstream.store.warm.database import conninfo

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

SYMBOLS = ("BTCUSDT", "ETHUSDT")
TRADES = {"spot": 34_419, "usdm": 24_356}  # in the captures


def replay(market: str, speed: str) -> list[str]:
    return [*(f"--replay={file}" for file in CAPTURES[market]), "--keep-times", f"--speed={speed}"]


def wait_for_official_klines(stack: WholeStack, market: str, *, deadline_s: float = 240.0) -> None:
    official = official_klines(market)
    deadline = time.monotonic() + deadline_s
    while found := list(differences(stack, official)):
        assert time.monotonic() < deadline, "\n".join(found)
        time.sleep(0.2)


def assert_partial_minutes_are_open(stack: WholeStack, market: str) -> None:
    """The recording begins and ends within a minute: nobody can prove those, nor what they are part of."""
    minutes = sorted({int(row["open_time"]) for row in official_klines(market) if row["interval"] == "1m"})
    for symbol in SYMBOLS:
        ours = {row["open_time"]: row for row in stack.klines(symbol, limit=1000)}
        assert [time for time, row in ours.items() if not row["closed"]] == [
            minutes[0] - MINUTE_MS,
            minutes[-1] + MINUTE_MS,
        ]
        for row in stack.klines(symbol, "5m", limit=1000):
            is_whole = set(range(row["open_time"], row["close_time"], MINUTE_MS)) <= set(minutes)
            assert row["closed"] == is_whole, row


def assert_one_row_per_candle(stack: WholeStack) -> None:
    """In the warm and the cold tier, whatever was killed and replayed; stops the stack, so that cold commits."""
    with psycopg.connect(conninfo(with_local_addresses(stack.settings))) as conn:
        [(rows, keys)] = conn.execute(
            'SELECT count(*), count(DISTINCT (symbol, "interval", open_time)) FROM candles'
        ).fetchall()
    assert rows == keys > 0
    stack.down()
    lake = polars.scan_delta(str(stack.data_dir / "lake" / "candles")).collect()
    assert lake.height == lake.unique(["symbol", "interval", "open_time"]).height
    assert lake.height == rows - 2 * len(SYMBOLS)  # the open ones are not there


@pytest.fixture
def stack(tmp_path: Path, make_settings: SettingsMaker) -> Iterator[WholeStack]:
    stack = WholeStack(make_settings(tmp_path / "data"))
    yield stack
    stack.command("down")


def without_checkpoint(stack: WholeStack) -> None:
    """Stop it, delete what Spark remembers, and start it again."""
    stack.down()
    shutil.rmtree(stack.data_dir / "checkpoints")
    stack.up()


def facts(stack: WholeStack) -> list[dict[str, object]]:
    """Every candle as the API gives it, but for the time at which it was published."""
    rows = [row for symbol in SYMBOLS for row in stack.klines(symbol, limit=1000)]
    return [{name: value for name, value in row.items() if name != "published_at"} for row in rows]


def test_every_official_kline_comes_out_of_a_replay_at_full_speed(stack: WholeStack) -> None:
    stack.up(*replay("spot", "max"))

    wait_for_official_klines(stack, "spot")
    assert_partial_minutes_are_open(stack, "spot")


@pytest.mark.parametrize("market", ["spot", pytest.param("usdm", marks=pytest.mark.slow)])
def test_kills_in_the_middle_and_the_loss_of_the_checkpoint_change_nothing(stack: WholeStack, market: str) -> None:
    stack.up(*replay(market, "12"))
    minutes = sorted({int(row["open_time"]) for row in official_klines(market)})
    wait_until(
        lambda: stack.exchange_ms() >= minutes[len(minutes) // 2], deadline_s=60, what="the middle of the replay"
    )
    assert stack.exchange_ms() < minutes[-1]
    stack.kill("connect")
    stack.kill("stream")

    wait_for_official_klines(stack, market)
    restarts = {each["name"]: each["restarts"] for each in stack.status()["components"]}
    assert restarts["connect"] >= 1
    assert restarts["stream"] >= 1
    before = facts(stack)

    without_checkpoint(stack)
    wait_until(
        lambda: stack.metric("stream", 'wickstream_stream_rows_total{query="candles"}') >= TRADES[market],
        deadline_s=240,
        what="Spark having read everything again",
    )
    wait_until(lambda: facts(stack) == before, what="the same candles as before")

    assert list(differences(stack, official_klines(market))) == []
    assert_partial_minutes_are_open(stack, market)
    assert_one_row_per_candle(stack)
