import asyncio
from collections import defaultdict
from pathlib import Path

from tests.conftest import SettingsMaker
from tests.unit.exchange.sockets_at_work import (
    BOTH,
    BOTH_STREAMS,
    MANY,
    Heard,
    more_frames,
    run,
    running,
    scaled,
    streams_of,
    until,
)
from tests.unit.exchange.stream_server import stream_server
from wickstream.binance.frames import open_envelope, parse_trade
from wickstream.exchange.local.doors.session import StreamRules
from wickstream.exchange.local.market.recording import ReplayPlan, demo_files
from wickstream.exchange.local.process import local_exchange
from wickstream.exchange.sockets.socket_rules import SocketRules
from wickstream.exchange.sockets.sockets import Sockets


def test_symbols_are_split_evenly_over_connections_both_streams_of_one_together() -> None:
    async def story() -> None:
        async with (
            stream_server() as server,
            running(Sockets(server.url, Heard(), scaled(streams_per_socket=80)), MANY),
        ):
            assert sorted(map(len, streams_of(server))) == [66, 66, 68]
            assert set().union(*streams_of(server)) == {f"{s.lower()}@{k}" for s in MANY for k in ("trade", "ticker")}
            for streams in streams_of(server):
                trades = {name.removesuffix("@trade") for name in streams if name.endswith("@trade")}
                assert {f"{name}@ticker" for name in trades} == {name for name in streams if name.endswith("@ticker")}

    run(story)


def test_symbols_come_and_go_while_the_others_flow() -> None:
    async def story() -> None:
        heard = Heard()
        async with stream_server() as server:
            sockets = Sockets(server.url, heard, scaled(streams_per_socket=6))
            async with running(sockets, BOTH):
                sockets.follow([*BOTH, "BNBUSDT"])  # there is room for it
                await asyncio.wait_for(sockets.subscribed(), 5)
                assert streams_of(server) == [BOTH_STREAMS | {"bnbusdt@trade", "bnbusdt@ticker"}]
                sockets.follow([*BOTH, "BNBUSDT", "币安人生USDT"])  # for this one there is none
                await asyncio.wait_for(sockets.subscribed(), 5)
                assert streams_of(server)[1:] == [{"币安人生usdt@trade", "币安人生usdt@ticker"}]
                sockets.follow(["ETHUSDT"])
                await until(lambda: streams_of(server) == [{"ethusdt@trade", "ethusdt@ticker"}])
                assert len(server.peers) == 2
                assert not heard.missed()

    run(story)


def test_with_nothing_to_follow_nothing_is_opened() -> None:
    async def story() -> None:
        async with stream_server() as server:
            sockets = Sockets(server.url, Heard(), scaled())
            async with running(sockets, ()):
                assert not server.attempts
                sockets.follow(BOTH)
                await asyncio.wait_for(sockets.subscribed(), 5)
                sockets.follow(())
                await until(lambda: not server.open_peers)

    run(story)


def test_all_connections_are_replaced_at_once_when_the_caller_knows_of_a_shut_down() -> None:
    async def story() -> None:
        heard = Heard()
        async with stream_server() as server:
            sockets = Sockets(server.url, heard, scaled(streams_per_socket=2))
            async with running(sockets, BOTH):
                await more_frames(heard)
                sockets.shut_down_announced()
                await until(lambda: len(server.peers) == 4 and len(server.open_peers) == 2)
                await more_frames(heard)
                assert not heard.missed()

    run(story)


def test_a_symbol_the_caller_knows_to_be_silent_gets_another_connection_and_not_at_every_call() -> None:
    async def story() -> None:
        heard = Heard()
        async with stream_server() as server:
            sockets = Sockets(server.url, heard, scaled(streams_per_socket=2, renew_pause_s=0.2))
            async with running(sockets, BOTH):
                server.peers[0].streams.remove(next(s for s in server.peers[0].streams if s.endswith("@trade")))
                symbol = server.peers[0].streams[0].partition("@")[0].upper()
                while len(server.peers) == 2:
                    sockets.is_silent(symbol)
                    await asyncio.sleep(0.01)
                await until(lambda: len(server.open_peers) == 2)
                for _ in range(10):
                    sockets.is_silent(symbol)
                    await asyncio.sleep(0.01)
                assert len(server.peers) == 3
                assert set().union(*streams_of(server)) == BOTH_STREAMS

    run(story)


def test_a_server_that_closes_each_connection_at_once_never_sees_more_than_are_allowed() -> None:
    async def story() -> None:
        rules = scaled(streams_per_socket=2, connects_allowed=12, connects_window_s=0.5, backoff_s=0.001)
        async with stream_server() as server:
            server.closes_at_once = True
            sockets = Sockets(server.url, Heard(), rules)
            sockets.follow(BOTH)
            work = asyncio.create_task(sockets.run())
            await until(lambda: len(server.attempts) >= 30)
            server.closes_at_once = False
            await asyncio.wait_for(sockets.subscribed(), 5)
            work.cancel()
            times = server.attempts
            # Seen from there an attempt may come late; without the budget twelve take a tenth of this.
            assert all(later - first > 0.2 for first, later in zip(times, times[12:], strict=False))

    run(story)


def test_a_server_that_bans_us_is_left_alone_for_as_long_as_it_says() -> None:
    async def story() -> None:
        async with stream_server() as server:
            server.refuses_with = 429
            sockets = Sockets(server.url, Heard(), scaled())
            sockets.follow(BOTH)
            work = asyncio.create_task(sockets.run())
            await until(lambda: server.attempts)
            server.refuses_with = None
            await asyncio.wait_for(sockets.subscribed(), 5)
            work.cancel()
            assert server.attempts[1] - server.attempts[0] >= 0.99

    run(story)


def test_while_paused_nothing_is_read_opened_or_taken_for_lost() -> None:
    async def story() -> None:
        heard = Heard()
        async with stream_server() as server:
            sockets = Sockets(server.url, heard, scaled(life_s=0.3))
            async with running(sockets, BOTH):
                await more_frames(heard)
                sockets.pause()
                before = heard.count()
                await asyncio.sleep(0.5)  # past pings, pongs and its life
                assert heard.count() == before
                assert len(server.peers) == 1
                sockets.unpause()
                await until(lambda: len(server.peers) == 2)
                await more_frames(heard)
                assert not heard.missed()  # TCP kept it

    run(story)


def test_while_paused_an_answer_is_not_overdue() -> None:
    async def story() -> None:
        async with stream_server() as server:
            sockets = Sockets(server.url, Heard(), scaled(answer_s=0.2))
            async with running(sockets, ["BTCUSDT"]):
                server.answers_after_s = 0.1
                sockets.follow(BOTH)
                await until(lambda: b"ethusdt@trade" in server.peers[0].told[-1][1])
                sockets.pause()
                await asyncio.sleep(0.3)
                sockets.unpause()
                await asyncio.wait_for(sockets.subscribed(), 5)
                assert len(server.attempts) == 1

    run(story)


def test_what_is_lost_while_paused_comes_back_afterwards() -> None:
    async def story() -> None:
        heard = Heard()
        async with stream_server() as server:
            sockets = Sockets(server.url, heard, scaled())
            async with running(sockets, BOTH):
                await more_frames(heard)
                sockets.pause()
                server.peers[0].cut()
                await asyncio.sleep(0.3)
                assert len(server.attempts) == 1
                sockets.unpause()
                await more_frames(heard)
                assert len(server.peers) == 2

    run(story)


def test_at_the_local_exchange_no_trade_is_missed_by_its_rules_however_short_a_life_it_grants(
    tmp_path: Path, make_settings: SettingsMaker
) -> None:
    """5 messages a second are all it takes, and our own times between them are those of live."""
    settings = make_settings(tmp_path)
    plan = ReplayPlan(demo_files(), demo=True, speed=10)
    frames: list[bytes] = []

    async def story() -> None:
        async with local_exchange(settings, plan, rules=StreamRules(life_seconds=1.5)):
            url = f"ws://127.0.0.1:{settings.port('exchange')}"
            rules = SocketRules(life_s=0.4, overlap_s=0.2, steady_s=0.1, streams_per_socket=2)
            async with running(Sockets(url, frames.append, rules), BOTH):
                await asyncio.sleep(2.5)

    run(story)
    trades = [parse_trade(open_envelope(frame).data) for frame in frames if b"@trade" in frame]
    ids: dict[str, set[int]] = defaultdict(set)
    for trade in trades:
        ids[trade.symbol].add(trade.trade_id)
    assert set(ids) == set(BOTH)
    assert sum(map(len, ids.values())) < len(trades)  # connections overlapped
    assert all(len(seen) == max(seen) - min(seen) + 1 for seen in ids.values())
