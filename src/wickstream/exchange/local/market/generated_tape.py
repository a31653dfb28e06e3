"""The tape of a made-up symbol: its frames are written when they are played."""

from array import array
from collections.abc import Sequence

from wickstream.exchange.local.market.figures import Columns
from wickstream.exchange.local.market.tape import Repeat, Tape

PLACES = 8
_UNIT = 10**PLACES
_TOLD_AFTER_MS = 1  # the event time of most captured frames
_FLAGS = (b"false", b"true")


class GeneratedTape(Tape):
    """Ids without holes; times are ms since the market opened."""

    def __init__(
        self,
        symbol: str,
        *,
        first_id: int,
        times: "array[int]",
        prices: "array[int]",
        quantities: "array[int]",
        maker_buys: bytes,
        repeat: Repeat,
    ) -> None:
        ids: Sequence[int] = range(first_id, first_id + len(times))
        columns = Columns(ids, times, prices, quantities, maker_buys, counts=b"\1" * len(times))
        super().__init__(symbol, columns, price_places=PLACES, quantity_places=PLACES)
        self.repeat = repeat
        name = symbol.encode().replace(b"%", b"%%")
        self._shape = b'{"e":"trade","E":%%d,"s":"%b","t":%%d,"p":"%%d.%%08d","q":"%%d.%%08d","T":%%d,"m":%%b,"M":true}'
        self._shape %= name

    def frames(self, start: int, stop: int, *, by_ms: int, by_ids: int) -> list[bytes]:
        shape = self._shape
        told_ms = by_ms + _TOLD_AFTER_MS
        rows = zip(
            self.times[start:stop],
            self.ids[start:stop],
            self.prices[start:stop],
            self.quantities[start:stop],
            self.maker_buys[start:stop],
            strict=True,
        )
        return [
            shape
            % (
                at + told_ms,
                trade_id + by_ids,
                price // _UNIT,
                price % _UNIT,
                quantity // _UNIT,
                quantity % _UNIT,
                at + by_ms,
                _FLAGS[is_maker],
            )
            for at, trade_id, price, quantity, is_maker in rows
        ]
