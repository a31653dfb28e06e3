"""What judges of alerts measure a symbol by."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from wickstream.candle import EXACT
from wickstream.config import Settings
from wickstream.stream.measures import Measures
from wickstream.stream.thresholds import ThresholdRow


def a_row(symbol: str, rate: str | None, whale_usd: str = "100000") -> ThresholdRow:
    usd = None if rate is None else Decimal(rate)
    return ThresholdRow(symbol, usd, Decimal(whale_usd), Decimal(1), Decimal(1))


@pytest.fixture
def settings(make_settings: Callable[..., Settings], tmp_path: Path) -> Settings:
    return make_settings(tmp_path, whale_usd=Decimal(7), alert_thresholds=("whale:OWNUSDT=5",))


def test_a_symbol_without_a_row_is_measured_by_the_settings(settings: Settings) -> None:
    measures = Measures(settings, [a_row("BTCUSDT", "1")])
    assert measures.of("BTCUSDT").whale_usd == 100_000
    assert measures.of("NEWUSDT") == msgspec.structs.replace(measures.of("NEWUSDC"), symbol="NEWUSDT")
    assert measures.of("NEWUSDT").whale_usd == 7
    assert measures.of("OWNUSDT").whale_usd == 5
    assert measures.of("NEWXXX").usd_per_quote is None
    assert measures.of("BTCUSDT").whale_usd == 100_000  # still: it is named in the settings too


@pytest.mark.parametrize("rate", ["1", "60000.1234567891", "0.0000612345", "3.3333333333"])
def test_what_lies_at_or_below_the_floor_is_no_whale(settings: Settings, rate: str) -> None:
    floor = json.loads(Measures(settings, [a_row("A", rate)]).whales_in_quote_asset())["A"]
    assert EXACT.multiply(Decimal(floor), Decimal(rate)) <= 100_000
    assert len(floor.partition(".")[2]) == 16


@pytest.mark.parametrize("row", [a_row("A", None), a_row("A", "0.0000000001", "100000000000000")])
def test_a_floor_out_of_reach_still_fits_the_column(settings: Settings, row: ThresholdRow) -> None:
    floor = json.loads(Measures(settings, [row]).whales_in_quote_asset())["A"]
    assert len(floor.partition(".")[0]) == 22
