from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.local.made_markets import made_world
from wickstream.exchange.local.doors.pages import AggTrades, agg_trades
from wickstream.exchange.local.market.history import History
from wickstream.exchange.local.market.market_plan import MarketPlan

WORLD = made_world(MarketPlan(symbols=30, rate=20, seed=7))
symbols = st.sampled_from(sorted(WORLD.histories))
LISTED = next(symbol for symbol, career in WORLD.recording.careers.items() if career.listed_at_ms is not None)


def _aggregates(history: History, *, from_id: int | None = None, limit: int = 50) -> list[tuple[int, int, int]]:
    now_ms = WORLD.starts_at_ms + 3_600_000
    rows = agg_trades(history, from_id=from_id, start_ms=None, end_ms=None, limit=limit, now_ms=now_ms)
    return [(row["a"], row["f"], row["l"]) for row in rows]


@given(symbols, st.integers(-20_000, 20_000))
def test_neighbouring_aggregates_hold_neighbouring_trades(symbol: str, number: int) -> None:
    history = WORLD.histories[symbol]
    aggregates = AggTrades(history)
    number = max(number, aggregates.first)
    if history.end is not None:
        number = min(number, aggregates.before(history.end) - 2)

    this, following = aggregates.at(number), aggregates.at(number + 1)

    assert this.last_trade_id + 1 == following.first_trade_id
    assert this.agg_id + 1 == following.agg_id
    assert aggregates.number_of(this.agg_id) == number
    assert history.trade(history.from_id(this.first_trade_id)).traded_at_ms == this.traded_at_ms


def test_a_page_goes_on_where_the_last_one_ended_across_loops() -> None:
    history = WORLD.histories["BTCUSDT"]
    first = _aggregates(history)[0][0] - 20_000  # more than a loop ago

    whole, halves = _aggregates(history, from_id=first, limit=1_000), _aggregates(history, from_id=first, limit=500)

    assert whole == halves + _aggregates(history, from_id=halves[-1][0] + 1, limit=500)


def test_aggregates_of_a_listing_begin_with_id_zero_at_its_first_trade() -> None:
    assert _aggregates(WORLD.histories[LISTED], from_id=0, limit=1)[0][:2] == (0, 0)
