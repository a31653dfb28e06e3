"""The exchange's archive of daily files: where they are, and what their rows and checksums say."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from urllib.parse import quote

from wickstream.binance.frames import normal_ms
from wickstream.binance.rest import RestTrade, kline_candle
from wickstream.candle import Candle, Origin
from wickstream.errors import Corrupted

DAY_MS = 86_400_000
_TIME = 4
_BOOLEANS = {b"true": True, b"false": False, b"1": True, b"0": False}
_CHECKSUM = re.compile(r"([0-9a-fA-F]{64})\b")


def day_of(time_ms: int) -> date:
    """The day (UTC) a moment belongs to."""
    return datetime.fromtimestamp(time_ms / 1_000, UTC).date()


def trades_path(symbol: str, day: date) -> str:
    """Where the zip of a day's trades is; its checksum is beside it, with `.CHECKSUM` behind the name."""
    name = quote(symbol)
    return f"/data/spot/daily/trades/{name}/{name}-trades-{day}.zip"


def klines_path(symbol: str, day: date) -> str:
    """Where the zip of a day's 1-minute klines is."""
    name = quote(symbol)
    return f"/data/spot/daily/klines/{name}/1m/{name}-1m-{day}.zip"


def parse_checksum(text: str) -> str:
    """The SHA-256 in a file as `sha256sum` writes it, in lower case.

    Raises:
        Corrupted: If there is none.
    """
    found = _CHECKSUM.match(text.strip())
    if found is None:
        raise Corrupted(f"no checksum: {text[:80]!r}")
    return found[1].lower()


def is_header(line: bytes) -> bool:
    """Tell whether a line names columns: some files have one first, most have none."""
    return not line[:1].isdigit()


def traded_at_ms(line: bytes) -> int:
    """The time of a row, which may be in ms or µs.

    Raises:
        Corrupted: If it has none.
    """
    try:
        return normal_ms(int(line.split(b",", _TIME + 1)[_TIME]))
    except (ValueError, IndexError) as exc:
        raise Corrupted(f"not a row of trades: {line[:120]!r}") from exc


def parse_row(line: bytes) -> RestTrade:
    """`id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch`, as REST would tell the same trade.

    Raises:
        Corrupted: If it is something else.
    """
    try:
        trade_id, price, quantity, _, time, maker = line.rstrip().split(b",")[:6]
        return RestTrade(int(trade_id), price.decode(), quantity.decode(), int(time), _BOOLEANS[maker.lower()])
    except (ValueError, KeyError) as exc:
        raise Corrupted(f"not a row of trades: {line[:120]!r}") from exc


def parse_klines(lines: Iterable[bytes], symbol: str, *, published_at: int) -> list[Candle]:
    """A day's klines as candles of `origin=archive`: closed, of revision 0, and without ids, which no kline tells.

    Raises:
        Corrupted: If a line is something else.
    """
    return [_kline(line, symbol, published_at) for line in lines if line.strip() and not is_header(line)]


def _kline(line: bytes, symbol: str, published_at: int) -> Candle:
    try:
        row = line.decode().rstrip().split(",")
        candle = kline_candle(row, symbol, published_at=published_at, now_ms=published_at, origin=Origin.ARCHIVE)
    except (ValueError, IndexError) as exc:
        raise Corrupted(f"not a kline: {line[:120]!r}") from exc
    if not candle.closed:
        raise Corrupted(f"a kline that is not over: {line[:120]!r}")
    return candle
