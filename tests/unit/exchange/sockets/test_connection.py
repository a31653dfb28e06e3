import asyncio
from itertools import pairwise

import pytest

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
from wickstream.binance.streams import MAX_CONTROL_BYTES
from wickstream.exchange.sockets.sockets import Sockets


def test_the_streams_of_all_symbols_come_and_the_answers_do_not() -> None:
    async def story() -> None:
        heard = Heard()
        async with stream_server() as server, running(Sockets(server.url, heard, scaled()), BOTH):
            await until(lambda: set(heard.numbers) == BOTH_STREAMS)
            assert streams_of(server) == [BOTH_STREAMS]
            assert all(message.startswith(b'{"stream":') for message in heard.messages)

    run(story)


def test_messages_are_short_enough_and_far_enough_apart() -> None:
    symbols = [f"ASSET{number:04}USDT" for number in range(380)]

    async def story() -> None:
        pause_s = 0.05
        rules = scaled(subscribe_pause_s=pause_s, idle_ping_s=0.04)
        async with stream_server(tick_s=5) as server, running(Sockets(server.url, Heard(), rules), symbols):
            (peer,) = server.peers
            await until(lambda: sum(data == b"" for _, data in peer.told) > 2, what="pings")
            assert sum(b'"SUBSCRIBE"' in data for _, data in peer.told) == 5
            assert all(len(data) < MAX_CONTROL_BYTES for _, data in peer.told)
            times = [at_s for at_s, _ in peer.told]
            assert all(b - a > pause_s - 0.005 for a, b in pairwise(times))

    run(story)


def test_a_stream_the_exchange_has_forgotten_is_asked_for_again() -> None:
    async def story() -> None:
        async with stream_server() as server:
            server.lost_streams["ethusdt@trade"] = 1
            async with running(Sockets(server.url, Heard(), scaled()), BOTH):
                assert streams_of(server) == [BOTH_STREAMS]

    run(story)


def test_a_stream_the_exchange_never_keeps_is_left_and_the_others_flow() -> None:
    async def story() -> None:
        heard = Heard()
        async with stream_server() as server:
            server.lost_streams["ethusdt@trade"] = 1_000
            sockets = Sockets(server.url, heard, scaled())
            async with running(sockets, BOTH):
                await more_frames(heard)
                assert streams_of(server) == [BOTH_STREAMS - {"ethusdt@trade"}]
                assert server.lost_streams["ethusdt@trade"] == 998
                server.lost_streams.clear()
                sockets.follow(["BTCUSDT"])
                await asyncio.wait_for(sockets.subscribed(), 5)
                sockets.follow(BOTH)  # chosen anew, it is tried anew
                await asyncio.wait_for(sockets.subscribed(), 5)
                assert streams_of(server) == [BOTH_STREAMS]

    run(story)


@pytest.mark.parametrize("is_flat", [True, False])
def test_a_refused_stream_does_not_cost_the_others(*, is_flat: bool) -> None:
    async def story() -> None:
        async with stream_server() as server:
            server.refused_streams, server.is_flat = {"asset0042usdt@ticker"}, is_flat
            async with running(Sockets(server.url, Heard(), scaled(subscribe_pause_s=0)), MANY):
                (streams,) = streams_of(server)
                assert len(streams) == 199

    run(story)


def test_a_half_open_connection_is_found() -> None:
    async def story() -> None:
        heard = Heard()
        async with stream_server() as server, running(Sockets(server.url, heard, scaled()), BOTH):
            await more_frames(heard)
            server.peers[0].is_half_open = True
            await until(lambda: len(server.peers) == 2, within_s=3)
            await more_frames(heard)

    run(story)


def test_a_frame_larger_than_any_the_exchange_sends_costs_the_connection_and_no_more() -> None:
    async def story() -> None:
        heard = Heard()
        async with stream_server() as server, running(Sockets(server.url, heard, scaled()), BOTH):
            await server.peers[0].say("x" * 2_000_000)
            await until(lambda: len(server.peers) == 2)
            await more_frames(heard)

    run(story)
