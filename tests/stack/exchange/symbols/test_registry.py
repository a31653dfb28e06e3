"""The registry on a real broker: what it writes down, what it takes over, what the operator gets."""

import asyncio
from collections.abc import Mapping
from functools import partial

import pytest

from tests.listed_market import LISTED, NOW_MS, Stage, empty_events, eventually, play, written
from wickstream.bus import topics
from wickstream.bus.codec import encode
from wickstream.bus.producer import IdempotentProducer, Record
from wickstream.errors import Mistake
from wickstream.events import Author, SymbolEvent
from wickstream.exchange.symbols.registry import Registry

pytestmark = pytest.mark.stack


@pytest.fixture
def bus(kafka: str) -> str:
    """The broker, with an empty `symbol_events`."""
    empty_events(kafka)
    return kafka


def wish(kafka: str, **wishes: str) -> None:
    """What `wickstream symbols add` and `remove` publish."""
    producer = IdempotentProducer(kafka)
    for symbol, status in wishes.items():
        event = SymbolEvent(symbol, Author.OPERATOR, status, NOW_MS)
        producer.publish(Record(topics.SYMBOL_EVENTS, event.key, encode(event)))
    producer.flush()


def is_status(registry: Registry, symbol: str, status: str) -> bool:
    return registry.statuses.get(symbol) == status


def test_a_list_is_written_down_with_statuses_and_shards(bus: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.market.statuses["ETHUSDT"] = "BREAK"
        async with stage.running("BTCUSDT,ETHUSDT") as registry:
            assert registry.mine == {"BTCUSDT", "ETHUSDT"}
            assert registry.statuses["ETHUSDT"] == "BREAK"

    play(bus, scene)

    said = {event.symbol: event for event in written(bus)}
    assert {(e.symbol, e.status, e.chosen, e.chosen_by, e.shard, e.since) for e in said.values()} == {
        ("BTCUSDT", "TRADING", True, "list", "0/1", NOW_MS),
        ("ETHUSDT", "BREAK", True, "list", "0/1", NOW_MS),
    }


def test_an_unknown_symbol_is_refused_on_the_very_first_start_only(bus: str) -> None:
    async def scene(stage: Stage) -> None:
        with pytest.raises(Mistake, match="BTCUSD: did you mean BTCUSDT"):
            async with stage.running("BTCUSD,ETHUSDT"):
                pass
        async with stage.running("ETHUSDT"):
            pass
        async with stage.running("ETHUSDT,BTCUSD") as registry:
            assert registry.mine == {"ETHUSDT"}

    play(bus, scene)


def test_a_rule_that_chooses_nothing_is_refused_on_the_very_first_start(bus: str) -> None:
    async def scene(stage: Stage) -> None:
        with pytest.raises(Mistake, match="quote=USDD chooses no symbol: did you mean USDT"):
            async with stage.running("quote=USDD"):
                pass

    play(bus, scene)


def test_a_later_start_asks_the_exchange_nothing_before_it_knows_what_to_follow(bus: str) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.running("quote=USDT") as registry:
            before = registry.mine
        stage.market.asked.clear()
        again = stage.registry("quote=USDT")
        await again.open()

        assert again.mine == before
        assert not [path for path, _ in stage.market.asked if path != "/api/v3/time"]

    play(bus, scene)


def test_the_operator_s_wish_takes_effect_while_it_runs_and_after_a_restart(bus: str) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.running("BTCUSDT,ETHUSDT") as registry:
            registry.changed.clear()
            await asyncio.to_thread(wish, bus, BNBUSDT="added", ETHUSDT="removed")
            await eventually(lambda: registry.mine == {"BTCUSDT", "BNBUSDT"})
            assert registry.changed.is_set()
        async with stage.running("BTCUSDT,ETHUSDT") as registry:
            assert registry.mine == {"BTCUSDT", "BNBUSDT"}

    play(bus, scene)


def test_every_wish_is_answered_also_one_that_changes_nothing_or_cannot_be_fulfilled(bus: str) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.running("BTCUSDT") as registry:
            await asyncio.to_thread(wish, bus, BTCUSDT="added", NOSUCH="added")
            await stage.said_of("NOSUCH")
            assert registry.mine == {"BTCUSDT"}

    play(bus, scene)

    answers = [(e.symbol, e.status, e.chosen_by) for e in written(bus) if e.author is Author.EXCHANGE][1:]
    assert sorted(answers) == [("BTCUSDT", "TRADING", "operator"), ("NOSUCH", "delisted", None)]


def test_a_symbol_that_was_missed_is_followed_when_it_is_there(bus: str) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.running("BTCUSDT"):
            pass
        async with stage.running("BTCUSDT,NEWUSDT") as registry:
            assert registry.mine == {"BTCUSDT"}
            stage.market.statuses["NEWUSDT"] = "TRADING"
            await eventually(lambda: registry.mine == {"BTCUSDT", "NEWUSDT"})

    play(bus, scene)


def test_statuses_are_followed_and_told_with_the_time_of_the_poll(bus: str) -> None:
    polls: list[tuple[Mapping[str, str], int]] = []

    async def scene(stage: Stage) -> None:
        async with stage.running("BTCUSDT,ETHUSDT") as registry:
            registry.on_poll = lambda statuses, at_ms: polls.append((statuses, at_ms))
            for status in ("HALT", "BREAK", "CANCEL_ONLY", "TRADING"):
                stage.market.statuses["ETHUSDT"] = status
                await eventually(partial(is_status, registry, "ETHUSDT", status))
            assert registry.mine == {"BTCUSDT", "ETHUSDT"}

    play(bus, scene)

    assert [event.status for event in written(bus) if event.symbol == "ETHUSDT"] == [
        "TRADING",
        "HALT",
        "BREAK",
        "CANCEL_ONLY",
        "TRADING",
    ]
    assert ({"BTCUSDT": "TRADING", "ETHUSDT": "HALT"}, NOW_MS) in polls


def test_a_delisted_symbol_is_not_followed_any_more_and_stops_nobody(bus: str) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.running("BTCUSDT,ETHUSDT") as registry:
            del stage.market.statuses["ETHUSDT"]
            await eventually(lambda: registry.mine == {"BTCUSDT"})
            stage.market.statuses["BTCUSDT"] = "HALT"
            await eventually(lambda: registry.statuses["BTCUSDT"] == "HALT")

    play(bus, scene)

    (last,) = [event for event in written(bus) if event.symbol == "ETHUSDT"][1:]
    assert (last.status, last.chosen) == ("delisted", False)


def test_a_symbol_that_is_listed_while_a_rule_watches_is_followed_as_listed(bus: str) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.running("quote=USDT") as registry:
            stage.market.statuses["币安人生USDT"] = "BREAK"
            looks = stage.market.looks_at_all
            await eventually(lambda: stage.market.looks_at_all > looks)
            stage.market.statuses["币安人生USDT"] = "TRADING"
            await eventually(lambda: "币安人生USDT" in registry.mine)
            assert registry.listings == {"币安人生USDT": NOW_MS}

    play(bus, scene)


def test_what_a_list_leaves_to_a_rule_is_followed_all_the_time(bus: str) -> None:
    async def scene(stage: Stage) -> None:
        async with stage.running("BTCUSDT,quote=USDT"):
            pass
        registry = stage.registry("quote=USDT")
        await registry.open()
        assert registry.mine == {"BTCUSDT", "ETHUSDT", "BNBUSDT"}

    play(bus, scene)

    assert all(event.chosen for event in written(bus))


def test_the_largest_by_volume_are_ranked_anew_while_it_runs(bus: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.market.volumes = {"BTCUSDT": "30", "ETHUSDT": "20", "BNBUSDT": "10"}
        async with stage.running("quote=USDT:top=2") as registry:
            assert registry.mine == {"BTCUSDT", "ETHUSDT"}
            stage.market.volumes["BNBUSDT"] = "25"
            await eventually(lambda: registry.mine == {"BTCUSDT", "BNBUSDT"})

    play(bus, scene)


def test_several_connectors_share_the_symbols_of_one_rule_each_in_one_of_them(bus: str) -> None:
    async def scene(stage: Stage) -> None:
        opening = asyncio.create_task(stage.running("all", shard="1/2").__aenter__())
        async with stage.running("all", shard="0/2") as first:
            second = await opening
            assert not first.mine & second.mine
            await eventually(lambda: first.mine | second.mine == set(LISTED))
            assert first.mine
            assert second.mine

    play(bus, scene)
