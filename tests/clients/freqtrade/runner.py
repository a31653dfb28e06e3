"""What freqtrade downloads of an exchange, by its own command."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.clients.telling import run, tell

PAIR, DAYS = "BTC/USDT", "20240808-20240810"


def config_of(address: str) -> dict[str, Any]:
    """As in its documentation, with other addresses."""
    base = f"http://{address}/api/v3"
    options = {"fetchMarkets": {"types": ["spot"]}, "defaultType": "spot", "fetchCurrencies": False}
    ccxt = {"urls": {"api": {"public": base, "private": base}}, "options": options}
    exchange = {"name": "binance", "pair_whitelist": [PAIR], "only_from_ccxt": True}
    return {
        "stake_currency": "USDT",
        "dry_run": True,
        "exchange": exchange | {"ccxt_config": ccxt, "ccxt_async_config": ccxt},
        "pairlists": [{"method": "StaticPairList"}],
    }


def prepare(folder: Path, address: str) -> Path:
    """Its configuration, and a place for its files."""
    config = folder / "config.json"
    config.write_text(json.dumps(config_of(address)))
    (folder / "user" / "data").mkdir(parents=True)
    return config


def candles(folder: Path, interval: str) -> Any:
    """What lies in its file."""
    (file,) = folder.rglob(f"BTC_USDT-{interval}.json")
    return json.loads(file.read_text())


async def download(address: str) -> None:
    """Candles of one and of five minutes, as they lie in its files then."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = ["download-data", "--config", str(prepare(folder, address)), "--userdir", str(folder / "user")]
        wanted = ["--timeframes", "1m", "5m", "--timerange", DAYS, "--data-format-ohlcv", "json"]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "freqtrade", *command, *wanted, stdout=sys.stderr
        )
        try:
            tell("code", await process.wait())
        finally:
            if process.returncode is None:  # it writes into a folder that is about to go
                process.kill()
        for interval in ("1m", "5m"):
            tell(interval, candles(folder, interval))


run({"download": download})
