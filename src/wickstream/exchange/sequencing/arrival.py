"""One trade on its way to Kafka: its bytes, and as much of them as sequencing needs."""

from typing import Self

import msgspec

from wickstream.binance.frames import decode_trade, normal_ms, parse_trade
from wickstream.events import Source, Trade

HELD_OVERHEAD_BYTES = 350  # a held trade beside its bytes: record, numbers, dictionary entry


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A trade as it came, from a socket or from REST; `data` is what goes to `raw_trades`."""

    symbol: str
    trade_id: int
    traded_at_ms: int
    price: str  # as the exchange writes it; checked, and made a number only where one is needed
    counts: bool  # False: off-book (futures), in no candle
    data: bytes
    source: Source
    ingested_at_us: int

    @classmethod
    def of(cls, trade: Trade, data: bytes, source: Source, ingested_at_us: int) -> Self:
        """Of a trade that was parsed already."""
        return cls(
            trade.symbol,
            trade.trade_id,
            trade.traded_at_ms,
            format(trade.price, "f"),
            trade.counts,
            data,
            source,
            ingested_at_us,
        )

    @classmethod
    def read(cls, data: bytes, source: Source, ingested_at_us: int) -> Self:
        """Of the `data` of a frame.

        Raises:
            MalformedFrame: If it is not a trade.
        """
        frame = decode_trade(data)
        traded_at_ms = normal_ms(frame.traded_at)
        return cls(frame.symbol, frame.trade_id, traded_at_ms, frame.price, frame.counts, data, source, ingested_at_us)

    @property
    def trade(self) -> Trade:
        """All of it, parsed from the bytes each time."""
        return parse_trade(self.data)

    @property
    def held_bytes(self) -> int:
        """What holding it costs, about."""
        return len(self.data) + HELD_OVERHEAD_BYTES


class Run(msgspec.Struct):
    """Consecutive trades that came together: what is published of them."""

    first_id: int
    data: list[bytes]
    source: Source
    ingested_at_us: int

    @property
    def ids(self) -> range:
        """Of its trades, one after the other."""
        return range(self.first_id, self.first_id + len(self.data))
