"""The local exchange as a judge sees it: what it really traded, and the switches of its faults."""

import http.client
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.exchange.local.doors.visitors import Visit

Row = tuple[int, int, str, str, bool]  # id, time in ms, price, quantity, buyer is maker


@dataclass(frozen=True)
class Moment:
    """How far the exchange had come: its clock, and the newest id of each chosen symbol that ever traded."""

    at_ms: int
    newest: dict[str, int]
    trading: frozenset[str]  # symbols


class Truth:
    """A running local exchange, asked where no fault, lag or limit reaches."""

    def __init__(self, settings: Settings) -> None:
        self._port = settings.port("exchange")
        self._symbols = settings.named_symbols

    def moment(self) -> Moment:
        """Now."""
        found = self._ask("GET", "/oracle/symbols")
        chosen = [each for each in found["data"] if each["symbol"] in self._symbols]
        newest = {each["symbol"]: each["last_trade_id"] for each in chosen if each["last_trade_id"] is not None}
        trading = frozenset(each["symbol"] for each in chosen if each["status"] == "TRADING")
        return Moment(found["as_of"], newest, trading)

    def trades(self, symbol: str, first_id: int, last_id: int) -> dict[int, Row]:
        """Every trade from `first_id` to `last_id`, both included, by id."""
        rows: dict[int, Row] = {}
        at: int | None = first_id
        while at is not None and at <= last_id:
            page = self._ask("GET", f"/oracle/trades?symbol={quote(symbol)}&from_id={at}")
            rows |= {row[0]: (row[0], row[1], row[2], row[3], row[4]) for row in page["data"] if row[0] <= last_id}
            at = page["next_from_id"]
        return rows

    def differs(self, candle: Candle) -> bool:
        """Whether a closed candle of a minute is another than the exchange's own kline."""
        (kline,) = self.klines(candle.symbol, candle.open_time, limit=1)
        theirs = (kline[0], *map(Decimal, kline[1:6]), kline[8])
        ours = (candle.open_time, candle.open, candle.high, candle.low, candle.close, candle.volume, candle.trade_count)
        return theirs != ours

    def klines(self, symbol: str, first_ms: int, *, limit: int) -> list[list[Any]]:
        """The exchange's own of a minute each, from `first_ms` on, as it writes them; the forming one last."""
        asked = f"symbol={quote(symbol)}&interval=1m&startTime={first_ms}&limit={limit}"
        found: list[list[Any]] = self._ask("GET", f"/oracle/klines?{asked}")
        return found

    def visits(self) -> list[Visit]:
        """Everybody who came so far."""
        return msgspec.convert(self._ask("GET", "/oracle/visits"), list[Visit])

    def switch_on(self, fault: str, **fields: Any) -> int:
        """Add a fault; its number."""
        number: int = self._ask("POST", "/faults", {"fault": fault, **fields})["id"]
        return number

    def faults(self) -> list[dict[str, Any]]:
        """All that were added and not removed, with their states."""
        found: list[dict[str, Any]] = self._ask("GET", "/faults")
        return found

    def switch_off(self, number: int | None = None) -> None:
        """Remove one fault, or all of them."""
        self._ask("DELETE", "/faults" if number is None else f"/faults/{number}")

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body))
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        assert answer.status < 400, f"{method} {path}: {answer.status} {text.decode()}"
        return json.loads(text) if text else None


def minute_of(row: Row) -> int:
    """Open time (ms) of the minute a trade is of."""
    return row[1] // MINUTE_MS * MINUTE_MS
