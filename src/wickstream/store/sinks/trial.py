"""A sample through the sinks, to see whether it arrives."""

import threading
import time
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal

from wickstream.config import Settings
from wickstream.errors import StoreBusy, Unpublishable
from wickstream.events import Alert, AlertType
from wickstream.sink_settings import SinkName
from wickstream.store.sinks.message import SAMPLE_PREFIX
from wickstream.store.sinks.sink import open_sink


@dataclass(frozen=True)
class Tried:
    """What one sink said."""

    sink: str
    ok: bool
    answer: str
    seconds: float


def try_sink(name: SinkName, settings: Settings) -> Tried:
    """Send it the sample, once, whatever its filters are."""
    began_s = time.monotonic()
    with closing(open_sink(name, settings, stop=threading.Event())) as sink:
        try:
            ok, answer = True, sink.send(sample(settings, now_ms=time.time_ns() // 1_000_000))
        except (StoreBusy, Unpublishable) as exc:
            ok, answer = False, str(exc)
    return Tried(str(name), ok, answer, round(time.monotonic() - began_s, 3))


def sample(settings: Settings, *, now_ms: int) -> Alert:
    """A whale that never was, and says so."""
    symbol = next(iter(settings.named_symbols), "BTCUSDT")
    price, quantity = Decimal(2), settings.whale_usd
    return Alert(
        alert_id=f"{SAMPLE_PREFIX}{symbol}:{now_ms}",
        type=AlertType.WHALE,
        symbol=symbol,
        at=now_ms,
        value=price * quantity,
        threshold=settings.whale_usd,
        facts={"price": str(price), "quantity": str(quantity), "side": "buy"},
        late=False,
        final=True,
        revision=0,
        trade_count=1,
    )
