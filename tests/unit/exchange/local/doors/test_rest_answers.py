import csv
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.conftest import SettingsMaker
from tests.unit.exchange.local.listening import BOTH_TRADES, Client, hear, playing, run
from tests.unit.exchange.local.made_trades import capture, trade
from wickstream.config import DEFAULT_SYMBOLS
from wickstream.exchange.local.market.recording import ReplayPlan, demo_files

DATA = Path(__file__).parents[4] / "data"
FILES = {"spot": demo_files(), "usdm": tuple(sorted(DATA.glob("usdm_*.frames.gz")))}
DEMO = ReplayPlan(demo_files(), demo=True)
# Where each field stands in the array of a kline.
PLACES = {
    "open": 1,
    "high": 2,
    "low": 3,
    "close": 4,
    "volume": 5,
    "quote_volume": 7,
    "trade_count": 8,
    "taker_buy_volume": 9,
    "taker_buy_quote_volume": 10,
}


def _official(market: str) -> list[dict[str, str]]:
    with (DATA / "official_klines.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["market"] == market]


async def _play_to_the_end(client: Client, task: Any) -> None:
    async with client.open(BOTH_TRADES) as socket:
        while not task.done():
            await socket.receive(timeout=5)


@pytest.mark.parametrize(("market", "count"), [("spot", 22), ("usdm", 14)])
def test_klines_of_the_captures_are_the_official_ones(
    tmp_path: Path, make_settings: SettingsMaker, market: str, count: int
) -> None:
    rows = _official(market)
    assert len(rows) == count

    async def story() -> None:
        plan = ReplayPlan(FILES[market], keep_times=True, speed=None)
        async with playing(make_settings(tmp_path), plan) as (client, task):
            await _play_to_the_end(client, task)
            for row in rows:
                path = "/api/v3/klines?limit=1&symbol={symbol}&interval={interval}&startTime={open_time}".format(**row)
                [kline] = await client.get(path)
                assert str(kline[0]) == row["open_time"]
                given = {name: place for name, place in PLACES.items() if row[name]}
                assert {n: Decimal(kline[p]) for n, p in given.items()} == {n: Decimal(row[n]) for n in given}

    run(story)


def test_the_demo_has_a_past_that_fits_together(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with playing(make_settings(tmp_path), DEMO) as (client, _):
            minutes = await client.get("/api/v3/klines?symbol=ETHUSDT&interval=1m&limit=61")
            assert len(minutes) == 61
            assert all(b[0] - a[0] == 60_000 for a, b in pairwise(minutes))
            path = f"/api/v3/klines?symbol=ETHUSDT&interval=1h&startTime={minutes[0][0] - 3_600_000}&limit=1"
            [hour] = await client.get(path)
            parts = await client.get(f"/api/v3/klines?symbol=ETHUSDT&interval=1m&startTime={hour[0]}&endTime={hour[6]}")
            assert len(parts) == 60
            assert hour[8] == sum(part[8] for part in parts)
            assert Decimal(hour[5]) == sum(Decimal(part[5]) for part in parts)
            assert Decimal(hour[2]) == max(Decimal(part[2]) for part in parts)
            assert (hour[1], hour[4]) == (parts[0][1], parts[-1][4])

    run(story)


def test_trades_are_paged_by_id(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with playing(make_settings(tmp_path), DEMO) as (client, _):
            newest = await client.get("/api/v3/historicalTrades?symbol=BTCUSDT&limit=3")
            from_id = newest[-1]["id"] - 25_000  # a loop ago
            page = await client.get(f"/api/v3/historicalTrades?symbol=BTCUSDT&limit=5000&fromId={from_id}")
            assert [row["id"] for row in page] == list(range(from_id, from_id + 1_000))
            assert Decimal(page[0]["quoteQty"]) == Decimal(page[0]["price"]) * Decimal(page[0]["qty"])
            beyond = newest[-1]["id"] + 1_000_000
            assert await client.get(f"/api/v3/historicalTrades?symbol=BTCUSDT&fromId={beyond}") == []
            assert len(await client.get("/api/v3/trades?symbol=BTCUSDT")) == 500

    run(story)


def test_aggregates_by_id_and_by_time_hold_every_trade_once(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with playing(make_settings(tmp_path), DEMO) as (client, _):
            [_, minute, _] = await client.get("/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=3")
            span = f"startTime={minute[0]}&endTime={minute[6]}"
            rows = await client.get(f"/api/v3/aggTrades?symbol=BTCUSDT&limit=1000&{span}")
            while rows[-1]["T"] <= minute[6]:
                path = f"/api/v3/aggTrades?symbol=BTCUSDT&limit=1000&fromId={rows[-1]['a'] + 1}"
                rows += await client.get(path)
            rows = [row for row in rows if row["T"] <= minute[6]]
            assert all(a["l"] + 1 == b["f"] for a, b in pairwise(rows))
            assert sum(row["l"] - row["f"] + 1 for row in rows) == minute[8]
            assert sum(Decimal(row["q"]) for row in rows) == Decimal(minute[5])
            assert len(await client.get("/api/v3/aggTrades?symbol=BTCUSDT&limit=7")) == 7

    run(story)


def test_quiet_minutes_are_flat_and_nothing_is_before_the_first_trade(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    minute = 28_000_000 * 60_000
    trades = [
        trade(1, minute + 5_000, price="10.00", quantity="2.000", kind="MARKET"),
        trade(2, minute + 3 * 60_000, price="11.00", buyer_is_maker=True, kind="MARKET"),
        trade(3, minute + 3 * 60_000 + 1, price="99.00", kind="NA"),
    ]
    file = capture(tmp_path / "a.frames", trades)

    async def story() -> None:
        plan = ReplayPlan((file,), keep_times=True, speed=None)
        async with playing(make_settings(tmp_path), plan) as (client, _):
            async with client.open("/ws/btcusdt@trade") as socket:
                while (await hear(socket))["t"] < 3:
                    pass
            rows = await client.get("/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=0")
            assert [row[0] - minute for row in rows] == [0, 60_000, 120_000, 180_000]
            assert rows[0][1:6] == ["10.00", "10.00", "10.00", "10.00", "2.000"]
            assert rows[1][1:] == ["10.00"] * 4 + ["0.000", minute + 119_999, "0.00000", 0, "0.000", "0.00000", "0"]
            assert rows[3][1:6] == ["11.00", "11.00", "11.00", "11.00", "1.000"]
            assert rows[3][7:] == ["11.00000", 1, "0.000", "0.00000", "0"]

    run(story)


WRONG = {
    "klines?symbol=BTCUSDT&interval=7m": -1120,
    "klines?symbol=BTCUSDT": -1102,
    "klines?interval=1m": -1102,
    "klines?symbol=NOSUCH&interval=1m": -1121,
    "klines?symbol=btcusdt&interval=1m": -1100,
    "klines?symbol=BTCUSDT&interval=1m&limit=0": -1130,
    "klines?symbol=BTCUSDT&interval=1m&limit=many": -1100,
    "klines?symbol=BTCUSDT&interval=1m&timeZone=15": -1130,
    "historicalTrades?symbol=BTCUSDT&fromId=-1": -1100,
    "aggTrades?symbol=BTCUSDT&fromId=1&startTime=1": -1128,
    "trades": -1102,
    "exchangeInfo?symbol=NOSUCH": -1121,
    "exchangeInfo?symbols=BTCUSDT": -1100,
    "exchangeInfo?symbol=BTCUSDT&symbols=[]": -1128,
    "exchangeInfo?symbolStatus=ASLEEP": -1122,
    "ticker/24hr?type=HUGE": -1130,
    'ticker/24hr?symbols=["BTCUSDT","NOSUCH"]': -1121,
}


def test_wrong_questions_are_answered_in_the_exchanges_words(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with playing(make_settings(tmp_path), DEMO) as (client, _):
            for path, code in WRONG.items():
                status, _, body = await client.ask(f"/api/v3/{path}")
                assert (status, msgspec.json.decode(body)["code"]) == (400, code), path
            assert await client.get("/api/v3/klines?symbol=NOSUCH&interval=1m") == {
                "code": -1121,
                "msg": "Invalid symbol.",
            }

    run(story)


def test_played_symbols_trade_and_the_other_default_pairs_are_in_a_break(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    settings = make_settings(tmp_path, ticker_symbols=DEFAULT_SYMBOLS)

    async def story() -> None:
        async with playing(settings, DEMO) as (client, _):
            info = await client.get("/api/v3/exchangeInfo")
            statuses = {row["symbol"]: row["status"] for row in info["symbols"]}
            assert set(statuses) == set(DEFAULT_SYMBOLS)
            assert [name for name, status in statuses.items() if status == "TRADING"] == ["BTCUSDT", "ETHUSDT"]
            assert info["rateLimits"][0]["limit"] == 6_000
            one = await client.get('/api/v3/exchangeInfo?symbols=["SOLUSDT"]')
            assert [row["symbol"] for row in one["symbols"]] == ["SOLUSDT"]
            assert await client.get("/api/v3/klines?symbol=SOLUSDT&interval=1m") == []
            assert (await client.get("/api/v3/ticker/24hr?symbol=SOLUSDT"))["lastId"] == -1
            assert len(await client.get("/api/v3/ticker/24hr")) == 2

    run(story)


def test_weight_is_counted_then_refused_then_banned(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        async with playing(make_settings(tmp_path), DEMO) as (client, _):
            _, headers, _ = await client.ask("/api/v3/ping")
            before = int(headers["X-MBX-USED-WEIGHT-1M"])
            _, headers, _ = await client.ask("/api/v3/trades?symbol=BTCUSDT")
            assert int(headers["X-MBX-USED-WEIGHT"]) in (before + 25, 25)  # a minute may have begun
            answers = [await client.ask("/api/v3/ticker/24hr") for _ in range(170)]
            refused = [answer for answer in answers if answer[0] != 200]
            assert {status for status, _, _ in refused} == {429, 418}
            assert msgspec.json.decode(refused[0][2])["code"] == -1003
            assert all(int(headers["Retry-After"]) >= 1 for _, headers, _ in refused)
            assert refused[-1][0] == 418

    run(story)


def test_times_come_in_microseconds_to_who_asks(tmp_path: Path, make_settings: SettingsMaker) -> None:
    async def story() -> None:
        fine = {"X_MBX_TIME_UNIT": "MICROSECOND"}
        async with playing(make_settings(tmp_path), DEMO) as (client, _):
            assert (await client.get("/api/v3/time", **fine))["serverTime"] > 10**15
            [row] = await client.get("/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1", **fine)
            assert row[6] - row[0] == 59_999_999
            [same] = await client.get(f"/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1&startTime={row[0]}")
            assert same[0] * 1_000 == row[0]
            [newest] = await client.get("/api/v3/trades?symbol=BTCUSDT&limit=1", **fine)
            assert newest["time"] > 10**15 > newest["id"]

    run(story)


def test_windows_of_every_interval_open_where_the_exchange_opens_them(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    def opened(row: list[Any]) -> datetime:
        return datetime.fromtimestamp(row[0] / 1_000, UTC)

    async def story() -> None:
        async with playing(make_settings(tmp_path), DEMO) as (client, _):

            async def newest(interval: str, more: str = "") -> list[Any]:
                [row] = await client.get(f"/api/v3/klines?symbol=BTCUSDT&limit=1&interval={interval}{more}")
                return list(row)

            assert opened(await newest("1w")).weekday() == 0
            month = await newest("1M")
            assert (opened(month).day, opened(month).hour) == (1, 0)
            assert opened([month[6] + 1]).day == 1
            assert (await newest("3d"))[0] // 86_400_000 % 3 == 0
            assert opened(await newest("1d", "&timeZone=8")).hour == 16
            for interval in ("1s", "3m", "15m", "30m", "2h", "4h", "6h", "8h", "12h"):
                row = await newest(interval)
                assert row[0] % (row[6] + 1 - row[0]) == 0

    run(story)
