"""Ranks and sums over symbols of several quote assets."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from wickstream.quotes import quote_asset
from wickstream.serve.v1.market_figures import by_trades, by_volume, moves, ranked, stalest_of, totals
from wickstream.store.lane.pulse import Pulse
from wickstream.store.series.market_reads import Vital
from wickstream.store.series.turnover import Turnover

amounts = st.decimals(0, "1e20", places=8)
symbols = ["BTCUSDT", "ETHUSDT", "ETHBTC", "SOLETH", "BTCEUR", "NOBODYKNOWS", "ZARP"]
turnovers = st.builds(
    Turnover,
    st.sampled_from(symbols),
    amounts,
    st.integers(0, 10**9),
    st.none() | st.decimals("0.00000001", "1e6", places=8),
    st.none() | st.decimals(-100, 1_000, places=3),
)
markets = st.lists(turnovers, unique_by=lambda row: row.symbol, max_size=len(symbols))


@given(markets)
def test_sums_are_of_one_asset_each_and_leave_nothing_out(rows: list[Turnover]) -> None:
    found = totals(rows)
    assert len({total.quote_asset for total in found}) == len(found)
    assert sum(total.symbols for total in found) == len(rows)
    assert sum(total.trade_count for total in found) == sum(row.trade_count for row in rows)
    for total in found:
        own = [row.quote_volume for row in rows if quote_asset(row.symbol) == total.quote_asset]
        assert Fraction(total.quote_volume) == sum(map(Fraction, own))


@given(markets)
def test_every_symbol_has_one_rank(rows: list[Turnover]) -> None:
    for order in (by_trades, by_volume):
        found = [row.turnover for row in ranked(rows, order)]
        assert sorted(found, key=lambda row: row.symbol) == sorted(rows, key=lambda row: row.symbol)
        assert [row.turnover for row in ranked(reversed(rows), order)] == found


@given(markets)
def test_what_nobody_can_value_comes_last(rows: list[Turnover]) -> None:
    worth = [row.usd_volume for row in ranked(rows, by_volume)]
    known = [value for value in worth if value is not None]
    assert worth[: len(known)] == sorted(known, reverse=True)


@given(markets)
def test_gainer_and_loser_are_the_ends_of_what_is_known(rows: list[Turnover]) -> None:
    found, changes = moves(rows), [row.change_pct for row in rows if row.change_pct is not None]
    assert found.up + found.down + found.flat == len(changes)
    assert (found.gainer and found.gainer.change_pct) == max(changes, default=None)
    assert (found.loser and found.loser.change_pct) == min(changes, default=None)


def a_vital(symbol: str, heard_at_ms: int | None, pulse: Pulse | None = Pulse.OK) -> Vital:
    return Vital(symbol, heard_at_ms, None, None, None, pulse)


def test_the_stalest_is_the_one_never_heard_of_unless_it_is_halted() -> None:
    rows = [a_vital("A", 5), a_vital("B", 3), a_vital("C", None, Pulse.HALTED)]
    assert stalest_of(rows) == rows[1]
    assert stalest_of([*rows, a_vital("D", None, Pulse.SILENT)]) == a_vital("D", None, Pulse.SILENT)
    assert stalest_of([]) is None
