"""R7 and R8: a store is killed and comes back. What the others hold is served meanwhile, and nothing is lost."""

import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import SettingsMaker
from tests.emptied_topics import empty_topics
from tests.mortal_writer import writing
from tests.running import Launcher, Running, wait_until
from tests.sample_market import a_candle
from tests.serving import served
from tests.tier_contents import read_cold, read_hot, read_warm
from wickstream.bus.codec import encode
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import PROCESSED_AGGS, create_topics
from wickstream.candle import Candle, plain
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.operate.servers.local import postgres_spec, redis_spec, with_local_addresses
from wickstream.serve.app import build_app
from wickstream.store.hot.hour import open_client
from wickstream.store.lane.live import Change, Clock, LiveWriter
from wickstream.store.tiers import Cold, Hot, Warm
from wickstream.store.warm.migrations import migrate

pytestmark = pytest.mark.stack

MINUTES = 240
HOT_MINUTES = 61
READS = {"hot": read_hot, "warm": read_warm, "cold": read_cold}

AWAY_S = [
    pytest.param(2, id="2 s"),
    pytest.param(120, id="120 s", marks=(pytest.mark.slow, pytest.mark.timeout(400))),
]


class Market:
    """Three tiers with some hours of one symbol's candles, which go on."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.symbol = settings.ticker_symbols[0]
        self.klines = f"/api/v1/analytics/klines/{self.symbol}"
        self.rows: list[Candle] = []
        self._producer = IdempotentProducer(settings.kafka)

    def goes_on(self, minutes: int) -> None:
        """So many more close; the clock of the live lane stands after the last."""
        begin = len(self.rows)
        fresh = [a_candle(number, symbol=self.symbol) for number in range(begin, begin + minutes)]
        for candle in fresh:
            self._producer.publish(Record(PROCESSED_AGGS, self.symbol, encode(candle)))
        self._producer.flush()
        self.rows += fresh

    def is_in(self, tier: str) -> bool:
        """Tell whether it holds all of it; the hot one the last hour."""
        rows = self.rows[-HOT_MINUTES:] if tier == "hot" else self.rows
        with suppress(StoreBusy):
            return READS[tier](self.settings, self.symbol) == rows
        return False

    def until_in(self, *tiers: str) -> float:
        """Wait for it; returns the seconds it took."""
        began_s = time.monotonic()
        for tier in tiers:
            wait_until(partial(self.is_in, tier), deadline_s=60, what=f"all of it in the {tier} tier")
        return round(time.monotonic() - began_s, 2)

    def tells_the_time(self) -> None:
        """As the live lane does."""
        at_ms = self.rows[-1].close_time + 2_000
        with closing(LiveWriter(self.settings)) as lane:
            lane.write([Change(self.symbol, None, None, None)], Clock(at_ms, time.time_ns() // 1_000_000, at_ms))


class Visitor:
    """Asks the API, and remembers what it was answered."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address, trust_env=False, timeout=30)
        self.statuses: Counter[int] = Counter()
        self.slowest_s = 0.0

    def ask(self, path: str, **query: Any) -> httpx.Response:
        """One question."""
        answer = self._client.get(path, params=query)
        self.statuses[answer.status_code] += 1
        self.slowest_s = max(self.slowest_s, round(answer.elapsed.total_seconds(), 3))
        return answer

    def close(self) -> None:
        """Leave."""
        self._client.close()


class Servers:
    """A Redis and a PostgreSQL that may be killed."""

    def __init__(self, settings: Settings, launcher: Launcher) -> None:
        self._launcher = launcher
        self._specs = {"redis": redis_spec(settings), "postgres": postgres_spec(settings)}
        self._running: dict[str, Running] = {}

    def start_all(self) -> None:
        """Those that do not run."""
        for name in self._specs:
            if name not in self._running or self._running[name].process.poll() is not None:
                self.start(name)

    def start(self, name: str) -> None:
        """As `up` does after it died."""
        self._running[name] = self._launcher.start(self._specs[name])

    def kill(self, name: str) -> None:
        """As `kill -9`, of PostgreSQL the one that listens."""
        self._running[name].kill()


@pytest.fixture(scope="module")
def own(make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the servers that are killed."""
    return make_settings(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def servers(own: Settings, launcher: Launcher) -> Servers:
    """To be started."""
    return Servers(own, launcher)


@pytest.fixture
def market(servers: Servers, own: Settings, settings: Settings, kafka: str, tmp_path: Path) -> Iterator[Market]:
    """In all three tiers, with a writer that goes on writing."""
    servers.start_all()
    create_topics(kafka)
    empty_topics(kafka)
    there = with_local_addresses(own)
    names = [name for name in type(there).model_fields if name.startswith(("redis_", "postgres_"))]
    named = {"ticker_symbols": (f"T{uuid.uuid4().hex[:8].upper()}USDT",), "source": "demo"}
    lake = {"cold_url": f"file:{tmp_path / 'lake'}", "cold_commit_seconds": 0.2}
    addresses = {"kafka_bootstrap_servers": kafka} | {name: getattr(there, name) for name in names}
    market = Market(settings.model_copy(update=addresses | named | lake))
    migrate(market.settings)
    with closing(open_client(market.settings)) as client:
        client.flushall()  # the clock of the test before stands later than this one's
    with writing(market.settings, (Hot, Warm, Cold)):
        market.goes_on(MINUTES)
        market.until_in("hot", "warm", "cold")
        market.tells_the_time()
        yield market


@pytest.fixture
def visitor(market: Market) -> Iterator[Visitor]:
    """Of an API over all of it."""
    with served(build_app(market.settings)) as address, closing(Visitor(address)) as visitor:
        yield visitor


@pytest.mark.parametrize("away_s", AWAY_S)
def test_without_redis_postgresql_answers_and_the_hot_hour_comes_back_with_it(
    market: Market, servers: Servers, visitor: Visitor, figures: dict[str, Any], away_s: float
) -> None:
    assert "hot" in visitor.ask(market.klines).json()["sources"]
    board = "/api/v1/market/realtime"
    servers.kill("redis")
    end_s = time.monotonic() + away_s
    while time.monotonic() < end_s:
        market.goes_on(1)
        market.until_in("warm")
        body = visitor.ask(market.klines, limit=500, closed_only="true").json()
        assert [row["open_time"] for row in body["data"]] == [row.open_time for row in market.rows[-500:]]
        assert body["sources"][:2] == ["demo", "warm"]
        assert visitor.ask(board).json()["data"][0]["last_price"] == plain(market.rows[-1].close)
        for path in ("/api/v1/system/health", "/readyz", "/livez", "/metrics", "/version"):
            visitor.ask(path)
    assert set(visitor.statuses) == {200}
    servers.start("redis")

    figures["rebuilt_s"] = market.until_in("hot")
    figures["answers"], figures["slowest_s"] = visitor.statuses.total(), visitor.slowest_s
    market.tells_the_time()
    assert "hot" in visitor.ask(market.klines).json()["sources"]


@pytest.mark.parametrize("away_s", AWAY_S)
def test_without_postgresql_the_hot_hour_is_served_and_what_is_older_from_the_lake_or_refused_at_once(
    market: Market, servers: Servers, visitor: Visitor, figures: dict[str, Any], tmp_path: Path, away_s: float
) -> None:
    older = {"start": market.rows[0].open_time, "end": market.rows[30].open_time}
    served_before = visitor.ask(market.klines, **older).json()["data"]
    without_lake = market.settings.model_copy(update={"cold_url": f"file:{tmp_path / 'none'}"})
    with served(build_app(without_lake)) as address, closing(Visitor(address)) as lost:
        servers.kill("postgres")
        end_s = time.monotonic() + away_s
        while time.monotonic() < end_s:
            assert_newest_is_served(market, visitor)
            assert visitor.ask(market.klines, **older).json()["data"] == served_before
            refused = lost.ask(market.klines, **older)
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) >= 1
            assert_newest_is_served(market, lost)
            market.goes_on(1)
            market.until_in("hot", "cold")
            market.tells_the_time()
    assert set(visitor.statuses) == {200}
    servers.start("postgres")

    figures["caught_up_s"] = market.until_in("warm")
    figures["refusals"], figures["slowest_refusal_s"] = lost.statuses[503], lost.slowest_s
    assert market.is_in("hot")
    assert market.is_in("cold")


def assert_newest_is_served(market: Market, visitor: Visitor) -> None:
    """The last half hour, which moves on."""
    rows = market.rows[-30:]
    served = visitor.ask(market.klines, start=rows[0].open_time, end=rows[-1].open_time).json()["data"]
    facts = ("open_time", "close_time", "trade_count", "first_trade_id", "last_trade_id", "closed")
    assert [[row[name] for name in facts] for row in served] == [[getattr(row, name) for name in facts] for row in rows]
