"""The whole stack, run as a user runs it: by the command, with its answers read over HTTP."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from wickstream.config import Settings

ROOT = Path(__file__).resolve().parent
KLINES = ROOT / "data" / "official_klines.csv"
CAPTURES = {
    "spot": tuple(sorted((ROOT.parent / "src/wickstream/exchange/local/captures").glob("spot_*.frames.gz"))),
    "usdm": tuple(sorted((ROOT / "data").glob("usdm_*.frames.gz"))),
}
MINUTE_MS = 60_000

Row = dict[str, Any]


def official_klines(market: str) -> list[dict[str, str]]:
    """The exchange's own klines of the captures; empty cells were not published."""
    with KLINES.open(newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["market"] == market]


class WholeStack:
    """One data folder and what runs on it."""

    def __init__(self, settings: Settings) -> None:
        self.data_dir = settings.data_dir
        self.settings = settings
        self._folder = f"--data-dir={settings.data_dir}"
        self._base = f"--port-base={settings.port_base}"

    def up(self, *options: str) -> None:
        """Start it, and return when it is ready."""
        self.command("up", "--detach", self._base, *options, timeout_s=300)

    def down(self) -> None:
        """Stop it in order."""
        self.command("down", self._base)

    def status(self) -> dict[str, Any]:
        """What `wickstream status` knows."""
        found: dict[str, Any] = json.loads(self.command("status", "--json", self._base))
        return found

    def command(self, name: str, *options: str, timeout_s: float = 60) -> str:
        """Run one command of ours to its end."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("WICKSTREAM", "TICKER"))}
        environment["WICKSTREAM_CACHE_DIR"] = str(self.settings.cache_dir)
        done = subprocess.run(
            [sys.executable, "-m", "wickstream", name, self._folder, *options],
            env=environment, cwd=self.data_dir.parent, capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"wickstream {name}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def kill(self, component: str) -> None:
        """As `kill -9` on one process of the stack."""
        pids = {each["name"]: each["pid"] for each in self.status()["components"]}
        os.kill(pids[component], signal.SIGKILL)

    def get(self, path: str) -> Any:
        """An answer of the API."""
        with urlopen(f"http://127.0.0.1:{self.settings.port('api')}{path}", timeout=10) as answer:
            return json.load(answer)

    def exchange_ms(self) -> int:
        """The local exchange's clock."""
        with urlopen(f"http://127.0.0.1:{self.settings.port('exchange')}/api/v3/time", timeout=10) as answer:
            return int(json.load(answer)["serverTime"])

    def metric(self, process: str, name: str) -> float:
        """A sample of one process, by its name and labels as they stand in the text; 0 before it is there."""
        with urlopen(f"http://127.0.0.1:{self.settings.port(process)}/metrics", timeout=10) as answer:
            lines = [line.decode() for line in answer]
        return next((float(line.split()[1]) for line in lines if line.startswith(f"{name} ")), 0.0)

    def klines(self, symbol: str, interval: str = "1m", **query: Any) -> list[Row]:
        """The candles of a symbol; none while nothing is known of it."""
        asked = "".join(f"&{name}={value}" for name, value in query.items())
        try:
            rows: list[Row] = self.get(f"/api/v1/analytics/klines/{symbol}?interval={interval}{asked}")["data"]
        except HTTPError as exc:
            if exc.code == 404:
                return []
            raise
        return rows


def differences(stack: WholeStack, official: list[dict[str, str]]) -> Iterator[str]:
    """Where the API differs from the exchange, a line each."""
    series: dict[tuple[str, str], dict[int, Row]] = {}
    for row in official:
        key = row["symbol"], row["interval"]
        if key not in series:
            series[key] = {candle["open_time"]: candle for candle in stack.klines(*key, limit=1000)}
        yield from _differences(row, series[key].get(int(row["open_time"])))


def _differences(official: dict[str, str], ours: Row | None) -> Iterator[str]:
    name = f"{official['symbol']} {official['interval']} {official['open_time']}"
    if ours is None:
        yield f"{name}: missing"
        return
    for field in (
        "open",
        "high",
        "low",
        "close",
        "volume",
        "quote_volume",
        "taker_buy_volume",
        "taker_buy_quote_volume",
    ):
        if official[field] and Decimal(official[field]) != Decimal(ours[field]):
            yield f"{name}: {field} is {ours[field]}, the exchange says {official[field]}"
    if official["trade_count"] and int(official["trade_count"]) != ours["trade_count"]:
        yield f"{name}: trade_count is {ours['trade_count']}, the exchange says {official['trade_count']}"
    if not (ours["closed"] and ours["origin"] == "trades"):
        yield f"{name}: closed={ours['closed']} origin={ours['origin']}"
    elif ours["last_trade_id"] - ours["first_trade_id"] + 1 != ours["trade_count"]:
        yield f"{name}: ids {ours['first_trade_id']}..{ours['last_trade_id']} do not make {ours['trade_count']} trades"
