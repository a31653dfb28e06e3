"""Whether a process that was killed does its work again: a trade made after its death has gone through it.

| killed | works again once |
|---|---|
| connector | a trade of one of its symbols, made after the kill, is in Kafka, committed |
| Kafka | any trade made after the kill is read from it, committed |
| Spark | a candle that counts a trade made after the kill is in Kafka, committed |
| writer, PostgreSQL | such a candle is in PostgreSQL |
| ticker consumer, Redis | a last price made after the kill is in Redis |
| API | it answers with a candle that counts a trade made after the kill |

Each is seen from outside, by looks 0.1 s apart, and what the process rests on has to be there too.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress

import httpx
import msgspec
import psycopg
import redis

from tests.chaos.prove.stack import CONNECTORS
from tests.chaos.published import Published
from tests.chaos.truth import Moment
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.errors import WickstreamError
from wickstream.events import MINUTE_MS
from wickstream.exchange.symbols.symbols import shard_of
from wickstream.store.hot.hour import open_client
from wickstream.store.lane.live import LastPrice, live_key
from wickstream.store.warm.database import connect

_AWAY = (WickstreamError, psycopg.Error, redis.RedisError, httpx.HTTPError, OSError)
_NEWEST = "SELECT symbol, max(last_trade_id) FROM candles WHERE open_time >= %s GROUP BY symbol"


class _Answer(msgspec.Struct):
    data: list[Candle]


class Signs:
    """Looks for them; one thread's."""

    def __init__(self, settings: Settings, published: Published) -> None:
        self._settings = settings
        self._symbols = settings.named_symbols
        self._published = published
        self._api = httpx.Client(base_url=f"http://127.0.0.1:{settings.port('api')}", trust_env=False, timeout=2)
        self._redis = open_client(settings)
        self._looks: dict[str, Callable[[Moment], Mapping[str, int]]] = {
            "kafka": self._in_kafka,
            "stream": self._in_candles,
            "write": self._in_postgres,
            "postgres": self._in_postgres,
            "tickers": self._in_redis,
            "redis": self._in_redis,
            "serve": self._in_answers,
        } | {f"connect-{number}": self._in_kafka for number in range(CONNECTORS)}

    def close(self) -> None:
        """Let go of the connections."""
        self._api.close()
        self._redis.close()

    def shows(self, victim: str, killed: Moment) -> bool:
        """Whether it works again; `killed`: how far the exchange was when it died."""
        with suppress(*_AWAY):
            newest = self._looks[victim](killed)
            return any(newest.get(symbol, -1) > killed.newest.get(symbol, -1) for symbol in self._of(victim))
        return False

    def _of(self, victim: str) -> Iterable[str]:
        kind, _, number = victim.partition("-")
        if kind != "connect":
            return self._symbols
        return [symbol for symbol in self._symbols if shard_of(symbol, CONNECTORS) == int(number)]

    def _in_kafka(self, _: Moment) -> Mapping[str, int]:
        return {symbol: self._published.newest_id(symbol) for symbol in self._symbols}

    def _in_candles(self, killed: Moment) -> Mapping[str, int]:
        """Of the minute of the kill and later ones."""
        newest: dict[str, int] = {}
        for (symbol, open_ms), candle in self._published.candles.items():
            if open_ms >= _minute(killed):
                newest[symbol] = max(newest.get(symbol, -1), candle.last_trade_id or -1)
        return newest

    def _in_postgres(self, killed: Moment) -> Mapping[str, int]:
        with closing(connect(self._settings)) as conn:
            return dict(conn.execute(_NEWEST, (_minute(killed),)).fetchall())

    def _in_redis(self, _: Moment) -> Mapping[str, int]:
        values = self._redis.mget([live_key("price", symbol) for symbol in self._symbols])
        prices = (msgspec.json.decode(value, type=LastPrice) for value in values if value)
        return {price.symbol: price.trade_id for price in prices}

    def _in_answers(self, _: Moment) -> Mapping[str, int]:
        symbol = self._symbols[0]
        answer = self._api.get(f"/api/v1/analytics/klines/{symbol}", params={"limit": 2})
        if answer.status_code != 200:
            return {}
        rows = msgspec.json.decode(answer.content, type=_Answer).data
        return {symbol: max((row.last_trade_id or -1 for row in rows), default=-1)}


def _minute(moment: Moment) -> int:
    return moment.at_ms // MINUTE_MS * MINUTE_MS
