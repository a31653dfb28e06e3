"""A Redis that came up empty has the hour again."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from typer.testing import CliRunner

from tests.candles import minute
from tests.tier_contents import read_hot
from wickstream.candle import Candle
from wickstream.cli import app
from wickstream.config import Settings, child_environment
from wickstream.errors import Mistake, StoreBusy, Unpublishable
from wickstream.store.hot.hour import HotWriter, closed_key, open_client, opened_key
from wickstream.store.hot.rebuild import rebuild
from wickstream.store.intake import Batch
from wickstream.store.tiers import Hot
from wickstream.store.warm.writer import WarmWriter

pytestmark = pytest.mark.stack


@pytest.fixture
def writer(stores: Settings) -> Iterator[HotWriter]:
    with closing(open_client(stores)) as client:
        client.delete("wickstream:hot:is-filled")
    with closing(HotWriter(stores)) as writer:
        yield writer


def kept(settings: Settings, rows: list[Candle]) -> None:
    with closing(WarmWriter(settings)) as warm:
        warm.write(rows)


def test_each_symbols_newest_hour_is_there_again(stores: Settings, writer: HotWriter, symbol: str) -> None:
    rows = [minute(symbol, number) for number in range(200)] + [minute(symbol, 200, closed=False)]
    kept(stores, rows)
    assert not writer.is_filled()
    told: list[str] = []
    assert rebuild(stores, writer, tell=lambda name, _: told.append(name)).stored == 62
    assert told == [symbol]
    assert writer.is_filled()
    assert read_hot(stores, symbol) == rows[-62:]


def test_what_is_newer_there_stays_and_a_second_time_changes_nothing(
    stores: Settings, writer: HotWriter, symbol: str
) -> None:
    kept(stores, [minute(symbol, number) for number in range(3)])
    revised = minute(symbol, 1, revision=1)
    writer.write([revised])
    assert rebuild(stores, writer).stored == 2
    assert read_hot(stores, symbol)[1] == revised
    assert rebuild(stores, writer).stored == 0


def test_without_postgresql_it_is_not_called_filled(stores: Settings, writer: HotWriter) -> None:
    with pytest.raises(StoreBusy, match="PostgreSQL"):
        rebuild(stores.model_copy(update={"postgres_port": 1}), writer)
    assert not writer.is_filled()


def test_the_writer_fills_an_empty_redis_by_itself_and_goes_on_where_postgresql_is_away(
    stores: Settings, writer: HotWriter, symbol: str
) -> None:
    rows = [minute(symbol, number) for number in range(10)]
    kept(stores, rows)
    now = 0.0
    with closing(Hot(stores.model_copy(update={"postgres_port": 1}), clock=lambda: now)) as without:
        without.take(Batch(candles=[minute(symbol, 10)]))
        assert [candle.open_time for candle in read_hot(stores, symbol)] == [minute(symbol, 10).open_time]
    with closing(Hot(stores)) as tier:
        tier.take(Batch())
        assert read_hot(stores, symbol) == [*rows, minute(symbol, 10)]
        assert writer.is_filled()


def test_the_command_fills_it_and_tells_how_much(stores: Settings, writer: HotWriter, symbol: str) -> None:
    kept(stores, [minute(symbol, number) for number in range(3)])
    runner, environment = CliRunner(), child_environment(stores)
    found = runner.invoke(app, ["rebuild", "hot"], env=environment)
    assert (found.exit_code, found.stdout) == (0, f"{symbol}: 3 candles, 0 were there\n")
    assert json.loads(runner.invoke(app, ["rebuild", "hot", "--json"], env=environment).stdout)["older"] == 3
    assert isinstance(runner.invoke(app, ["rebuild", "warm"], env=environment).exception, Mistake)


@pytest.mark.parametrize("key", [closed_key, opened_key])
def test_what_somebody_else_put_there_is_dropped_and_the_hour_is_filled_again(
    stores: Settings, writer: HotWriter, symbol: str, key: Callable[[str], str]
) -> None:
    rows = [minute(symbol, number) for number in range(3)]
    kept(stores, rows)
    rebuild(stores, writer)
    with closing(open_client(stores)) as client:
        client.delete(key(symbol))
        client.rpush(key(symbol), "no string")
    newest = [minute(symbol, 3), minute(symbol, 4, closed=False)]
    assert writer.write([*newest, minute("A" + symbol)]).stored == 3
    assert read_hot(stores, symbol) == newest
    assert not writer.is_filled()
    rebuild(stores, writer)
    assert read_hot(stores, symbol) == [*rows, *newest]


def test_candles_that_redis_will_never_take_are_no_reason_to_wait(
    stores: Settings, writer: HotWriter, symbol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_upsert", writer._client.register_script("return redis.call('NO_SUCH_COMMAND')"))
    with pytest.raises(Unpublishable, match="Redis"):
        writer.write([minute(symbol)])


def test_a_redis_that_is_full_is_waited_for(stores: Settings, writer: HotWriter, symbol: str) -> None:
    with closing(open_client(stores)) as client:
        most = str(client.config_get("maxmemory")["maxmemory"])
        client.config_set("maxmemory", 1)
        try:
            with pytest.raises(StoreBusy, match="Redis"):
                writer.write([minute(symbol)])
        finally:
            client.config_set("maxmemory", most)
    assert writer.write([minute(symbol)]).stored == 1
