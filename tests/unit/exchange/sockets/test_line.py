import asyncio
from itertools import pairwise

import pytest

from tests.unit.exchange.sockets_at_work import BOTH, Heard, more_frames, run, running, scaled, until
from tests.unit.exchange.stream_server import stream_server
from wickstream.exchange.sockets.sockets import Sockets


def test_at_the_end_of_its_life_a_connection_is_replaced_without_a_gap() -> None:
    async def story() -> None:
        heard = Heard()
        rules = scaled(streams_per_socket=2, life_s=0.2, overlap_s=0.1)
        async with stream_server() as server, running(Sockets(server.url, heard, rules), BOTH):
            most = 0
            while len(server.peers) < 8:
                most = max(most, len(server.open_peers))
                await asyncio.sleep(0.002)
            assert most == 3  # two lines, and one rotation at a time
            assert not heard.missed()

    run(story)


@pytest.mark.parametrize(
    "announcement",
    ['{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}', '{"e":"serverShutdown","E":1}'],
)
def test_a_connection_whose_server_shuts_down_is_replaced_at_once_without_a_gap(announcement: str) -> None:
    async def story() -> None:
        heard = Heard()
        async with stream_server() as server, running(Sockets(server.url, heard, scaled()), BOTH):
            await more_frames(heard)
            await server.peers[0].say(announcement)
            await until(lambda: len(server.peers) == 2 and not server.peers[0].is_open, within_s=3)
            await more_frames(heard)
            assert not heard.missed()
            assert announcement.encode() not in heard.messages

    run(story)


def test_while_the_exchange_takes_no_new_connection_the_old_one_stays_in_service() -> None:
    async def story() -> None:
        heard = Heard()
        async with stream_server() as server:
            sockets = Sockets(server.url, heard, scaled(life_s=0.1))
            async with running(sockets, ["BTCUSDT"]):
                server.refuses_with = 503
                await until(lambda: len(server.attempts) >= 4, what="attempts")
                sockets.follow(BOTH)
                await asyncio.wait_for(sockets.subscribed(), 5)
                assert len(server.peers) == 1
                server.refuses_with = None
                await until(lambda: len(server.peers) > 1 and not server.peers[0].is_open)
                await more_frames(heard)
                assert not heard.missed()

    run(story)


def test_a_connection_that_is_cut_after_a_steady_life_comes_back_at_once() -> None:
    async def story() -> None:
        heard = Heard()
        rules = scaled(backoff_s=1_000, backoff_cap_s=1_000)
        async with stream_server() as server, running(Sockets(server.url, heard, rules), BOTH):
            await asyncio.sleep(rules.steady_s)
            for _ in range(3):
                server.peers[-1].cut()
                known = len(server.peers)
                await until(lambda known=known: len(server.peers) > known, within_s=3)  # type: ignore[misc]
                await asyncio.sleep(rules.steady_s * 1.5)

    run(story)


def test_a_connection_that_answers_pings_and_says_nothing_is_renewed_ever_less_often() -> None:
    async def story() -> None:
        rules = scaled(idle_ping_s=0.02, renew_pause_s=0.1, overlap_s=0.05)
        async with stream_server() as server, running(Sockets(server.url, Heard(), rules), BOTH):
            server.says_nothing = True
            await until(lambda: len(server.peers) == 4)
            times = [peer.opened_s for peer in server.peers]
            lives = [b - a for a, b in pairwise(times)]
            assert all(life >= least for life, least in zip(lives, (0.1, 0.2, 0.4), strict=True))

    run(story)


def test_a_fault_of_ours_does_not_pass_for_a_lost_connection() -> None:
    async def story() -> None:
        def on_frame(_: bytes) -> None:
            raise ZeroDivisionError

        async with stream_server() as server:
            sockets = Sockets(server.url, on_frame, scaled())
            sockets.follow(BOTH)
            with pytest.raises(ExceptionGroup) as caught:
                await asyncio.wait_for(sockets.run(), 5)
            assert caught.group_contains(ZeroDivisionError)
            assert len(server.peers) == 1

    run(story)


def test_a_server_that_takes_the_connection_and_says_nothing_is_given_up_and_tried_again() -> None:
    async def story() -> None:
        opened = ended = 0

        async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal opened, ended
            opened += 1
            while await reader.read(1_000):
                pass
            writer.close()
            ended += 1

        server = await asyncio.start_server(be_silent, "127.0.0.1", 0)
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        sockets = Sockets(url, Heard(), scaled(open_s=0.2))
        sockets.follow(BOTH)
        work = asyncio.create_task(sockets.run())
        await until(lambda: opened >= 3)
        work.cancel()
        await asyncio.wait((work,))
        await until(lambda: ended == opened)
        server.close()

    run(story)
