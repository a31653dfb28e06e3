"""What the live lane keeps in Redis: last ticker, last price and forming candle per symbol, and the clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from typing import Any

import msgspec
import redis
import redis.asyncio
from redis.exceptions import RedisError

from wickstream.bus.codec import decode, encode
from wickstream.candle import Candle, plain
from wickstream.config import Settings
from wickstream.events import Ticker, Trade
from wickstream.store.hot.hour import PREFIX, SECONDS_TO_LIVE, busy, open_client, read_values
from wickstream.store.lane.forming import LaneMinute
from wickstream.store.lane.last_trades import LastTradesWriter
from wickstream.store.lane.minutes import LaneMinutesWriter

TICKERS_CHANNEL = "wickstream:tickers"  # a Ticker per message
CANDLES_CHANNEL = "wickstream:candles"  # a forming Candle per message

SYMBOLS_KEY = f"{PREFIX}live:symbols"  # sorted set: those heard of, by when
CLOCK_KEY = f"{PREFIX}live:now"  # string: three times


class LastPrice(msgspec.Struct, frozen=True):
    """The newest trade of a symbol."""

    symbol: str
    trade_id: int
    price: Decimal
    quantity: Decimal
    traded_at_ms: int
    buyer_is_maker: bool


@dataclass(frozen=True)
class Clock:
    """The exchange's clock as last heard.

    Attributes:
        event_at_ms: the newest `E` of a ticker, or `T` of a trade (which is never later than its `E`).
        seen_at_ms: what the process clock was when it was seen.
        traded_at_ms: the newest trade of all symbols; None if only tickers were seen.
    """

    event_at_ms: int
    seen_at_ms: int
    traded_at_ms: int | None

    def now_ms(self, process_ms: int, *, stands_still: bool) -> int:
        """The exchange's now, when the process clock is `process_ms`; a replay's stands where the recording is."""
        elapsed_ms = 0 if stands_still else process_ms - self.seen_at_ms
        return self.event_at_ms + max(0, elapsed_ms)


@dataclass(frozen=True)
class Change:
    """What there is to say of one symbol; None: nothing new.

    Attributes:
        trade: the newest one.
        rows: all that are new, as `last_trades.render` writes them, in the order of their ids.
        ended: minutes that ended, or changed since.
        frame: the ticker as the exchange wrote it.
    """

    symbol: str
    ticker: Ticker | None
    trade: Trade | None
    candle: Candle | None
    rows: tuple[bytes, ...] = ()
    ended: tuple[LaneMinute, ...] = ()
    frame: bytes = b""


_encoder = msgspec.json.Encoder()
_tickers = msgspec.json.Decoder(Ticker)
_prices = msgspec.json.Decoder(LastPrice)


def _json(record: msgspec.Struct) -> bytes:
    fields = msgspec.structs.asdict(record)
    return _encoder.encode({name: plain(v) if isinstance(v, Decimal) else v for name, v in fields.items()})


def live_key(kind: str, symbol: str) -> str:
    """Of the `ticker`, its `frame`, the `price` or the `forming` candle of a symbol."""
    return f"{PREFIX}live:{kind}:{symbol}"


class LiveWriter:
    """Writes changes in pipelines, and announces each after it can be read."""

    def __init__(self, settings: Settings) -> None:
        self._client = open_client(settings)
        script = resources.files("wickstream.store") / "lua" / "advance_clock.lua"
        self._advance = self._client.register_script(script.read_text("utf-8"))
        self._last_trades = LastTradesWriter(self._client)
        self._minutes = LaneMinutesWriter(self._client)

    def write(self, changes: Sequence[Change], clock: Clock) -> None:
        """All of it, at least one change, in one round trip.

        Raises:
            StoreBusy: If Redis cannot take it now; some may be written, and writing again does no harm.
        """
        try:
            with self._client.pipeline(transaction=False) as pipe:
                self._advance([CLOCK_KEY], _clock_arguments(clock), client=pipe)
                pipe.zadd(SYMBOLS_KEY, {change.symbol: clock.event_at_ms for change in changes})
                for change in changes:
                    _write(pipe, change)
                    if change.rows:
                        self._last_trades.push(pipe, change.symbol, change.rows)
                    if change.ended:
                        self._minutes.keep(pipe, change.symbol, change.ended)
                pipe.zremrangebyscore(SYMBOLS_KEY, "-inf", clock.event_at_ms - SECONDS_TO_LIVE * 1_000)
                pipe.expire(SYMBOLS_KEY, SECONDS_TO_LIVE)
                pipe.execute()
        except RedisError as exc:
            raise busy(exc) from exc

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


def _clock_arguments(clock: Clock) -> list[int]:
    traded_at_ms = -1 if clock.traded_at_ms is None else clock.traded_at_ms
    return [SECONDS_TO_LIVE, clock.event_at_ms, clock.seen_at_ms, traded_at_ms]


def _write(pipe: "redis.client.Pipeline", change: Change) -> None:
    symbol = change.symbol
    if change.ticker is not None:
        value = _json(change.ticker)
        pipe.set(live_key("ticker", symbol), value, ex=SECONDS_TO_LIVE)
        pipe.publish(TICKERS_CHANNEL, value)
    if change.frame:
        pipe.set(live_key("frame", symbol), change.frame, ex=SECONDS_TO_LIVE)
    if change.trade is not None:
        pipe.set(live_key("price", symbol), _json(_last_price(change.trade)), ex=SECONDS_TO_LIVE)
    if change.candle is not None:
        value = encode(change.candle)
        pipe.set(live_key("forming", symbol), value, ex=SECONDS_TO_LIVE)
        pipe.publish(CANDLES_CHANNEL, value)


def _last_price(trade: Trade) -> LastPrice:
    return LastPrice(
        trade.symbol, trade.trade_id, trade.price, trade.quantity, trade.traded_at_ms, trade.buyer_is_maker
    )


@dataclass(frozen=True)
class Now:
    """One symbol as the live lane sees it."""

    symbol: str
    ticker: Ticker | None
    price: LastPrice | None
    forming: Candle | None


async def read_symbols(client: "redis.asyncio.Redis") -> list[str]:
    """All symbols that were heard of within a day.

    Raises:
        StoreBusy: If Redis does not answer.
    """
    try:
        names: list[Any] = await client.zrange(SYMBOLS_KEY, 0, -1)
    except RedisError as exc:
        raise busy(exc) from exc
    return [name.decode() for name in names]


async def read_now(client: "redis.asyncio.Redis", symbols: Sequence[str]) -> tuple[list[Now], Clock | None]:
    """These symbols and the clock, in one round trip.

    Raises:
        StoreBusy: If Redis does not answer.
    """
    keys = [live_key(kind, symbol) for symbol in symbols for kind in ("ticker", "price", "forming")]
    clock, *values = await read_values(client, (CLOCK_KEY, *keys))
    rows = [now_of(symbol, *values[3 * i : 3 * i + 3]) for i, symbol in enumerate(symbols)]
    return rows, clock_of(clock)


async def read_frames(client: "redis.asyncio.Redis", symbols: Sequence[str]) -> dict[str, bytes]:
    """The last ticker of each as the exchange wrote it; of those that were heard of within a day.

    Raises:
        StoreBusy: If Redis does not answer.
    """
    frames = await read_values(client, [live_key("frame", symbol) for symbol in symbols]) if symbols else []
    return {symbol: frame for symbol, frame in zip(symbols, frames, strict=True) if frame}


async def read_clock(client: "redis.asyncio.Redis") -> Clock | None:
    """The exchange's clock as last heard.

    Raises:
        StoreBusy: If Redis does not answer.
    """
    (times,) = await read_values(client, [CLOCK_KEY])
    return clock_of(times)


def now_of(symbol: str, ticker: bytes | None, price: bytes | None, forming: bytes | None) -> Now:
    """From what Redis answers."""
    return Now(
        symbol,
        _tickers.decode(ticker) if ticker else None,
        _prices.decode(price) if price else None,
        decode(forming, Candle) if forming else None,
    )


def clock_of(times: bytes | None) -> Clock | None:
    """From what Redis answers."""
    event_at_ms, seen_at_ms, traded_at_ms = map(int, times.split()) if times else (-1, -1, -1)
    return None if event_at_ms < 0 else Clock(event_at_ms, seen_at_ms, traded_at_ms if traded_at_ms >= 0 else None)
