"""The notebook, run as a reader would run it, on the candles of a capture."""

from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import SettingsMaker
from tests.spark.published_market import captured, official_klines, told_of
from wickstream.candle import Candle, Minute, window_start
from wickstream.events import Trade
from wickstream.store.cold.candles import ColdCandles

NOTEBOOK = Path(__file__).parents[4] / "examples" / "lake.ipynb"


def candles_of(capture: str) -> list[Candle]:
    """Of its whole minutes."""
    told = told_of(captured(capture))
    trades = [Trade(t.symbol, t.trade_id, t.price, t.quantity, t.time_ms, t.buyer_is_maker) for t in told]
    minutes = []
    for _, inside in groupby(trades, key=lambda trade: window_start(trade.traded_at_ms, "1m")):
        first, *others = inside
        minute = Minute.of(first)
        for trade in (first, *others):
            minute.add(trade)
        minutes.append(minute.candle(closed=True))
    return minutes[1:-1]


@pytest.fixture
def run(tmp_path: Path, make_settings: SettingsMaker, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Its code cells, run in order in a kernel of their own."""
    settings = make_settings(tmp_path / "data")
    ColdCandles(settings).store(candles_of("spot_btcusdt_2024-08-08"), {})
    monkeypatch.setenv("WICKSTREAM_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.reads(NOTEBOOK.read_text("utf-8"), as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell: Any) -> str:
    (output,) = cell.outputs
    return str(output.data["text/plain"])


def test_the_notebook_runs_and_shows_what_it_says(run: list[Any]) -> None:
    opening, head, chain, longer, by_sql, by_pandas = run
    assert shown(opening) == "['BTCUSDT']"
    assert official("1m")["volume"] in shown(head)
    assert "shape: (0, 3)" in shown(chain)  # unbroken
    assert official("5m")["volume"] in shown(longer)
    assert "BTCUSDT" in shown(by_sql)
    assert "close" in shown(by_pandas)


def official(interval: str) -> dict[str, str]:
    """The exchange's first kline of the capture."""
    return official_klines("spot_btcusdt_2024-08-08", interval)[0]
