"""A market for the page: one symbol in three tiers, one of which nothing was heard, and what is pushed of the first."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal

import msgspec

from tests.alerts import whale
from tests.candles import minute
from tests.sample_market import MIDNIGHT_MS
from tests.stored_market import MINUTES, store_market
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS, Alert, AlertType
from wickstream.store.cold.candles import ColdCandles
from wickstream.store.hot.hour import open_client
from wickstream.store.lane.live import CLOCK_KEY, SYMBOLS_KEY
from wickstream.store.warm.writer import WarmWriter

SYMBOL, SILENT = "PAGEUSDT", "MUTEUSDT"
IN_WARM, IN_COLD = range(-700, 0), range(-1_400, -700)  # minutes after midnight, beside the newest, which are hot
ALL_MINUTES = len(IN_COLD) + len(IN_WARM) + MINUTES + 1  # the last one is forming


def page_market(redis: Settings) -> Settings:
    """Stored by the code that writes in service, in a Redis that has heard of no other symbol, nor of other times."""
    with closing(open_client(redis)) as client:
        client.delete(SYMBOLS_KEY, CLOCK_KEY)
    replay = "replay:0123456789ab"  # whose clock stands still
    settings = redis.model_copy(update={"ticker_symbols": (SYMBOL, SILENT), "source": replay})
    store_market(settings, SYMBOL)
    ColdCandles(settings).store(_older(IN_COLD), {})
    with closing(WarmWriter(settings)) as warm:
        warm.write(list(_older(IN_WARM)), alerts=stored_alerts())
    return settings


def _older(minutes: range) -> Iterator[Candle]:
    for number in minutes:
        shift = Decimal(number * 5 % 13 - 6)
        candle = minute(SYMBOL, number)
        moved = {name: getattr(candle, name) + shift for name in ("open", "high", "low", "close")}
        ids = {"first_trade_id": 50_000 + 10 * number, "last_trade_id": 50_009 + 10 * number}
        yield msgspec.structs.replace(candle, **moved, **ids)


def stored_alerts() -> list[Alert]:
    """A whale in minute 12, and a volume spike of minute 15."""
    spike_ms = MIDNIGHT_MS + 15 * MINUTE_MS
    facts = {"quote_volume": "2102488.19", "trades": 1_824, "close": "102.5", "change_pct": "-0.0879"}
    return [
        whale(7, SYMBOL, at=MIDNIGHT_MS + 12 * MINUTE_MS + 5_000),
        whale(
            symbol=SYMBOL,
            alert_id=f"volume_spike:{SYMBOL}:{spike_ms}",
            type=AlertType.VOLUME_SPIKE,
            at=spike_ms,
            value=Decimal("2102488.19"),
            threshold=Decimal(1_000_000),
            facts=facts,
        ),
    ]
