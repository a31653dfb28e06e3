"""What judges of alerts measure a symbol by."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

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
