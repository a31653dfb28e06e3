"""One symbol's evidence as a market without a fault leaves it, drawn by hypothesis."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, auto

import msgspec
from hypothesis import strategies as st

from tests.sample_market import MIDNIGHT_MS
from wickstream.candle import Candle, Minute, Origin
from wickstream.events import MINUTE_MS, Gap, GapStatus, Trade
from wickstream.operate.validation.evidence import SETTLED_MS, Evidence, Span
from wickstream.store.lane.forming import Forming, LaneMinute

SYMBOL = "BTCUSDT"


class Kind(Enum):
    """What a minute was like."""

    TRADED = auto()
    QUIET = auto()
    HALTED = auto()
    KLINE = auto()  # taken from the exchange: without ids


@dataclass(frozen=True)
class Drawn:
    """A trade, and whether the id before it was never used."""

    price: Decimal
    quantity: Decimal
    buyer_is_maker: bool
    skips_an_id: bool


@dataclass
class _Market:
    candles: list[Candle] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    next_id: int = 1_000
    price: Decimal = Decimal(100)

    def add(self, open_time: int, kind: Kind, drawn: list[Drawn]) -> None:
        if kind is Kind.HALTED:
            self.gaps.append(Gap(SYMBOL, None, None, open_time, open_time, GapStatus.HALTED))
        elif kind is Kind.QUIET:
            self.candles.append(self._quiet(open_time))
        else:
            candle = self._traded(open_time, drawn)
            if kind is Kind.KLINE:
                candle = msgspec.structs.replace(
                    candle, first_trade_id=None, last_trade_id=None, origin=Origin.EXCHANGE
                )
            self.candles.append(candle)

    def _traded(self, open_time: int, drawn: list[Drawn]) -> Candle:
        trades = list(self._trades(open_time, drawn))
        minute = Minute.of(trades[0])
        for trade in trades:
            minute.add(trade)
        self.trades += trades
        self.price = trades[-1].price
        return minute.candle(closed=True)

    def _trades(self, open_time: int, drawn: list[Drawn]) -> Iterator[Trade]:
        for number, one in enumerate(drawn):
            if one.skips_an_id:
                self.gaps.append(Gap(SYMBOL, self.next_id, self.next_id, None, open_time, GapStatus.ABSENT))
                self.next_id += 1
            yield Trade(SYMBOL, self.next_id, one.price, one.quantity, open_time + number, one.buyer_is_maker)
            self.next_id += 1

    def _quiet(self, open_time: int) -> Candle:
        trade = Trade(SYMBOL, self.next_id, self.price, Decimal(0), open_time, buyer_is_maker=True)
        return msgspec.structs.replace(Minute.of(trade).candle(closed=True), last_trade_id=self.next_id - 1)


_numbers = st.tuples(st.integers(1, 10**13), st.integers(1, 10**13), st.booleans(), st.booleans())
_trades = st.lists(_numbers, min_size=1, max_size=3).map(
    lambda rows: [Drawn(Decimal(p).scaleb(-8), Decimal(q).scaleb(-8), maker, skips) for p, q, maker, skips in rows]
)
_minutes = st.lists(st.tuples(st.sampled_from(Kind), _trades), min_size=1, max_size=6)


@st.composite
def clean_evidence(draw: st.DrawFn) -> Evidence:
    """Traded minutes at both ends, anything between; the lane saw all trades."""
    market = _Market()
    ends = [(Kind.TRADED, draw(_trades)), (Kind.TRADED, draw(_trades))]
    for number, (kind, drawn) in enumerate([ends[0], *draw(_minutes), ends[1]]):
        market.add(MIDNIGHT_MS + number * MINUTE_MS, kind, drawn)
    return Evidence(
        symbol=SYMBOL,
        candles=tuple(market.candles),
        gaps=tuple(market.gaps),
        first_closed_ms=market.candles[0].open_time,
        lane=_lane(market.trades),
    )


def _lane(trades: list[Trade]) -> tuple[LaneMinute, ...]:
    forming = Forming()
    for trade in trades:
        forming.take(trade)
    return forming.ended()


def span_of(evidence: Evidence) -> Span:
    """All its minutes, the last of them just due."""
    last = evidence.candles[-1]
    return Span.until(last.close_time + 1 + SETTLED_MS, start_ms=MIDNIGHT_MS, end_ms=None)
