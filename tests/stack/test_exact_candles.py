"""The captures, played through the whole real stack, come out as the exchange's own klines."""

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
from wickstream.store.database import conninfo

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

SYMBOLS = ("BTCUSDT", "ETHUSDT")


def replay(market: str, speed: str) -> list[str]:
    return [*(f"--replay={file}" for file in CAPTURES[market]), "--keep-times", f"--speed={speed}"]


def wait_for_official_klines(stack: WholeStack, market: str, *, deadline_s: float = 90.0) -> None:
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


def test_every_official_kline_of_spot_comes_out_and_survives_the_loss_of_the_checkpoint(stack: WholeStack) -> None:
    stack.up(*replay("spot", "max"))
    wait_for_official_klines(stack, "spot")
    assert_partial_minutes_are_open(stack, "spot")

    stack.down()
    checkpoints = stack.data_dir / "checkpoints"
    assert checkpoints.is_dir()
    for file in sorted(checkpoints.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    stack.up(*replay("spot", "max"))

    wait_for_official_klines(stack, "spot")
    assert_partial_minutes_are_open(stack, "spot")
    assert_one_row_per_candle(stack)


@pytest.mark.parametrize("market", ["spot", "usdm"])
def test_spark_and_the_connector_may_be_killed_in_the_middle(stack: WholeStack, market: str) -> None:
    stack.up(*replay(market, "12"))
    minutes = sorted({int(row["open_time"]) for row in official_klines(market)})
    middle, end = minutes[len(minutes) // 2], minutes[-1]
    wait_until(lambda: stack.exchange_ms() >= middle, deadline_s=60, what="the middle of the replay")
    assert stack.exchange_ms() < end

    stack.kill("connect")
    stack.kill("stream")

    wait_for_official_klines(stack, market)
    assert_partial_minutes_are_open(stack, market)
    restarts = {each["name"]: each["restarts"] for each in stack.status()["components"]}
    assert restarts["connect"] >= 1
    assert restarts["stream"] >= 1
    assert_one_row_per_candle(stack)
