"""The live lane: from uncommitted records to Redis and its announcements."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal

import pytest

from tests.candles import MIDNIGHT_MS
from tests.running import wait_until
from wickstream.bus.codec import decode
from wickstream.bus.producer import IdempotentProducer, Record, TransactionalProducer
from wickstream.bus.topics import RAW_TICKERS, RAW_TRADES, create_topics
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.events import MINUTE_MS
from wickstream.store.hot.hour import open_async_client, open_client
from wickstream.store.lane.last_trades import read_trades
from wickstream.store.lane.live import CANDLES_CHANNEL, Change, Clock, LiveWriter, Now, read_now, read_symbols
from wickstream.store.lane.tickers import follow

pytestmark = pytest.mark.stack


@pytest.fixture
def bus(kafka: str, stores: Settings) -> Settings:
    """Settings of the stores and a broker with our topics."""
    create_topics(kafka)
    return stores.model_copy(update={"kafka_bootstrap_servers": kafka})


@contextmanager
def following(settings: Settings) -> Iterator[None]:
    stop, ready = threading.Event(), threading.Event()
    thread = threading.Thread(target=follow, args=(settings,), kwargs={"stop": stop, "on_ready": ready.set})
    thread.start()
    try:
        wait_until(ready.is_set, what="the live lane ready")
        yield
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def trade_record(symbol: str, trade_id: int, *, at_ms: int, price: str = "100.5") -> Record:
    value = (
        f'{{"e":"trade","E":{MIDNIGHT_MS + at_ms},"s":"{symbol}","t":{trade_id},"p":"{price}","q":"0.2",'
        f'"T":{MIDNIGHT_MS + at_ms},"m":false,"M":true}}'
    )
    return Record(RAW_TRADES, symbol, value.encode())


def ticker_record(symbol: str, *, at_ms: int) -> Record:
    at = MIDNIGHT_MS + at_ms
    value = (
        f'{{"e":"24hrTicker","E":{at},"s":"{symbol}","p":"1","P":"1.0","w":"1","x":"1","c":"100.7","Q":"1","b":"1",'
        f'"B":"1","a":"1","A":"1","o":"99","h":"101","l":"98","v":"10","q":"1000","O":1,"C":{at},"F":1,"L":9,"n":9}}'
    )
    return Record(RAW_TICKERS, symbol, value.encode())


def publish(settings: Settings, *records: Record) -> None:
    producer = IdempotentProducer(settings.kafka)
    for record in records:
        producer.publish(record)
    producer.flush()


def seen(settings: Settings, symbol: str) -> tuple[Now, Clock | None]:
    async def read() -> tuple[Now, Clock | None]:
        async with open_async_client(settings) as client:
            (now,), clock = await read_now(client, [symbol])
            return now, clock

    return asyncio.run(read())


def heard_of(settings: Settings) -> set[str]:
    async def read() -> set[str]:
        async with open_async_client(settings) as client:
            return set(await read_symbols(client))

    return asyncio.run(read())


def last_ids(settings: Settings, symbol: str) -> list[int]:
    async def read() -> list[int]:
        async with open_async_client(settings) as client:
            return [row.trade_id for row in await read_trades(client, symbol, limit=1_000)]

    return asyncio.run(read())


def forming(settings: Settings, symbol: str) -> tuple[int, int | None, int | None] | None:
    candle = seen(settings, symbol)[0].forming
    return (candle.trade_count, candle.first_trade_id, candle.last_trade_id) if candle else None


def is_seen(settings: Settings, symbol: str, count: int, first: int, last: int) -> Callable[[], bool]:
    return lambda: forming(settings, symbol) == (count, first, last)


def test_ticker_price_forming_candle_and_clock_follow_the_newest(bus: Settings, symbol: str) -> None:
    with following(bus):
        publish(bus, trade_record(symbol, 1, at_ms=100), ticker_record(symbol, at_ms=1_000))
        publish(bus, trade_record(symbol, 2, at_ms=2_000, price="101"))
        wait_until(is_seen(bus, symbol, 2, 1, 2))
        wait_until(lambda: seen(bus, symbol)[0].ticker is not None)
    now, clock = seen(bus, symbol)

    assert now.price is not None
    assert (now.price.price, now.price.trade_id) == (Decimal(101), 2)
    assert now.ticker is not None
    assert now.ticker.last_price == Decimal("100.7")
    assert clock is not None
    assert clock.event_at_ms >= MIDNIGHT_MS + 2_000
    assert abs(clock.seen_at_ms - time.time_ns() // 1_000_000) < 60_000

    assert symbol in heard_of(bus)


def test_uncommitted_trades_are_seen_at_once_and_again_without_harm(bus: Settings, symbol: str) -> None:
    with following(bus):
        dying = TransactionalProducer(bus.kafka, transactional_id=f"spot-{symbol}")
        dying.fence()
        # Reaching into the producer: a process that dies between sending and committing.
        dying._producer.begin_transaction()
        record = trade_record(symbol, 1, at_ms=100)
        dying._produce(record.topic, record.key, (record.value,), record.headers)
        dying._producer.flush(10)
        wait_until(is_seen(bus, symbol, 1, 1, 1))

        heir = TransactionalProducer(bus.kafka, transactional_id=f"spot-{symbol}")
        heir.fence()
        heir.publish([trade_record(symbol, 1, at_ms=100), trade_record(symbol, 2, at_ms=200)])
        wait_until(is_seen(bus, symbol, 2, 1, 2))


def test_a_restart_finds_the_whole_running_minute_again(bus: Settings, symbol: str) -> None:
    publish(bus, *(trade_record(symbol, n, at_ms=MINUTE_MS - 500 + 100 * n) for n in range(1, 21)))
    with following(bus):
        wait_until(is_seen(bus, symbol, 16, 5, 20))
    with closing(open_client(bus)) as client:
        client.delete(f"wickstream:live:forming:{symbol}")

    with following(bus):
        wait_until(is_seen(bus, symbol, 16, 5, 20))
    assert last_ids(bus, symbol) == list(range(1, 21))


def test_a_change_is_announced_and_bursts_are_joined(bus: Settings, symbol: str) -> None:
    counts: list[int] = []
    with closing(open_client(bus)) as client, following(bus):
        listener = client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        listener.subscribe(CANDLES_CHANNEL)
        publish(bus, *(trade_record(symbol, n, at_ms=n) for n in range(2_000)))

        def all_heard() -> bool:
            message = listener.get_message(timeout=0.1)
            if message and (candle := decode(message["data"], Candle)).symbol == symbol:
                counts.append(candle.trade_count)
            return 2_000 in counts

        wait_until(all_heard)
        listener.close()

    assert counts == sorted(counts)
    assert len(counts) < 200


def test_a_symbol_that_fell_silent_for_a_day_is_forgotten(bus: Settings, symbol: str) -> None:
    quiet, day_ms = f"{symbol}Q", 86_400_000
    with closing(LiveWriter(bus)) as writer:
        writer.write([Change(quiet, None, None, None)], Clock(MIDNIGHT_MS, 0, None))
        writer.write([Change(symbol, None, None, None)], Clock(MIDNIGHT_MS + day_ms - 1, 0, None))
        assert {quiet, symbol} <= heard_of(bus)
        writer.write([Change(symbol, None, None, None)], Clock(MIDNIGHT_MS + day_ms, 0, None))

    assert quiet not in heard_of(bus)
    assert symbol in heard_of(bus)


def test_a_malformed_frame_is_passed_over(bus: Settings, symbol: str) -> None:
    with following(bus):
        publish(bus, Record(RAW_TRADES, symbol, b"{"), Record(RAW_TICKERS, symbol, b"[]"))
        publish(bus, trade_record(symbol, 1, at_ms=1))
        wait_until(is_seen(bus, symbol, 1, 1, 1))


def test_keys_go_away_by_themselves(bus: Settings, symbol: str) -> None:
    with following(bus):
        publish(bus, trade_record(symbol, 1, at_ms=1))
        wait_until(is_seen(bus, symbol, 1, 1, 1))
    with closing(open_client(bus)) as client:
        ages = [client.ttl(key) for key in client.scan_iter("wickstream:*")]

    assert ages
    assert all(0 < int(str(age)) <= 86_400 for age in ages)
