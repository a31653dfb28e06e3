"""Every question of every dashboard, asked of a running stack as Grafana asks it: no error, and none is left empty.

What is rightly empty in good health has its case here: a hole, ids that are nowhere, a halt, a revised minute, a record
that nobody can read, a listener who floods and one who is refused.
"""

import json
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as open_socket
from websockets.typing import Origin

from tests.conftest import SettingsMaker
from tests.dashboards import Asked, questions
from tests.grafana import Shown, expanded
from tests.running import Launcher, wait_until
from tests.scraped_stack import SCRAPE_S, Scraper
from tests.whole_stack import CAPTURES, WholeStack
from wickstream.bus.codec import HEADERS, encode
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.bus.topics import FEED_GAPS, PROCESSED_AGGS
from wickstream.events import Gap, GapStatus
from wickstream.operate.servers.local import with_local_addresses
from wickstream.store.warm.database import connect

pytestmark = [pytest.mark.stack, pytest.mark.system_program("promtool"), pytest.mark.timeout(600)]

SYMBOLS = ("BTCUSDT", "ETHUSDT")
HOUR_MS = 3_600_000
CLOSED = 10  # minutes of each symbol in the recordings, at least
SQL = [one for one in questions() if one.sql]
PROM = [one for one in questions() if not one.sql]


class Watched:
    """A stack that played the recordings, with Prometheus beside it, and everything that may go wrong gone wrong."""

    def __init__(self, stack: WholeStack, scraper: Scraper) -> None:
        self.stack, self.scraper = stack, scraper
        self.settings = with_local_addresses(stack.settings)
        self.now_ms = 0  # when all of it had happened

    def play(self) -> None:
        """From the first frame to the last; its times are moved to now."""
        self.stack.up(*(f"--replay={file}" for file in CAPTURES["spot"]), "--speed=max")
        wait_until(
            lambda: all(len(self.closed(one)) >= CLOSED for one in SYMBOLS), deadline_s=PATIENCE_S, what="closed"
        )

    def closed(self, symbol: str) -> list[dict[str, Any]]:
        """The candles that are there."""
        return self.stack.klines(symbol, closed_only="true", limit=1000)

    def trouble(self) -> None:
        """Publish what the stack has to cope with, and wait until it has."""
        candle = self.closed(SYMBOLS[0])[-3]
        first, at_ms = candle["first_trade_id"], candle["open_time"]
        hole = Gap(SYMBOLS[0], first + 5, first + 14, None, at_ms, GapStatus.OPEN)
        nowhere = Gap(SYMBOLS[0], 1_000, 1_009, None, at_ms, GapStatus.OPEN)
        halt = Gap(SYMBOLS[0], None, None, at_ms - HOUR_MS, at_ms, GapStatus.HALTED, evidence="nobody traded")
        revised = {name: value for name, value in candle.items() if name not in DERIVED}
        revised |= {"revision": 1, "published_at": candle["published_at"] + 1}
        producer = IdempotentProducer(self.settings.kafka)
        for topic, value in (
            (FEED_GAPS, encode(hole)),
            (FEED_GAPS, encode(nowhere)),
            (FEED_GAPS, encode(halt)),
            (PROCESSED_AGGS, json.dumps(revised).encode()),
            (PROCESSED_AGGS, b"neither JSON nor a candle"),
        ):
            producer.publish(Record(topic, SYMBOLS[0], value, HEADERS))
        producer.flush()
        for name in ("repaired_ids_total", "open_gaps", "dead_letters_total", 'tier_writes_total{tier="cold-trades"}'):
            self._counts(f"wickstream_{name}")
        wait_until(
            lambda: any(one["revision"] for one in self.closed(SYMBOLS[0])), deadline_s=PATIENCE_S, what="revised"
        )

    def _counts(self, metric: str) -> None:
        wait_until(lambda: self.scraper.total(metric) > 0, deadline_s=PATIENCE_S, what=f"{metric} above 0")

    def listen(self) -> None:
        """As one who says too much, and one who comes from elsewhere."""
        address = f"ws://127.0.0.1:{self.settings.port('api')}/ws/btcusdt@trade"
        with suppress(ConnectionClosed), open_socket(address, proxy=None) as talker:
            for _ in range(50):
                talker.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
            while True:
                talker.recv(10)
        with pytest.raises(InvalidStatus):
            open_socket(address, proxy=None, origin=Origin("http://elsewhere.example"))

    def is_scraped(self, times: int) -> bool:
        """So often, while the API was asked."""
        self.stack.get("/api/v1/market/realtime")
        return min(self.scraper.scrapes()) >= times


DERIVED = {"vwap", "price_change_pct", "buy_sell_ratio"}
SCRAPES = 6  # of everything, so that it has a rate
PATIENCE_S = 150.0  # what takes seconds, on a machine that does ten other things


@pytest.fixture(scope="module")
def watched(make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("dashboards")
    settings = make_settings(folder / "data")
    stack, scraper, launcher = WholeStack(settings), Scraper(settings, folder), Launcher()
    launcher.start(scraper.spec)
    watched = Watched(stack, scraper)
    try:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("COLD_COMMIT_SECONDS", "2")
            watched.play()
        watched.trouble()
        watched.listen()
        enough = min(scraper.scrapes()) + SCRAPES
        wait_until(lambda: watched.is_scraped(enough), deadline_s=PATIENCE_S, what="scraped often enough")
        watched.now_ms = time.time_ns() // 1_000_000
        yield watched
    finally:
        stack.command("down")
        launcher.close()


@pytest.fixture(scope="module")
def reader(watched: Watched) -> Iterator["psycopg.Connection"]:
    """As Grafana connects: as the role that only reads, a few seconds at a time."""
    with closing(connect(watched.settings, reads_only=True)) as conn:
        conn.autocommit = True
        assert conn.info.user == watched.settings.postgres_read_user
        yield conn


def shown(asked: Asked, now_ms: int) -> Shown:
    """The last two hours, in candles of five minutes; several symbols where several may be chosen."""
    symbol = SYMBOLS if asked.uid == "wickstream-trading" else SYMBOLS[0]
    chosen = {"symbol": symbol, "quote": "USDT", "interval": "300000"}
    return Shown(now_ms - 2 * HOUR_MS, now_ms, 30 if asked.sql else SCRAPE_S, SCRAPE_S, chosen)


@pytest.mark.parametrize("asked", SQL, ids=lambda asked: asked.name)
def test_postgresql_has_an_answer(
    watched: Watched, reader: psycopg.Connection, asked: Asked, figures: dict[str, Any]
) -> None:
    cursor = reader.execute(expanded(asked.sql or "", shown(asked, watched.now_ms)))
    rows = cursor.fetchall()

    figures["rows"] = [dict(zip(names_of(cursor), map(str, row), strict=True)) for row in rows[:3]]
    assert rows
    assert all(
        any(row[at] is not None for row in rows) for at in range(len(rows[0])) if names_of(cursor)[at] != "minute"
    )
    if asked.target["format"] == "time_series":
        assert_is_series(cursor, rows)


def names_of(cursor: psycopg.Cursor[Any]) -> list[str]:
    return [column.name for column in cursor.description or ()]


def assert_is_series(cursor: psycopg.Cursor[Any], rows: list[tuple[Any, ...]]) -> None:
    """As Grafana takes one: `time` in order, perhaps the name `metric`, and numbers."""
    types = {column.name: column.type_display for column in cursor.description or ()}
    assert types.pop("time") == "timestamptz"
    assert types.pop("metric", "text") == "text"
    assert types
    assert set(types.values()) <= {"int8", "int4", "float8"}
    times = [row[names_of(cursor).index("time")] for row in rows]
    assert times == sorted(times)


@pytest.mark.parametrize("asked", PROM, ids=lambda asked: asked.name)
def test_prometheus_has_an_answer(watched: Watched, asked: Asked, figures: dict[str, Any]) -> None:
    found = watched.scraper.series(asked.target, shown(asked, watched.now_ms))

    figures["series"] = [{**labels, "last": values[-1]} for labels, values in found if values][:3]
    assert figures["series"]
