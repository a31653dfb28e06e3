"""The hot tier: the last hour of closed candles (and Spark's open one) per symbol in Redis, as rendered rows.

Everything here is rebuilt from Kafka, and every key goes away by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import groupby
from typing import Any, cast

import redis
import redis.asyncio
import structlog
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from wickstream.candle import Candle, Origin
from wickstream.config import Settings
from wickstream.errors import StoreBusy, Unpublishable
from wickstream.rendering import Rendered, open_time_of, rendered
from wickstream.store.versions import Written, facts_digest, newest

log = structlog.get_logger(__name__)

PREFIX = "wickstream:"
KEEP_MS = 3_600_000  # before the symbol's newest closed candle, not before any clock
SECONDS_TO_LIVE = 86_400
_FILLED = f"{PREFIX}hot:is-filled"  # goes when Redis loses its memory; once a day it is filled for nothing
ANSWER_SECONDS = 2.0
BETWEEN = b"\n"  # rows, none of which holds one; found at once, which b",\n" is not
_HEAD_BYTES = 64  # have the two times in them
_PASSING = ("MISCONF", "NOREPLICAS", "BUSY", "UNKILLABLE")  # words of Redis that the client has no error of its own for
RETRIES = 1  # a pooled connection may have died with its server; more patience is the caller's to have


def connection_options(settings: Settings) -> dict[str, Any]:
    """Where and as whom to connect; the same for clients with and without asyncio."""
    password = settings.redis_password
    return {
        "host": settings.redis_host or "127.0.0.1",
        "port": settings.redis_port if settings.redis_host else settings.port("redis"),
        "password": password.get_secret_value() if password else None,
        "socket_timeout": ANSWER_SECONDS,
        "socket_connect_timeout": ANSWER_SECONDS,
    }


def open_client(settings: Settings) -> redis.Redis:
    """A client for one thread's work; connects when it is first used."""
    return redis.Redis(**connection_options(settings), retry=Retry(NoBackoff(), RETRIES))


def open_async_client(settings: Settings) -> "redis.asyncio.Redis":
    """A client for a process that serves many at once; connects when it is first used."""
    return redis.asyncio.Redis(**connection_options(settings), retry=AsyncRetry(NoBackoff(), RETRIES))


def busy(exc: RedisError) -> StoreBusy:
    """What a lost connection is to the rest of the house."""
    return StoreBusy(f"Redis: {exc}")


def closed_key(symbol: str) -> str:
    """String: first and newest minute of the unbroken run of closed ones, then the rows of all closed ones."""
    return f"{PREFIX}hot:closed:{symbol}"


def opened_key(symbol: str) -> str:
    """String: the rows of those that are not closed."""
    return f"{PREFIX}hot:opened:{symbol}"


def versions_key(symbol: str) -> str:
    """Hash: of each row the version by which others are compared with it, by open time."""
    return f"{PREFIX}hot:held:{symbol}"


class HotWriter:
    """Writes candles by version, each symbol's in one step that no reader sees half of."""

    def __init__(self, settings: Settings) -> None:
        self._client = open_client(settings)
        script = resources.files("wickstream.store") / "lua" / "upsert_candles.lua"
        self._upsert = self._client.register_script(script.read_text("utf-8"))

    def ping(self) -> None:
        """Check that Redis answers.

        Raises:
            StoreBusy: If not.
        """
        try:
            self._client.ping()
        except RedisError as exc:
            raise busy(exc) from exc

    def write(self, candles: Sequence[Candle]) -> Written:
        """Store what is new or larger in version and not older than the hour that is kept.

        What Redis holds of a symbol and cannot work with (somebody else wrote it) is dropped, and the hour is to be
        filled again.

        Raises:
            StoreBusy: If Redis cannot take it now; some symbols may be stored, and writing again does no harm.
            Unpublishable: If it will never take a symbol's candles; other symbols may be stored.
        """
        rows, written = newest(candles)
        offered = {symbol: list(group) for symbol, group in groupby(rows, key=lambda row: row.symbol)}
        answers = self._offer(offered)
        if refused := {symbol: offered[symbol] for symbol, answer in answers.items() if isinstance(answer, RedisError)}:
            self._drop(refused)
            answers |= self._offer(refused)
        for answer in answers.values():
            if isinstance(answer, RedisError):
                raise Unpublishable(f"Redis: {answer}")
            written += Written(*answer)
        return written

    def _offer(self, offered: Mapping[str, Sequence[Candle]]) -> dict[str, Any]:
        """What the script says of each symbol: three counts, or why it cannot do its work there."""
        try:
            with self._client.pipeline(transaction=False) as pipe:
                for symbol, rows in offered.items():
                    self._write(pipe, symbol, rows)
                answers = dict(zip(offered, pipe.execute(raise_on_error=False), strict=True))
        except RedisError as exc:
            raise busy(exc) from exc
        for answer in answers.values():
            if isinstance(answer, RedisError) and not _is_of_the_keys(answer):
                raise busy(answer)
        return answers

    def renew(self, symbol: str, candles: Sequence[Candle]) -> Written:
        """Store these, and nothing of what was held of the symbol before.

        Raises:
            StoreBusy: If Redis cannot take it now.
        """
        try:
            with self._client.pipeline(transaction=True) as pipe:
                pipe.delete(*_keys(symbol))
                self._write(pipe, symbol, candles)
                return Written(*pipe.execute()[1])
        except RedisError as exc:
            raise busy(exc) from exc

    def _write(self, pipe: "redis.client.Pipeline", symbol: str, rows: Sequence[Candle]) -> None:
        offered = [argument for row in rows for argument in _arguments(row)]
        self._upsert(_keys(symbol), [SECONDS_TO_LIVE, KEEP_MS, *offered], client=pipe)

    def _drop(self, symbols: Iterable[str]) -> None:
        log.warning("what Redis holds of these symbols is of no use", symbols=sorted(symbols))
        try:
            self._client.delete(_FILLED, *(key for symbol in symbols for key in _keys(symbol)))
        except RedisError as exc:
            raise busy(exc) from exc

    def is_filled(self) -> bool:
        """Whether the hour was filled since Redis came up empty.

        Raises:
            StoreBusy: If Redis does not answer.
        """
        try:
            return bool(self._client.exists(_FILLED))
        except RedisError as exc:
            raise busy(exc) from exc

    def say_filled(self) -> None:
        """What the newest hour of each symbol has in PostgreSQL is here too.

        Raises:
            StoreBusy: If Redis does not answer.
        """
        try:
            self._client.set(_FILLED, "1", ex=SECONDS_TO_LIVE)
        except RedisError as exc:
            raise busy(exc) from exc

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


def _keys(symbol: str) -> list[str]:
    return [closed_key(symbol), opened_key(symbol), versions_key(symbol)]


def _is_of_the_keys(exc: RedisError) -> bool:
    """Tell a refusal that comes again from trouble that passes, as of memory, of a replica, of a disk."""
    return type(exc) is ResponseError and not str(exc).startswith(_PASSING)


def _arguments(candle: Candle) -> tuple[int | str | bytes, ...]:
    return (candle.open_time, *_version(candle), rendered(candle))


def _version(candle: Candle) -> tuple[int, int, int, str]:
    from_trades = int(candle.origin == Origin.TRADES)
    return (candle.revision, int(candle.closed), candle.trade_count, f"{from_trades}:{facts_digest(candle)}")


def version_text(candle: Candle) -> str:
    """As it is held beside the row."""
    return ":".join(map(str, _version(candle)))


@dataclass(frozen=True)
class HotHour:
    """What the hot tier holds of one symbol, as it was rendered.

    Attributes:
        first_ms: open time of the first minute of the unbroken run of closed ones that ends at the newest;
            only from there on is nothing missing. None: nothing is held.
        newest_ms: open time of the newest closed minute.
        closed: in order of time; the run is at the end.
        opened: those that are not closed, in order of time, before and after `newest_ms`.
    """

    first_ms: int | None
    newest_ms: int | None
    closed: Rendered
    opened: Rendered

    def between(self, first_ms: int, last_ms: int) -> Rendered:
        """Those with `first_ms <= open_time <= last_ms`, in order of time."""
        placed = sorted((open_time_of(row), row) for row in (*self.closed.rows, *self.opened.rows))
        return Rendered([row for open_time, row in placed if first_ms <= open_time <= last_ms])


NOTHING = HotHour(None, None, Rendered(()), Rendered(()))


async def read_values(client: "redis.asyncio.Redis", keys: Sequence[str]) -> list[bytes | None]:
    """As they were at one moment.

    Raises:
        StoreBusy: If Redis does not answer.
    """
    try:
        return cast("list[bytes | None]", await client.mget(keys))
    except RedisError as exc:
        raise busy(exc) from exc


def hour_of(closed: bytes | None, opened: bytes | None) -> HotHour:
    """From what Redis holds."""
    open_rows = Rendered(opened.split(BETWEEN) if opened else ())
    if not closed:
        return HotHour(None, None, Rendered(()), open_rows)
    head, *rows = closed.split(BETWEEN)
    first, newest = head.split()
    return HotHour(int(first), int(newest), Rendered(rows), open_rows)


async def newest_closed(client: "redis.asyncio.Redis", symbols: Sequence[str]) -> int | None:
    """Open time of the newest closed candle over these symbols.

    Raises:
        StoreBusy: If Redis does not answer.
    """
    try:
        async with client.pipeline(transaction=False) as pipe:
            for symbol in symbols:
                pipe.getrange(closed_key(symbol), 0, _HEAD_BYTES - 1)
            heads = [hour_of(head, None) for head in await pipe.execute()]
    except RedisError as exc:
        raise busy(exc) from exc
    return max((head.newest_ms for head in heads if head.newest_ms is not None), default=None)
