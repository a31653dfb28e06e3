"""Recordings made for tests, as capture files hold them."""

import gzip
from collections.abc import Iterable
from pathlib import Path

from wickstream.exchange.local.market.tape import RecordedTrade


def trade(
    trade_id: int,
    traded_at_ms: int,
    *,
    symbol: str = "BTCUSDT",
    price: str = "100.00",
    quantity: str = "1.000",
    buyer_is_maker: bool = False,
    kind: str | None = None,
) -> RecordedTrade:
    data = (
        f'{{"e":"trade","E":{traded_at_ms + 1},"s":"{symbol}","t":{trade_id},"p":"{price}","q":"{quantity}",'
        f'"T":{traded_at_ms},"m":{str(buyer_is_maker).lower()}'
    )
    data += f',"X":"{kind}"}}' if kind else ',"M":true}'
    counts = kind in (None, "MARKET")
    return RecordedTrade(symbol, trade_id, price, quantity, traded_at_ms, buyer_is_maker, counts, data.encode())


def capture(file: Path, trades: Iterable[RecordedTrade]) -> Path:
    """A capture file, gzipped if its name says so."""
    lines = [
        b'%d {"stream":"%b@trade","data":%b}\n' % (one.traded_at_ms * 1_000_000, one.symbol.lower().encode(), one.data)
        for one in trades
    ]
    content = b"".join(lines)
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)
    return file
