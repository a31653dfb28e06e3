"""A market's minutes as the writers get them, rendered before the clock runs: trades, candles each second, marks."""

import gc
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from threading import Event

import msgspec

from bench.ingest.frames import Market
from bench.stream.topic import trade_values
from wickstream.bus.codec import encode
from wickstream.bus.producer import IdempotentProducer, Record, TransactionalProducer
from wickstream.bus.topics import MINUTE_MARKS, PROCESSED_AGGS, RAW_TRADES
from wickstream.candle import Candle, Origin
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Mark
from wickstream.exchange.sequencing.id_hash import hash_of_run

TICKS = 20  # transactions a second, as the connector's
MINUTE_S = MINUTE_MS // 1_000
_HEADERS = (("ingested_at", b"1732300020000000"), ("source", b"ws"))
_UNIT, _PRODUCT = Decimal("1e-8"), Decimal("1e-16")


class _Named(msgspec.Struct):
    symbol: str = msgspec.field(name="s")


_named = msgspec.json.Decoder(_Named).decode


@dataclass(frozen=True)
class Traffic:
    """Whole minutes of a market; candles tell of trades of their own, as many as fit into their ids."""

    market: Market
    minutes: int

    @property
    def seconds(self) -> int:
        """How long it takes."""
        return self.minutes * MINUTE_S

    def closed(self) -> list[Candle]:
        """What is kept of each minute of each symbol."""
        return [
            self._candle(number, (minute + 1) * MINUTE_S, closed=True)
            for number in range(self.market.symbols)
            for minute in range(self.minutes)
        ]

    def trades(self) -> Iterator[list[Record]]:
        """By tick."""
        values = trade_values(self.market)
        while chunk := list(islice(values, self.market.per_second // TICKS)):
            yield [Record(RAW_TRADES, _named(value).symbol, value, _HEADERS) for value in chunk]

    def candles(self, second: int) -> list[Record]:
        """Of all symbols as they have grown by the end of a second; with the last one of a minute it closes."""
        is_end = not second % MINUTE_S
        found = [self._candle(number, second, closed=is_end) for number in range(self.market.symbols)]
        return [Record(PROCESSED_AGGS, candle.symbol, encode(candle)) for candle in found]

    def marks(self, second: int) -> list[Record]:
        """Those that come with the end of a second."""
        if second % MINUTE_S:
            return []
        found = [self._candle(number, second, closed=True) for number in range(self.market.symbols)]
        return [Record(MINUTE_MARKS, candle.symbol, encode(_mark(candle))) for candle in found]

    def _candle(self, number: int, second: int, *, closed: bool) -> Candle:
        """After so many seconds of the whole; ten trades each."""
        minute, grown = divmod(second - 1, MINUTE_S)
        dice = random.Random(number * 1_000 + minute)
        count, price = 10 * (grown + 1), dice.randint(10**8, 10**13)
        volume, taken = count * dice.randint(10**6, 10**9), count * dice.randint(1, 10**6)
        first = 10 * MINUTE_S * minute
        open_time = self.market.begins_ms // MINUTE_MS * MINUTE_MS + minute * MINUTE_MS
        return Candle(
            symbol=self.market.names[number],
            interval="1m",
            open_time=open_time,
            close_time=open_time + MINUTE_MS - 1,
            open=price * _UNIT,
            high=(price + 1_000 * count) * _UNIT,
            low=(price - 1_000 * count) * _UNIT,
            close=(price + grown) * _UNIT,
            volume=volume * _UNIT,
            quote_volume=volume * price * _PRODUCT,
            trade_count=count,
            taker_buy_volume=taken * _UNIT,
            taker_buy_quote_volume=taken * price * _PRODUCT,
            first_trade_id=first,
            last_trade_id=first + count - 1,
            closed=closed,
            revision=0,
            origin=Origin.TRADES,
            published_at=open_time + 1_000 * grown + 400,
        )


def _mark(candle: Candle) -> Mark:
    first, last = candle.first_trade_id or 0, candle.last_trade_id or 0
    id_sum = (first + last) * candle.trade_count // 2
    ids = (first, last, candle.trade_count, id_sum, hash_of_run(first, last))
    return Mark(candle.symbol, candle.open_time, *ids, candle.close, last + 1)


def publish(settings: Settings, traffic: Traffic, ready: Event, begin: Event) -> None:
    """PROCESS: sets `ready` when all is rendered, waits for `begin`, and keeps to the clock from then on."""
    trades = list(traffic.trades())
    seconds = [(traffic.marks(second), traffic.candles(second)) for second in range(1, traffic.seconds + 1)]
    gc.freeze()
    connector = TransactionalProducer(settings.kafka, transactional_id="bench")
    stream = IdempotentProducer(settings.kafka)
    connector.fence()
    ready.set()
    begin.wait()
    began_s = time.monotonic()
    for tick, chunk in enumerate(trades, start=1):
        time.sleep(max(0.0, began_s + tick / TICKS - time.monotonic()))
        marks, candles = seconds[tick // TICKS - 1] if not tick % TICKS else ((), ())
        connector.publish([*chunk, *marks])
        for record in candles:
            stream.publish(record)
    stream.flush()
    connector.let_go()
