"""What alerts need to know of the market: last prices, usual minutes and open holes, from candles and gaps. Pure."""

from decimal import Decimal

from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import Gap, GapStatus
from wickstream.stream.minute_history import MinuteHistory, UsualMinute
from wickstream.stream.thresholds import ThresholdRow, thresholds
from wickstream.threshold_settings import AlertMode

_MINUTES_A_DAY = 1_440


class Market:
    """Bounded: one price a symbol, the holes that are open, and in adaptive mode the minutes of some days."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._prices: dict[str, tuple[int, Decimal]] = {}  # when, what
        self._minutes: dict[str, MinuteHistory] = {}
        self._usual: dict[str, UsualMinute] = {}
        self._holes: dict[str, tuple[Gap, ...]] = {}

    def take_candle(self, candle: Candle) -> None:
        """In any order, any number of times."""
        known_of, _ = self._prices.get(candle.symbol, (-1, None))
        if candle.open_time >= known_of:
            self._prices[candle.symbol] = (candle.open_time, candle.close)
        if candle.closed and self._settings.alert_mode is AlertMode.ADAPTIVE:
            self._minutes_of(candle.symbol).add(candle)

    def _minutes_of(self, symbol: str) -> MinuteHistory:
        if symbol not in self._minutes:
            self._minutes[symbol] = MinuteHistory(minutes=self._settings.alert_history_days * _MINUTES_A_DAY)
        return self._minutes[symbol]

    def take_gap(self, gap: Gap) -> None:
        """In the order of the topic: the newest entry of a key counts."""
        others = tuple(hole for hole in self.open_holes(gap.symbol) if _key(hole) != _key(gap))
        is_open = gap.status is GapStatus.OPEN
        self._holes[gap.symbol] = (*others, gap) if is_open else others

    def open_holes(self, symbol: str) -> tuple[Gap, ...]:
        """The symbol's entries whose ids nobody has found yet."""
        return self._holes.get(symbol, ())

    def learn_usual_minutes(self) -> None:
        """Look at all minutes again; some milliseconds a symbol, so not for every candle."""
        found = {symbol: minutes.usual() for symbol, minutes in self._minutes.items()}
        self._usual = {symbol: usual for symbol, usual in found.items() if usual is not None}

    def thresholds(self) -> tuple[ThresholdRow, ...]:
        """As of now."""
        prices = {symbol: price for symbol, (_, price) in self._prices.items()}
        return tuple(thresholds(self._settings, prices, self._usual))


def _key(gap: Gap) -> tuple[int | None, int | None]:
    return (gap.first_trade_id, None if gap.first_trade_id is not None else gap.open_time)
