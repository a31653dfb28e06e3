"""Records of `raw_trades` for tests."""

from confluent_kafka import Message

from tests.candles import MIDNIGHT_MS
from wickstream.bus.topics import RAW_TRADES

PRICE, QUANTITY = "61837.63000000", "0.00020000"


def trade_value(
    trade_id: int,
    symbol: str = "BTCUSDT",
    *,
    at: int = MIDNIGHT_MS,
    price: str = PRICE,
    quantity: str = QUANTITY,
    maker: bool = True,
) -> bytes:
    """As Spot writes it, to the byte; `at` in ms or µs."""
    amounts = f'"p":"{price}","q":"{quantity}"'
    taken = f'"T":{at},"m":{str(maker).lower()},"M":true'
    return f'{{"e":"trade","E":{at},"s":"{symbol}","t":{trade_id},{amounts},{taken}}}'.encode()


def record(value: bytes | None, *, key: bytes = b"BTCUSDT", partition: int = 0, offset: int = 0) -> Message:
    """As a consumer is given it."""
    return Message(topic=RAW_TRADES, partition=partition, offset=offset, key=key, value=value)
