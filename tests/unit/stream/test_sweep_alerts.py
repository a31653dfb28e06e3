"""Which orders are told of, and how."""

import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from wickstream.config import Settings
from wickstream.events import AlertType, Gap
from wickstream.stream.sweep_alerts import SweepJudge
from wickstream.stream.sweeps import Trade
from wickstream.stream.thresholds import ThresholdRow

ONE = 10**8


class Known:
    """A market in which everything is quoted in dollars, but `UNKNOWN`."""

    def thresholds(self) -> tuple[ThresholdRow, ...]:
        rates = {"BTCUSDT": Decimal(1), "ETHBTC": Decimal(60_000), "UNKNOWN": None}
        return tuple(ThresholdRow(s, rate, Decimal(100_000), Decimal(1), Decimal(1)) for s, rate in rates.items())

    def open_holes(self, symbol: str) -> tuple[Gap, ...]:
        raise AssertionError(symbol)


def an_order(symbol: str, first_id: int, quantities: Iterable[int], *, price: float, time_ms: int = 1) -> list[Trade]:
    numbered = enumerate(quantities, first_id)
    at_first = round(price * ONE)
    return [
        Trade(symbol, i, time_ms, is_taker_buy=True, price=at_first + i * ONE, quantity=q * ONE) for i, q in numbered
    ]


@pytest.fixture
def judge_at(make_settings: Callable[..., Settings], tmp_path: Path) -> Callable[[float], SweepJudge]:
    settings = make_settings(tmp_path)
    return lambda now_s: SweepJudge(settings, Known(), now_s=lambda: now_s)


def test_an_order_cut_by_a_batch_keeps_its_id_and_tells_its_facts(judge_at: Callable[[float], SweepJudge]) -> None:
    judge, whole = judge_at(50.0), an_order("BTCUSDT", 7, [60, 50, 40], price=1_000)
    first, again = judge.judge(whole[:2], None), judge.judge(whole[:2], None)
    second = judge.judge(whole[2:], first.carried)
    assert again == first
    (early,), (late,) = first.alerts, second.alerts
    assert early.alert_id == late.alert_id == "sweep:BTCUSDT:7"
    assert late.version > early.version
    assert (late.type, late.at, late.final, late.late) == (AlertType.SWEEP, 1, True, False)
    assert late.value == 60 * 1007 + 50 * 1008 + 40 * 1009
    assert late.facts == {
        "first_trade_id": 7, "last_trade_id": 9, "trades": 3, "side": "buy", "quantity": "150.00000000",
        "quote_value": "151180.00000000", "quote_asset": "USDT", "usd_per_quote": "1.00000000",
        "vwap": "1007.86666667", "first_price": "1007.00000000", "last_price": "1009.00000000",
        "price_moved_pct": "0.1986",
    }  # fmt: skip


def test_what_is_no_sweep_gives_no_alert_and_what_is_old_a_late_one(judge_at: Callable[[float], SweepJudge]) -> None:
    trades = [
        *an_order("BTCUSDT", 1, [500], price=1_000),  # a whale
        *an_order("BTCUSDT", 2, [40, 50], price=1_000, time_ms=2),  # too small
        *an_order("ETHBTC", 1, [1, 1], price=0.5),  # 4 bitcoin
        *an_order("UNKNOWN", 1, [10**6, 10**6], price=1_000),  # no price leads to dollars
        *an_order("NEWUSDT", 1, [50, 60], price=1_000),  # not among the rows yet
    ]
    judged = judge_at(61.0).judge(trades, None)
    assert {(alert.alert_id, alert.late) for alert in judged.alerts} == {
        ("sweep:ETHBTC:1", True),
        ("sweep:NEWUSDT:1", True),
    }
    assert {order["symbol"] for order in json.loads(judged.carried)} == {trade.symbol for trade in trades}
