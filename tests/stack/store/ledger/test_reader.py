"""What repair asks of PostgreSQL, and the right to do so."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from tests.candles import MIDNIGHT_MS, minute
from tests.running import wait_until
from wickstream.config import Settings
from wickstream.errors import StoreBusy
from wickstream.events import MINUTE_MS, Gap, GapStatus
from wickstream.store.ledger.reader import LedgerReader
from wickstream.store.warm.database import conninfo
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack


def gap(first: int, last: int, status: GapStatus = GapStatus.OPEN, *, symbol: str = "BTCUSDT") -> Gap:
    return Gap(symbol, first, last, None, MIDNIGHT_MS, status, "rest", "why")


@pytest.fixture
def ledger(database: Settings) -> Iterator[LedgerReader]:
    with closing(LedgerReader(database)) as ledger:
        yield ledger


def test_open_entries_are_given_and_what_stands_within_them(database: Settings, ledger: LedgerReader) -> None:
    halt = Gap("BTCUSDT", None, None, MIDNIGHT_MS, MIDNIGHT_MS, GapStatus.HALTED)
    open_one, within, beside = gap(10, 20), gap(15, 20, GapStatus.REPAIRED), gap(21, 30, GapStatus.REPAIRED)
    foreign = gap(15, 20, GapStatus.REPAIRED, symbol="ETHUSDT")
    with closing(WarmWriter(database)) as writer:
        writer.write([], gaps=[halt, open_one, within, beside, foreign])

    assert ledger.claim()
    assert sorted(ledger.entries(), key=lambda entry: entry.first_trade_id or 0) == [open_one, within]


def test_stored_candles_are_given_as_they_are(database: Settings, ledger: LedgerReader) -> None:
    held = [minute(number=0), minute(number=1, closed=False)]
    with closing(WarmWriter(database)) as writer:
        writer.write(held)

    assert ledger.claim()
    asked = [MIDNIGHT_MS, MIDNIGHT_MS + MINUTE_MS, MIDNIGHT_MS + 2 * MINUTE_MS]
    assert ledger.candles("BTCUSDT", asked) == {candle.open_time: candle for candle in held}


def test_one_repairs_at_a_time(database: Settings, ledger: LedgerReader) -> None:
    with closing(LedgerReader(database)) as other:
        assert ledger.claim()
        assert not other.claim()

        ledger.release()
        assert other.claim()
        assert not ledger.claim()
    wait_until(ledger.claim, what="the right of the one that has gone")


def test_a_right_that_was_claimed_twice_is_free_when_it_was_released_once(
    database: Settings, ledger: LedgerReader
) -> None:
    with closing(LedgerReader(database)) as other:
        assert ledger.claim()
        assert ledger.claim()

        ledger.release()
        assert other.claim()


def test_a_lost_connection_is_a_busy_store_and_the_right_has_to_be_claimed_anew(
    database: Settings, ledger: LedgerReader
) -> None:
    assert ledger.claim()
    with psycopg.connect(conninfo(database), autocommit=True) as conn:
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")

    with pytest.raises(StoreBusy):
        ledger.entries()
    with pytest.raises(StoreBusy, match="right to repair"):
        ledger.entries()
    ledger.release()
    assert ledger.claim()
    assert ledger.entries() == []


def test_the_right_of_a_machine_that_vanished_is_free_within_half_a_minute(database: Settings) -> None:
    with psycopg.connect(conninfo(database)) as conn:
        names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
        idle_s, between_s, times = (int((conn.execute(f"SHOW {name}").fetchone() or [0])[0]) for name in names)
    assert 0 < idle_s + between_s * times < 30


def test_a_database_without_our_tables_is_waited_for(empty_database: Settings) -> None:
    with closing(LedgerReader(empty_database)) as ledger:
        assert ledger.claim()
        with pytest.raises(StoreBusy):
            ledger.entries()
