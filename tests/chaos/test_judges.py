"""Judges that cannot condemn prove nothing: each of the seven finds its kind of harm."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest

from tests.chaos.prove.alerts import expected_alerts
from tests.chaos.prove.evidence import TIERS, Evidence, kline_of
from tests.chaos.prove.judges import (
    JUDGES,
    TRADES_FACTS,
    Judgement,
    judge_alerts,
    judge_books,
    judge_candles,
    judge_chain,
    judge_ids,
    judge_onlooker,
    judge_tiers,
)
from tests.chaos.prove.onlooker import Answer, Onlooker
from tests.chaos.prove.play import Order, Outcome
from tests.chaos.prove.report import totals
from tests.chaos.published import Seen
from tests.chaos.truth import Moment, Row, minute_of
from tests.id_hash import id_hash
from tests.sample_market import MIDNIGHT_MS
from tests.spark.decimal_oracle import Told, oracle
from wickstream.candle import Candle, Origin
from wickstream.events import MINUTE_MS, Alert, AlertType, Gap, GapStatus, Mark

SYMBOL = "BTCUSDT"
STEP_MS = 10_000
PRICE, QUANTITY = "50000.00", "0.60"  # 30,000 dollars a trade
ROWS: list[Row] = [(n, MIDNIGHT_MS - STEP_MS + n // 2 * 2 * STEP_MS, PRICE, QUANTITY, True) for n in range(26)]
WHOLE = range(MIDNIGHT_MS, MIDNIGHT_MS + 4 * MINUTE_MS, MINUTE_MS)
CUT = Moment(WHOLE.stop + 50_000, {SYMBOL: ROWS[-1][0]}, frozenset({SYMBOL}))


def candles() -> list[Candle]:
    """Of the whole minutes, closed."""
    told = (Told(SYMBOL, n, Decimal(p), Decimal(q), at, m) for n, at, p, q, m in ROWS)
    made = oracle(told)
    return [_candle(at, made[SYMBOL, at]) for at in WHOLE]


def _candle(at: int, facts: tuple[Decimal | int, ...]) -> Candle:
    opened, high, low, close, volume, quote, bought, bought_quote = (Decimal(each) for each in facts[:8])
    count, first, last = (int(each) for each in facts[8:])
    return Candle(
        SYMBOL, "1m", at, at + MINUTE_MS - 1, opened, high, low, close, volume, quote, count, bought, bought_quote,
        first, last, closed=True, revision=0, origin=Origin.TRADES, published_at=at + MINUTE_MS + 50,
    )  # fmt: skip


def evidence() -> Evidence:
    """Of a run in which all went well."""
    seen, onlooker = Seen(), Onlooker()
    seen.trades[SYMBOL] = list(ROWS)
    for at in WHOLE:
        ids = [row[0] for row in ROWS if minute_of(row) == at]
        close = Decimal(PRICE)
        mark = Mark(SYMBOL, at, ids[0], ids[-1], len(ids), sum(ids), id_hash(ids), close, ids[-1] + 1)
        seen.marks[SYMBOL][at] = mark
    onlooker.see(SYMBOL, Answer(candles()[:3], complete=True))
    onlooker.answers["200"] += 1
    found = Evidence(
        begin=Moment(0, {SYMBOL: -1}, frozenset({SYMBOL})),
        cut=CUT,
        traded={SYMBOL: {row[0]: row for row in ROWS}},
        klines={(SYMBOL, candle.open_time): kline_of(candle) for candle in candles()},
        published=seen,
        archived={SYMBOL: [(0, ROWS[-1][0])]},
        tiers={tier: {SYMBOL: candles()} for tier in TIERS},
        alerts={},
        told=[],
        onlooker=onlooker,
        thresholds={SYMBOL: Decimal(45_000)},
    )
    rows = [_alert(alert_id, *facts) for alert_id, facts in expected_alerts(found).items()]
    return replace(found, alerts={"warm": rows, "cold": list(rows)}, told=[alert.alert_id for alert in rows])


def _alert(alert_id: str, at: int, value: Decimal, threshold: Decimal, count: int) -> Alert:
    kind = AlertType(alert_id.split(":")[0])
    return Alert(
        alert_id, kind, SYMBOL, at, value, threshold, {}, late=False, final=True, revision=0, trade_count=count
    )


@pytest.mark.parametrize("judge", JUDGES)
def test_what_is_whole_is_found_exact(judge: Callable[[Evidence], Judgement]) -> None:
    found = judge(evidence())
    assert found.examples == []
    assert found.passed


def test_the_market_of_these_tests_has_something_for_each_judge() -> None:
    whole = evidence()
    assert len(whole.due) == len(WHOLE)
    assert len(whole.alerts["warm"]) == sum(1 for row in ROWS if row[1] < whole.end_ms) // 2


@pytest.mark.parametrize("judge", JUDGES)
def test_nothing_to_judge_is_no_pass(judge: Callable[[Evidence], Judgement]) -> None:
    whole = evidence()
    nothing: dict[str, dict[str, list[Candle]]] = {tier: {SYMBOL: []} for tier in TIERS}
    none = replace(whole, traded={}, klines={}, published=Seen(), tiers=nothing, onlooker=Onlooker(),
                   alerts={"warm": [], "cold": []}, told=[])  # fmt: skip
    assert not judge(none).passed


def lost(harmed: Evidence) -> None:
    del harmed.published.trades[SYMBOL][7]


def doubled(harmed: Evidence) -> None:
    harmed.published.trades[SYMBOL].insert(4, ROWS[3])


def repaired_and_published(harmed: Evidence) -> None:
    harmed.published.gaps[SYMBOL, 7, None] = Gap(SYMBOL, 7, 7, None, 0, GapStatus.REPAIRED)


def unmarked(harmed: Evidence) -> None:
    del harmed.published.marks[SYMBOL][WHOLE[1]]


@pytest.mark.parametrize("harm", [lost, doubled, repaired_and_published, unmarked])
def test_j1_finds(harm: Callable[[Evidence], None]) -> None:
    assert is_condemned(judge_ids, harm)


def is_condemned(judge: Callable[[Evidence], Judgement], harm: Callable[[Evidence], object]) -> bool:
    harmed = evidence()
    harm(harmed)
    return not judge(harmed).passed


@pytest.mark.parametrize("field", TRADES_FACTS)
def test_j2_finds_a_difference_in_any_field(field: str) -> None:
    def harm(harmed: Evidence) -> None:
        rows = harmed.tiers["warm"][SYMBOL]
        rows[1] = msgspec.structs.replace(rows[1], **{field: getattr(rows[1], field) + 1})

    assert is_condemned(judge_candles, harm)


def test_j2_finds_a_minute_without_a_candle_and_a_candle_without_a_kline() -> None:
    assert is_condemned(judge_candles, lambda harmed: harmed.tiers["warm"][SYMBOL].pop(2))
    assert is_condemned(judge_candles, lambda harmed: harmed.klines.pop((SYMBOL, WHOLE[2])))


def test_j3_finds_a_link_that_is_not_there() -> None:
    def harm(harmed: Evidence) -> None:
        del harmed.tiers["warm"][SYMBOL][1]

    assert is_condemned(judge_chain, harm)


@pytest.mark.parametrize("tier", [tier for tier in TIERS if tier != "warm"])
@pytest.mark.parametrize("field", ["close", "revision", "published_at"])
def test_j4_finds_a_tier_that_differs(tier: str, field: str) -> None:
    def harm(harmed: Evidence) -> None:
        rows = harmed.tiers[tier][SYMBOL]
        rows[0] = msgspec.structs.replace(rows[0], **{field: getattr(rows[0], field) + 1})

    assert is_condemned(judge_tiers, harm)


def not_archived(harmed: Evidence) -> None:
    harmed.archived[SYMBOL] = [(0, 4), (6, ROWS[-1][0])]


def not_counted(harmed: Evidence) -> None:
    harmed.tiers["warm"][SYMBOL].pop()


@pytest.mark.parametrize("harm", [lost, not_archived, not_counted])
def test_j5_finds_where_something_went(harm: Callable[[Evidence], None]) -> None:
    assert is_condemned(judge_books, harm)


def test_a_trade_that_was_set_aside_is_lost_to_nobody_s_surprise() -> None:
    harmed = evidence()
    lost(harmed)
    harmed.archived[SYMBOL] = [(0, 6), (8, ROWS[-1][0])]
    _, at_ms, price, quantity, _ = ROWS[7]
    frame = {"e": "trade", "E": at_ms, "s": SYMBOL, "t": 7, "p": price, "q": quantity, "T": at_ms, "m": True, "M": True}
    harmed.published.letters.append(("time", msgspec.json.encode(frame)))
    found = judge_books(harmed)
    assert found.passed
    assert found.counts["dead letters"] == 1


def missing_alert(harmed: Evidence) -> None:
    harmed.alerts["warm"].pop()


def invented_alert(harmed: Evidence) -> None:
    harmed.alerts["cold"].append(_alert(f"whale:{SYMBOL}:3", ROWS[3][1], Decimal(30_000), Decimal(45_000), 1))


def alert_twice(harmed: Evidence) -> None:
    harmed.alerts["cold"].append(harmed.alerts["cold"][0])


def short_sweep(harmed: Evidence) -> None:
    for rows in harmed.alerts.values():
        rows[0] = msgspec.structs.replace(rows[0], trade_count=1)


def untold(harmed: Evidence) -> None:
    harmed.told.pop()


@pytest.mark.parametrize("harm", [missing_alert, invented_alert, alert_twice, short_sweep, untold])
def test_j6_finds(harm: Callable[[Evidence], None]) -> None:
    assert is_condemned(judge_alerts, harm)


def shown(*rows: Candle, complete: bool = True) -> Callable[[Evidence], None]:
    return lambda harmed: harmed.onlooker.see(SYMBOL, Answer(list(rows), complete))


def test_j7_finds_a_candle_that_changed_without_a_higher_version_or_went() -> None:
    first, second, third = candles()[:3]
    other = msgspec.structs.replace(second, close=second.close + 1)
    repaired = msgspec.structs.replace(other, revision=1)
    assert is_condemned(judge_onlooker, shown(first, other, third))
    assert is_condemned(judge_onlooker, shown(first, third))
    assert not is_condemned(judge_onlooker, shown(first, third, complete=False))
    assert not is_condemned(judge_onlooker, shown(first, repaired, third))


def test_a_report_counts_what_is_lost_double_and_wrong() -> None:
    harmed = evidence()
    lost(harmed)
    doubled(harmed)
    rows = harmed.tiers["warm"][SYMBOL]
    rows[1] = msgspec.structs.replace(rows[1], close=rows[1].close + 1)
    outcome = Outcome(Order(1, 0, 0, 0, 1), judgements=[judge(harmed) for judge in JUDGES])
    assert totals(outcome) == {"lost": 1, "double": 1, "wrong": 1}
    assert not outcome.passed
