"""`wickstream symbols add` and `remove` against a registry that runs, and against nobody."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.conftest import IsolatedSettings
from tests.listed_market import LISTED, NOW_MS, Stage, empty_events, play
from wickstream.errors import Mistake
from wickstream.exchange.symbols.registry import read_table
from wickstream.operate import wishes
from wickstream.operate.wishes import Followed, rows_of, tell

pytestmark = pytest.mark.stack


@pytest.fixture
def bus(kafka: str) -> str:
    """The broker, with an empty `symbol_events`."""
    empty_events(kafka)
    return kafka


def test_the_connector_takes_wishes_over_within_seconds(bus: str) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.running("BTCUSDT,ETHUSDT") as registry:
            began_s = time.monotonic()
            added = await asyncio.to_thread(tell, stage.settings(), ["BNBUSDT", "BTCUSDT"], "added")
            removed = await asyncio.to_thread(tell, stage.settings(), ["ETHUSDT"], "removed")
            assert time.monotonic() - began_s < wishes.TAKEN_OVER_S
            assert registry.mine == {"BTCUSDT", "BNBUSDT"}
        assert not added.waiting
        assert not removed.waiting
        assert added.rows[0] == Followed(
            symbol="BNBUSDT",
            status="TRADING",
            followed=True,
            chosen_by="operator",
            shard="0/1",
            since=NOW_MS,
            wish="added",
        )
        assert removed.rows == [
            Followed(symbol="ETHUSDT", status="TRADING", followed=False, since=NOW_MS, wish="removed")
        ]

    play(bus, scene)

    assert [(row.symbol, row.chosen_by) for row in rows_of(read_table(bus))] == [
        ("BNBUSDT", "operator"),
        ("BTCUSDT", "operator"),
        ("ETHUSDT", None),
    ]


def test_an_unknown_symbol_is_refused_with_near_names_and_nothing_is_published(bus: str) -> None:
    async def scene(stage: Stage) -> None:
        with pytest.raises(Mistake, match="BTCUSD: did you mean BTCUSDT"):
            await asyncio.to_thread(tell, stage.settings(), ["ETHUSDT", "BTCUSD"], "added")

    play(bus, scene)

    assert rows_of(read_table(bus)) == []


def test_a_replay_keeps_its_symbols_because_it_waits_for_all_of_them(tmp_path: Path) -> None:
    replay = IsolatedSettings(data_dir=tmp_path, source="replay:0123456789ab")

    with pytest.raises(Mistake, match="a replay waits"):
        tell(replay, ["BTCUSDT"], "removed")


def test_a_wish_nobody_answers_is_kept_for_the_connector_that_starts(bus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wishes, "TAKEN_OVER_S", 0.2)

    async def scene(stage: Stage) -> None:
        taken = await asyncio.to_thread(tell, stage.settings(), ["ETHUSDT"], "removed")
        assert taken.waiting == ["ETHUSDT"]
        assert taken.rows == [Followed(symbol="ETHUSDT", wish="removed")]
        async with stage.running("all") as registry:
            assert registry.mine == set(LISTED) - {"ETHUSDT"}

    play(bus, scene)
