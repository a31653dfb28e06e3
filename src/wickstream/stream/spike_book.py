"""Which minutes are spikes, and which of them were told already. Pure."""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

import msgspec

from wickstream.candle import EIGHT_PLACES, EXACT, Candle, plain, price_change_pct
from wickstream.events import Alert, AlertType, Gap
from wickstream.quotes import quote_asset
from wickstream.stream.minute_history import largest_move_pct
from wickstream.stream.thresholds import ThresholdRow
from wickstream.stream.whales import LATE_MS

# Some weeks of spikes. One that is forgotten may be told again, by the same id.
_REMEMBERED = 20_000


class _Spike(NamedTuple):
    """What a minute amounts to, whether that is much or not."""

    type: AlertType
    value: Decimal
    threshold: Decimal
    facts: dict[str, str | int]


class SpikeBook:
    """The spikes told so far: each once while its minute goes on, and once more for each form of the closed minute.

    A minute that was told and closes below the threshold is told all the same: its last word is the true one.
    """

    def __init__(self, carried: str | None = None) -> None:
        entries = msgspec.json.decode(carried or "[]", type=list[tuple[str, bool, int]])
        self._told = {alert_id: (final, revision) for alert_id, final, revision in entries}

    def carried(self) -> str:
        """All that the next book needs."""
        entries = [(alert_id, *told) for alert_id, told in self._told.items()]
        return msgspec.json.encode(entries[-_REMEMBERED:]).decode()

    def take(self, candle: Candle, row: ThresholdRow, holes: Iterable[Gap], *, now_ms: int) -> Iterator[Alert]:
        """Alerts that are not told yet. A minute that goes on beside an open hole waits for its repair."""
        if candle.first_trade_id is None:  # a kline fills history: that is no news, and dollars had other prices then
            return
        if not candle.closed and any(_is_beside(hole, candle) for hole in holes):
            return
        for spike in _spikes(candle, row):
            alert_id = f"{spike.type}:{candle.symbol}:{candle.open_time}"
            told, version = self._told.get(alert_id), (candle.closed, candle.revision)
            is_worth_it = candle.closed if told else spike.value > spike.threshold
            if is_worth_it and (told is None or version > told):
                self._told.pop(alert_id, None)  # so that the newest stand last
                self._told[alert_id] = version
                yield _alert(alert_id, spike, candle, now_ms=now_ms)


def _is_beside(hole: Gap, candle: Candle) -> bool:
    """Tell whether ids are missing in the minute, or just before or after it."""
    ids = hole.ids
    if not ids or candle.first_trade_id is None or candle.last_trade_id is None:
        return False
    return ids.start <= candle.last_trade_id + 1 and candle.first_trade_id <= ids.stop


def _spikes(candle: Candle, row: ThresholdRow) -> Iterator[_Spike]:
    if row.usd_per_quote is not None:
        value = EXACT.multiply(candle.quote_volume, row.usd_per_quote)
        facts = _volume_facts(candle, row.usd_per_quote)
        yield _Spike(AlertType.VOLUME_SPIKE, value, row.volume_spike_usd, facts)
    yield _Spike(AlertType.PRICE_SPIKE, largest_move_pct(candle), row.price_spike_pct, _price_facts(candle))


def _volume_facts(candle: Candle, usd_per_quote: Decimal) -> dict[str, str | int]:
    return {
        "quote_volume": plain(candle.quote_volume),
        "quote_asset": quote_asset(candle.symbol) or "",
        "usd_per_quote": plain(usd_per_quote),
        "taker_buy_quote_volume": plain(candle.taker_buy_quote_volume),
        "trades": candle.trade_count,
        "close": plain(candle.close),
        "change_pct": _change(candle),
    }


def _price_facts(candle: Candle) -> dict[str, str | int]:
    prices = {name: plain(getattr(candle, name)) for name in ("open", "high", "low", "close")}
    is_up = EXACT.subtract(candle.high, candle.open) >= EXACT.subtract(candle.open, candle.low)
    return {
        **prices,
        "direction": "up" if is_up else "down",
        "change_pct": _change(candle),
        "quote_volume": plain(candle.quote_volume),
        "trades": candle.trade_count,
    }


def _change(candle: Candle) -> str:
    """Close against open."""
    change = price_change_pct(candle)
    return "" if change is None else f"{change:f}"


def _alert(alert_id: str, spike: _Spike, candle: Candle, *, now_ms: int) -> Alert:
    return Alert(
        alert_id=alert_id,
        type=spike.type,
        symbol=candle.symbol,
        at=candle.open_time,
        value=spike.value.quantize(EIGHT_PLACES, rounding=ROUND_HALF_EVEN, context=EXACT),
        threshold=spike.threshold,
        facts=spike.facts,
        late=now_ms - candle.close_time > LATE_MS,
        final=candle.closed,
        revision=candle.revision,
        trade_count=candle.trade_count,
    )
