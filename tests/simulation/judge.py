"""What must be true of everything published, whatever happened meanwhile."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from tests.id_hash import id_hash
from tests.simulation.kafka import Kafka
from tests.simulation.market import EPOCH_MS, SymbolMarket, minute_of, to_ms
from tests.simulation.repair import Stores
from wickstream.bus import topics
from wickstream.bus.codec import decode
from wickstream.candle import EXCHANGE_FIELDS, Candle
from wickstream.events import MINUTE_MS, Gap, GapStatus, Mark, Source, SymbolEvent
from wickstream.exchange.sequencing.arrival import Arrival
from wickstream.exchange.sessions.tail import STARTED, STOPPED

BEGUN_S = 60.0
FOUND = (GapStatus.REPAIRED, GapStatus.FILLED)


class Published(NamedTuple):
    """One symbol, in the order of Kafka."""

    trades: list[Arrival]
    marks: list[Mark]
    gaps: list[Gap]  # the newest of each key
    candles: Mapping[int, Candle]  # of repair, by open time
    archived: set[int]
    pauses: list["Pause"]


class Pause(NamedTuple):
    """Nobody followed the symbol: what happened then is no gap."""

    ids: range
    from_ms: int
    until_ms: int


def violations(kafka: Kafka, stores: Stores, markets: Mapping[str, SymbolMarket], *, ends_s: float) -> list[str]:
    """One line each; none is the aim."""
    found = [f"dead letter: {written.record}" for written in kafka.of(topics.DEAD_LETTERS)]
    for symbol, market in markets.items():
        said = _published(kafka, stores, symbol)
        found += [f"{symbol}: {line}" for line in _of_symbol(said, market, ends_s)]
    return found


def _published(kafka: Kafka, stores: Stores, symbol: str) -> Published:
    def of(topic: str) -> list[bytes]:
        return [written.record.value for written in kafka.of(topic) if written.record.key == symbol]

    return Published(
        [Arrival.read(data, Source.WS, 0) for data in of(topics.RAW_TRADES)],
        [decode(data, Mark) for data in of(topics.MINUTE_MARKS)],
        [gap for gap in stores.gaps() if gap.symbol == symbol],
        {open_time: candle for (name, open_time), candle in stores.candles().items() if name == symbol},
        {trade_id for name, trade_id in stores.archived if name == symbol},
        list(_pauses(kafka, symbol)),
    )


def _pauses(kafka: Kafka, symbol: str) -> Iterator[Pause]:
    stopped: tuple[int, int] | None = None
    for written in kafka.of(topics.SYMBOL_EVENTS):
        event = decode(written.record.value, SymbolEvent)
        if event.symbol != symbol or event.next_trade_id is None:
            continue
        if event.status == STOPPED and stopped is None:
            stopped = (event.next_trade_id, to_ms(written.at_s))
        elif event.status == STARTED and stopped is not None:
            yield Pause(range(stopped[0], event.next_trade_id), stopped[1], to_ms(written.at_s))
            stopped = None


def _of_symbol(said: Published, market: SymbolMarket, ends_s: float) -> Iterator[str]:
    if not said.trades:
        if any(trade.sent_at_s > BEGUN_S for trade in market.trades):
            yield "nothing was published"
        return
    yield from _ids(said, market)
    yield from _marks(said, market)
    yield from _closings(said, market)
    yield from _candles(said, market)
    yield from _halts(said, market)
    yield from _coverage(said, market, ends_s)


def _ids(said: Published, market: SymbolMarket) -> Iterator[str]:
    """J1: each id once, in order, in one of two places; or listed, and then truly missing."""
    ids = [trade.trade_id for trade in said.trades]
    if any(later <= earlier for earlier, later in pairwise(ids)):
        yield "ids out of order or doubled"
    if both := said.archived & set(ids):
        yield f"in raw_trades and in the archive: {sorted(both)[:5]}"
    status = {
        trade_id: gap.status
        for gap in sorted(said.gaps, key=lambda gap: gap.detected_at)
        if gap.first_trade_id is not None and gap.last_trade_id is not None
        for trade_id in range(gap.first_trade_id, gap.last_trade_id + 1)
    }
    truth = {trade.trade_id for trade in market.trades}
    here = set(ids)
    for trade_id in range(ids[0], ids[-1] + 1):
        known = status.get(trade_id)
        if trade_id in here:
            if known in (GapStatus.ABSENT, GapStatus.OPEN):
                yield f"id {trade_id} is published and called {known}"
        elif known is None and not any(trade_id in pause.ids for pause in said.pauses):
            yield f"id {trade_id} is lost without a word"
        elif known is GapStatus.ABSENT and trade_id in truth:
            yield f"id {trade_id} is called absent and is not"
        elif known in FOUND and trade_id not in said.archived:
            yield f"id {trade_id} is called {known} and is nowhere"
        elif known is GapStatus.OPEN:
            yield f"id {trade_id} is still open ({'traded' if trade_id in truth else 'absent'})"


def _newest(marks: list[Mark]) -> dict[int, Mark]:
    kept: dict[int, Mark] = {}
    for mark in marks:
        if mark.open_time not in kept or mark.trade_count >= kept[mark.open_time].trade_count:
            kept[mark.open_time] = mark
    return kept


def _marks(said: Published, market: SymbolMarket) -> Iterator[str]:
    truth = market.minutes()
    opened = [mark.open_time for mark in said.marks]
    if opened != sorted(opened):
        yield "marks out of the order of their minutes"
    for mark in said.marks:  # each of them: a correction would come after a candle was closed wrong
        open_time = mark.open_time
        trades = truth.get(open_time, [])
        ids = [trade.trade_id for trade in trades]
        if _counted(mark) != _counts_of(ids):
            yield f"minute {_no(open_time)} is marked with {mark.trade_count} of {len(ids)}"
        elif ids and (mark.first_trade_id, mark.last_trade_id) != (ids[0], ids[-1]):
            marked = f"{mark.first_trade_id}..{mark.last_trade_id}"
            yield f"minute {_no(open_time)} is marked {marked}, is {ids[0]}..{ids[-1]}"
        elif ids and f"{mark.close}" != trades[-1].price:
            yield f"minute {_no(open_time)} closes at {mark.close}, not {trades[-1].price}"
        if open_time not in market.klines:
            yield f"minute {_no(open_time)} is marked and was halted"


def _closings(said: Published, market: SymbolMarket) -> Iterator[str]:
    """Rule 6, as the stream applies it: what it closes is whole."""
    truth = market.minutes()
    published: dict[int, list[int]] = {}
    for trade in said.trades:
        published.setdefault(minute_of(trade.traded_at_ms), []).append(trade.trade_id)
    for open_time, mark in _newest(said.marks).items():
        ids = published.get(open_time, [])
        if _counted(mark) == _counts_of(ids):
            if ids != [trade.trade_id for trade in truth.get(open_time, [])]:
                yield f"minute {_no(open_time)} was closed wrong"
        elif not (open_time in said.candles and said.candles[open_time].revision > 0):
            yield f"minute {_no(open_time)} is marked and does not close"


def _counted(mark: Mark) -> tuple[int, int, int]:
    return mark.trade_count, mark.id_sum, mark.id_hash


def _counts_of(ids: list[int]) -> tuple[int, int, int]:
    return len(ids), sum(ids), id_hash(ids)


def _candles(said: Published, market: SymbolMarket) -> Iterator[str]:
    for open_time, candle in said.candles.items():
        kline = market.klines.get(open_time)
        if kline is None or any(getattr(candle, name) != getattr(kline, name) for name in EXCHANGE_FIELDS):
            yield f"minute {_no(open_time)}: repair's candle is not the exchange's: {candle} {kline}"


def _halts(said: Published, market: SymbolMarket) -> Iterator[str]:
    for gap in said.gaps:
        if gap.status is GapStatus.HALTED and gap.open_time in market.klines:
            yield f"minute {_no(gap.open_time or 0)} is called a halt and has a kline"


def _coverage(said: Published, market: SymbolMarket, ends_s: float) -> Iterator[str]:
    """Every minute since the start is closed by the stream, or given by repair, or a halt."""
    marked = _newest(said.marks)
    halted = {gap.open_time for gap in said.gaps if gap.status is GapStatus.HALTED}
    for open_time in range(_first_whole_minute(said.trades[0]), to_ms(ends_s) - MINUTE_MS, MINUTE_MS):
        is_excused = any(_touches(pause, open_time) for pause in said.pauses)
        if not (is_excused or open_time in marked or open_time in said.candles or open_time in halted):
            kind = "a halt" if open_time not in market.klines else "traded"
            yield f"minute {_no(open_time)} ({kind}) is nowhere"


def _touches(pause: Pause, open_time: int) -> bool:
    """The minutes of stopping and of starting are not whole either; quiet ones before may not have been decided yet."""
    return pause.from_ms - 5 * MINUTE_MS < open_time < pause.until_ms + MINUTE_MS


def _first_whole_minute(first: Arrival) -> int:
    following = minute_of(first.traded_at_ms) + MINUTE_MS
    return following if following - first.traded_at_ms >= 500 else following + MINUTE_MS


def _no(open_time: int) -> str:
    return f"{(open_time - EPOCH_MS) / MINUTE_MS:.2f}"
