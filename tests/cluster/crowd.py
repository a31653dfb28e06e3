"""A made-up market, the same each time: trades with consecutive ids, and the marks of its minutes."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from tests.spark.decimal_oracle import Told
from tests.spark.job_topics import MIDNIGHT
from tests.spark.published_market import mark_values, trade_value
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import MINUTE_MARKS, RAW_TRADES
from wickstream.events import MINUTE_MS


@dataclass(frozen=True)
class Crowd:
    """`minutes` whole minutes of `symbols` symbols, whose names begin with `name`; `trades` trades a minute in all."""

    name: str
    symbols: int
    minutes: int
    trades: int

    @cached_property
    def by_minute(self) -> Sequence[list[Told]]:
        """The trades of each minute, in the order of their times."""
        draw = random.Random(5)
        each = self.trades // self.symbols
        return [
            [
                Told(
                    symbol=f"{self.name}{symbol}",
                    trade_id=1_000 + minute * each + number,
                    price=Decimal(draw.randrange(1, 10**10)).scaleb(-4),
                    quantity=Decimal(draw.randrange(1, 10**12)).scaleb(-8),
                    time_ms=MIDNIGHT + minute * MINUTE_MS + number * (MINUTE_MS - 1) // each,
                    buyer_is_maker=draw.random() < 0.5,
                )
                for number in range(each)
                for symbol in range(self.symbols)
            ]
            for minute in range(self.minutes)
        ]

    @cached_property
    def all_trades(self) -> list[Told]:
        """Of all minutes."""
        return [trade for minute in self.by_minute for trade in minute]

    def records(self) -> Iterator[list[Record]]:
        """Minute by minute: its trades, then its marks."""
        for minute in self.by_minute:
            trades = [Record(RAW_TRADES, trade.symbol, trade_value(trade)) for trade in minute]
            yield trades + [Record(MINUTE_MARKS, symbol, value) for symbol, value in mark_values(minute)]


def publish(producer: IdempotentProducer, records: Sequence[Record]) -> None:
    """Returns when the brokers have them."""
    for record in records:
        producer.publish(record)
    producer.flush(timeout_s=120)
