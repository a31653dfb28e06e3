"""From when on something is an alert: by settings, by prices and by a symbol's own minutes."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import IsolatedSettings
from wickstream.candle import EXACT
from wickstream.config import Settings
from wickstream.stream.minute_history import Spread, UsualMinute
from wickstream.stream.thresholds import LEAST_MINUTES, ThresholdRow, thresholds

BTC = Decimal("64000.5")


def settings_of(**values: Any) -> Settings:
    return IsolatedSettings(ticker_symbols=("BTCUSDT", "ETHBTC"), **values)


def adaptive(**values: Any) -> Settings:
    return settings_of(alert_mode="adaptive", alert_z=Decimal(10), **values)


def rows(settings: Settings, usual: dict[str, UsualMinute] | None = None, **prices: Decimal) -> dict[str, ThresholdRow]:
    return {row.symbol: row for row in thresholds(settings, prices, usual or {})}


def usual(volume: str, *, distance: str = "0", move: str = "0.1", minutes: int = LEAST_MINUTES) -> UsualMinute:
    return UsualMinute(minutes, Spread(Decimal(volume), Decimal(distance)), Spread(Decimal(move), Decimal("0.05")))


def test_before_the_first_price_only_named_symbols_quoted_in_dollars_have_a_rate() -> None:
    assert rows(settings_of()) == {
        "BTCUSDT": ThresholdRow("BTCUSDT", Decimal(1), Decimal(100_000), Decimal(1_000_000), Decimal(2)),
        "ETHBTC": ThresholdRow("ETHBTC", None, Decimal(100_000), Decimal(1_000_000), Decimal(2)),
    }


def test_a_symbol_that_has_a_price_has_a_row_and_other_quotes_are_converted_by_them() -> None:
    found = rows(settings_of(), BTCUSDT=BTC, SOLBTC=Decimal("0.003"))
    assert {symbol: row.usd_per_quote for symbol, row in found.items()} == {"BTCUSDT": 1, "ETHBTC": BTC, "SOLBTC": BTC}


def test_a_single_symbols_thresholds_go_before_the_others_in_both_modes() -> None:
    own = {"alert_thresholds": ("whale:dogeusdt=20000", "price_spike:BTCUSDT=1.5", "volume_spike:BTCUSDT=5000000")}
    for settings in (settings_of(**own), adaptive(**own)):
        found = rows(settings, {"BTCUSDT": usual("500000")})
        assert found["DOGEUSDT"].whale_usd == 20_000
        assert found["BTCUSDT"].volume_spike_usd == 5_000_000
        assert found["BTCUSDT"].price_spike_pct == Decimal("1.5")


def test_in_adaptive_mode_a_symbols_own_minutes_count_in_dollars() -> None:
    row = rows(adaptive(), {"ETHBTC": usual("3", distance="0.5")}, BTCUSDT=BTC)["ETHBTC"]
    limit = (3 + 10 * Decimal("1.4826") * Decimal("0.5")) * BTC
    assert row.whale_usd == row.volume_spike_usd == limit.quantize(Decimal("0.01"))
    assert row.price_spike_pct == Decimal("0.8413")


def test_a_coin_that_hardly_trades_has_a_floor_under_its_thresholds() -> None:
    nothing = Spread(Decimal(0), Decimal(0))
    row = rows(adaptive(), {"BTCUSDT": UsualMinute(4_000, nothing, nothing)})["BTCUSDT"]
    assert row == ThresholdRow("BTCUSDT", Decimal(1), Decimal(5_000), Decimal(50_000), Decimal("0.5"))


def test_with_too_little_history_the_fixed_ones_count() -> None:
    assert rows(adaptive(), {"BTCUSDT": usual("9", minutes=LEAST_MINUTES - 1)}) == rows(settings_of())
    assert rows(settings_of(), {"BTCUSDT": usual("9")}) == rows(settings_of())


amounts = st.decimals(0, 2**63 // 10**6, places=6)
usual_minutes = st.builds(
    UsualMinute,
    st.integers(1, 5_000),
    st.builds(Spread, amounts, amounts),
    st.builds(Spread, amounts, amounts),
)


@given(usual_minutes, st.decimals("0.01", 1_000, places=2), st.decimals("0.00000001", "9999999999", places=8))
def test_any_market_gives_thresholds_above_zero_that_fit_into_the_table(
    market: UsualMinute, z: Decimal, price: Decimal
) -> None:
    settings = settings_of(
        alert_mode="adaptive", alert_z=z, whale_usd=Decimal("0.01"), price_spike_pct=Decimal("0.001")
    )
    row = rows(settings, {"ETHBTC": market}, BTCUSDT=price)["ETHBTC"]
    assert 0 < row.whale_usd <= 10**14
    assert 0 < row.volume_spike_usd <= 10**14
    assert row.price_spike_pct > 0
    assert row.whale_usd == row.whale_usd.quantize(Decimal("1e-8"), context=EXACT)


@given(usual_minutes, st.decimals("0.01", 500, places=2))
def test_a_higher_score_never_gives_a_lower_threshold(market: UsualMinute, z: Decimal) -> None:
    low, high = (
        rows(settings_of(alert_mode="adaptive", alert_z=score), {"BTCUSDT": market})["BTCUSDT"] for score in (z, z * 2)
    )
    assert low.whale_usd <= high.whale_usd
    assert low.price_spike_pct <= high.price_spike_pct
