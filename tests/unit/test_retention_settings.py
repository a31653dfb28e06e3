"""How long what is kept."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.conftest import SettingsMaker


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cold_candles_days": 364}, "365 days at least"),
        ({"cold_trades_days": 6}, "7 days at least"),
        ({"warm_days": 0}, "greater than or equal to 1"),
        ({"cold_alerts_days": 89}, "COLD_ALERTS_DAYS is less than WARM_DAYS"),
        ({"warm_days": 400, "cold_candles_days": 365}, "COLD_CANDLES_DAYS is less than WARM_DAYS"),
    ],
)
def test_what_would_lose_data_is_refused(
    make_settings: SettingsMaker, tmp_path: Path, given: dict[str, int], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        make_settings(tmp_path, **given)


def test_unset_the_lake_keeps_all_for_ever(make_settings: SettingsMaker, tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    assert settings.warm_days == 90
    assert (settings.cold_candles_days, settings.cold_trades_days, settings.cold_alerts_days) == (0, 0, 0)
