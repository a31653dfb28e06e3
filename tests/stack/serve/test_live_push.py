"""Live push on real servers: what is published is heard, as it is, once and in order."""

import itertools
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from decimal import Decimal

import msgspec
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.alerts import whale
from tests.conftest import SettingsMaker
from tests.running import Launcher
from tests.scripted_source import ticker_frame, trade_frame
from tests.serving import served
from tests.stored_market import forming_candle, store_market
from wickstream.bus.codec import HEADERS, encode
from wickstream.bus.producer import IdempotentProducer, Record, TransactionalProducer
from wickstream.bus.topics import ALERTS, PROCESSED_AGGS, RAW_TICKERS, RAW_TRADES, create_topics
from wickstream.candle import Candle
from wickstream.config import Settings
from wickstream.operate.servers.local import kafka_spec
from wickstream.serve.app import build_app
from wickstream.store.lane.live import Change, Clock, LiveWriter

pytestmark = pytest.mark.stack

SYMBOL = "PUSHUSDT"


def publish(kafka: str, *records: Record) -> None:
    producer = IdempotentProducer(kafka)
    for record in records:
        producer.publish(record)
    producer.flush()


def trades(symbol: str, *ids: int) -> list[Record]:
    return [Record(RAW_TRADES, symbol, trade_frame(number, symbol)) for number in ids]


@contextmanager
def listening(address: str, *streams: str) -> Iterator[ClientConnection]:
    url = address.replace("http", "ws") + "/ws/" + "/".join(streams)
    with connect(url, proxy=None, max_queue=None) as client:
        client.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
        while "result" not in json.loads(client.recv(10)):
            pass
        yield client


def grown(trade_count: int, **values: object) -> Candle:
    return msgspec.structs.replace(forming_candle(SYMBOL), trade_count=trade_count, **values)


def announce(settings: Settings, candle: Candle) -> None:
    with closing(LiveWriter(settings)) as writer:
        writer.write([Change(SYMBOL, None, None, candle)], Clock(candle.open_time, 0, None))


def wait_until_heard(address: str, kafka: str) -> None:
    """Publish until somebody hears it: then the consumer stands at the topics' ends."""
    with listening(address, "beginusdt@trade") as client:
        for number in itertools.count():
            publish(kafka, *trades("BEGINUSDT", number))
            with suppress(TimeoutError):
                client.recv(0.5)
                return


@pytest.fixture(scope="module")
def stored(postgres: Settings, redis: Settings, kafka: str) -> Settings:
    create_topics(kafka)
    settings = redis.model_copy(
        update={"ticker_symbols": (SYMBOL,), "source": "demo", "kafka_bootstrap_servers": kafka}
    )
    store_market(settings, SYMBOL)
    return settings


@pytest.fixture(scope="module")
def address(stored: Settings) -> Iterator[str]:
    with served(build_app(stored)) as address:
        wait_until_heard(address, stored.kafka)
        yield address


def test_a_trade_is_heard_byte_for_byte_before_it_is_committed(address: str, kafka: str) -> None:
    producer = TransactionalProducer(kafka, transactional_id="spot-push")
    producer.fence()
    with listening(address, "committedusdt@trade") as client:
        # Reaching into the producer: its transaction stays open.
        producer._producer.begin_transaction()
        record = trades("COMMITTEDUSDT", 7)[0]
        producer._produce(record.topic, record.key, (record.value,), record.headers)
        producer._producer.flush(10)
        assert client.recv(10, decode=False) == record.value
        producer._producer.abort_transaction(10)
        producer.publish(trades("COMMITTEDUSDT", 7, 8))
        assert json.loads(client.recv(10))["t"] == 8


def test_tickers_and_alerts_are_heard_as_they_were_published(address: str, kafka: str) -> None:
    alert = encode(whale(symbol="LOUDUSDT"))
    with listening(address, "loudusdt@ticker", "!alerts") as client:
        ticker = ticker_frame(symbol="LOUDUSDT")
        publish(kafka, Record(RAW_TICKERS, "LOUDUSDT", ticker))
        assert client.recv(10, decode=False) == ticker
        publish(kafka, *[Record(ALERTS, "LOUDUSDT", alert, HEADERS)] * 2)
        assert client.recv(10, decode=False) == alert


def test_a_kline_goes_on_from_what_is_stored_and_is_closed_once(address: str, stored: Settings) -> None:
    streams = "/".join(f"{SYMBOL.lower()}@kline_{interval}" for interval in ("1m", "5m"))
    with connect(f"{address.replace('http', 'ws')}/ws/{streams}", proxy=None) as client:
        frames = [json.loads(client.recv(10))["k"] for _ in range(2)]
        assert {frame["i"]: (frame["n"], frame["x"]) for frame in frames} == {"1m": (11, False), "5m": (11, False)}

        announce(stored, grown(12, high=Decimal(150)))
        frames = [json.loads(client.recv(10))["k"] for _ in range(2)]
        assert {frame["i"]: (frame["n"], frame["h"]) for frame in frames} == dict.fromkeys(
            ("1m", "5m"), (12, "150.00000000")
        )
        closed = grown(13, closed=True)
        publish(stored.kafka, *[Record(PROCESSED_AGGS, SYMBOL, encode(closed), HEADERS)] * 2)
        told = []
        while ("1m", True) not in told:
            frame = json.loads(client.recv(10))["k"]
            told.append((frame["i"], frame["x"]))
        assert (frame["t"], frame["n"], frame["L"]) == (closed.open_time, 13, closed.last_trade_id)
        assert [one for one in told if one[1]] == [("1m", True)]


def test_trades_come_each_once_and_in_order_through_a_broker_that_was_killed(
    make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory, launcher: Launcher
) -> None:
    own = make_settings(tmp_path_factory.mktemp("broker"), source="demo")
    spec = kafka_spec(own)
    broker = launcher.start(spec)
    create_topics(own.kafka)
    with served(build_app(own)) as address:
        wait_until_heard(address, own.kafka)
        with listening(address, "btcusdt@trade") as client:
            publish(own.kafka, *trades("BTCUSDT", 1, 2))
            assert [json.loads(client.recv(10))["t"] for _ in range(2)] == [1, 2]
            broker.kill()
            launcher.start(spec)
            publish(own.kafka, *trades("BTCUSDT", 2, 3, 4, 3, 5))
            assert [json.loads(client.recv(30))["t"] for _ in range(3)] == [3, 4, 5]
