from tests.unit.exchange.local.made_markets import made_world
from wickstream.exchange.local.doors.listing import Listing
from wickstream.exchange.local.market.market_plan import MarketPlan

WORLD = made_world(MarketPlan(symbols=30, rate=20, seed=7))
LISTING = Listing(WORLD)


def _statuses(after_ms: int) -> dict[str, str]:
    return {row["symbol"]: row["status"] for row in LISTING.rows(WORLD.starts_at_ms + after_ms)}


def test_symbols_are_listed_delisted_and_halted_in_their_time() -> None:
    at_first = _statuses(0)
    over_time = [_statuses(after_ms) for after_ms in range(0, 600_000, 5_000)]

    [listed], [delisted] = set(over_time[-1]) - set(at_first), set(at_first) - set(over_time[-1])
    halted = {symbol for symbol in at_first if any(statuses.get(symbol) == "HALT" for statuses in over_time)}
    [career] = [WORLD.recording.careers[symbol] for symbol in halted]

    assert over_time[-1][listed] == "TRADING"
    assert [statuses.get(delisted) for statuses in over_time].count("BREAK") == 12
    assert career.halts


def test_those_that_never_trade_are_listed_in_a_break() -> None:
    idle = set(_statuses(0)) - set(WORLD.histories)

    assert len(idle) == 3
    assert {_statuses(0)[symbol] for symbol in idle} == {"BREAK"}
    assert LISTING.status("NOSUCH", WORLD.starts_at_ms) is None
    assert LISTING.row("NOSUCH", WORLD.starts_at_ms) is None


def test_an_entry_tells_assets_tick_and_step() -> None:
    row = LISTING.row("币安人生USDT", WORLD.starts_at_ms)
    pair = next(pair for pair in WORLD.recording.instruments if pair.symbol == "币安人生USDT")

    assert row is not None
    assert (row["baseAsset"], row["quoteAsset"], row["status"]) == ("币安人生", "USDT", "TRADING")
    filters = {entry["filterType"]: entry for entry in row["filters"]}
    assert int(filters["PRICE_FILTER"]["tickSize"].replace(".", "")) == pair.tick
    assert int(filters["LOT_SIZE"]["stepSize"].replace(".", "")) == pair.step
