"""Trades that left the live lane and wait for the archive's next commit: Kafka has them."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice

from confluent_kafka import Message

from wickstream.binance.frames import parse_trade
from wickstream.bus.consumer import Place
from wickstream.bus.history import History
from wickstream.bus.topics import RAW_TRADES
from wickstream.errors import MalformedFrame, StoreBusy
from wickstream.events import Trade
from wickstream.store.cold.trades import GROUP
from wickstream.store.offsets import offset_name
from wickstream.store.series.trade_series import IdRange

Said = Callable[[Iterable[str]], Mapping[str, int]]

ANSWER_S = 2.0
MOST_RECORDS = 200_000  # of all symbols: a minute of 3,000 trades a second, in less than a second


def trades_on_bus(
    bootstrap_servers: str,
    symbol: str,
    missing: Sequence[IdRange],
    *,
    said: Said,
) -> list[Trade]:
    """Those of `missing` that are published, as far as `MOST_RECORDS` behind what is archived reach. Blocks.

    `said`: what the archive's newest commit says under these names.

    Raises:
        StoreBusy: If Kafka or the archive does not answer.
    """
    with History(bootstrap_servers, request_s=ANSWER_S) as history:
        bounds = history.bounds(RAW_TRADES)
        names = {partition: offset_name(GROUP, Place(RAW_TRADES, partition)) for partition in bounds}
        offsets = said(names.values())
        starts = {part: _start(offsets.get(names[part]), first, end) for part, (first, end) in bounds.items()}
        return found(islice(history.read(RAW_TRADES, starts), MOST_RECORDS), symbol, missing)


def _start(offset: int | None, first: int, end: int) -> int:
    """Not that of another topic of the same name: what lies beyond its end cannot be an offset of this one."""
    return first if offset is None or not first <= offset <= end else offset


def found(records: Iterable[Message], symbol: str, missing: Sequence[IdRange]) -> list[Trade]:
    """Those of the symbol that are missing, each once, in the order of their ids; no further than until all are."""
    key, trades = symbol.encode(), dict[int, Trade]()
    wanted = sum(last - first + 1 for first, last in missing)
    until = time.monotonic() + ANSWER_S
    for record in records:
        if record.key() == key:
            with suppress(MalformedFrame):
                trade = parse_trade(record.value() or b"")
                if any(first <= trade.trade_id <= last for first, last in missing):
                    trades[trade.trade_id] = trade
        if len(trades) == wanted:
            break
        if time.monotonic() > until:
            raise StoreBusy("Kafka: too many trades wait for the archive")
    return [trades[trade_id] for trade_id in sorted(trades)]
