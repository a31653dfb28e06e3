"""What is refused before it is looked at, and what takes too long."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from tests.conftest import SettingsMaker
from tests.running import wait_until
from tests.serving import served
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.errors import Mistake
from wickstream.serve.app import build_app, require_word_on_keys
from wickstream.serve.front import heads
from wickstream.serve.front.doorstep import LARGEST_HEAD, LONGEST_TARGET, MOST_HEADERS
from wickstream.serve.front.heads import HEAD_BYTES
from wickstream.serve.front.turns import OF_ONE_VISITOR, Turns
from wickstream.serve.front.visitors import Visitor

REALTIME = "/api/v1/market/realtime"


@pytest.fixture(scope="module")
def door(make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = make_settings(tmp_path_factory.mktemp("bounds"), source="demo", cors_origins="https://app.example.com")
    with served(build_app(settings, open_reader=FakeTiers().opened)) as address:
        yield address


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        (414, {"url": f"{REALTIME}?x={'y' * LONGEST_TARGET}"}),
        (431, {"url": REALTIME, "headers": {"X-Much": "y" * LARGEST_HEAD}}),
        (431, {"url": REALTIME, "headers": {f"X-{number}": "y" for number in range(MOST_HEADERS)}}),
        (413, {"url": REALTIME, "content": b"{}"}),
        (413, {"url": REALTIME, "content": iter([b"{}"])}),
    ],
)
def test_what_is_too_large_is_refused_unread_and_ends_the_connection(
    door: str, status: int, asked: dict[str, object]
) -> None:
    with httpx.Client(base_url=door, trust_env=False) as client:
        answer = client.request("GET", **asked)  # type: ignore[arg-type]
    assert (answer.status_code, answer.headers["connection"]) == (status, "close")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_head_without_an_end_is_cut(door: str) -> None:
    url = httpx.URL(door)
    with socket.create_connection((url.host, url.port or 80), timeout=30) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n")
        sent = 0
        try:
            while sent < 10 * HEAD_BYTES:
                sent += line.send(b"X-More: " + b"y" * 4_000 + b"\r\n")
            answer = line.recv(100)
        except ConnectionError:
            return
    assert answer.startswith(b"HTTP/1.1 431")


def test_pages_of_other_hosts_read_only_if_they_are_named(door: str) -> None:
    with httpx.Client(base_url=door, trust_env=False) as client:
        named = client.get(REALTIME, headers={"Origin": "https://app.example.com"})
        other = client.get(REALTIME, headers={"Origin": "https://evil.example.com"})
    assert named.headers["access-control-allow-origin"] == "https://app.example.com"
    assert "access-control-allow-origin" not in other.headers


class Worker:
    """An application that is done when it may be."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.done = asyncio.Event()
        self.begun = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begun += 1
        await self.gate.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        self.done.set()


async def ask(turns: Turns, visitor: str = "192.0.2.1") -> int:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    asking = Visitor(visitor, is_local=False)
    await turns({"type": "http", "path": REALTIME, "headers": [], "visitor": asking}, receive, send)
    status: int = sent[0]["status"]
    return status


def test_who_comes_when_all_turns_are_taken_is_sent_away_at_once() -> None:
    async def three_for_two() -> tuple[list[int], int]:
        worker = Worker()
        turns = Turns(worker, most=2, seconds=30)
        first = [asyncio.create_task(ask(turns, visitor)) for visitor in ("192.0.2.1", "192.0.2.2")]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        third = await ask(turns, "192.0.2.3")
        worker.gate.set()
        return await asyncio.gather(*first), third

    assert asyncio.run(three_for_two()) == ([200, 200], 503)


def test_one_visitor_has_half_of_the_turns_and_its_requests_wait_for_each_other_alone() -> None:
    async def greedy_and_others() -> tuple[list[int], int, list[int]]:
        worker = Worker()
        turns = Turns(worker, most=4 * OF_ONE_VISITOR, seconds=30)
        greedy = [asyncio.create_task(ask(turns, "192.0.2.1")) for _ in range(3 * OF_ONE_VISITOR)]
        other = [asyncio.create_task(ask(turns, "192.0.2.2"))]
        for _ in range(3):
            await asyncio.sleep(0)
        begun = worker.begun
        worker.gate.set()
        return await asyncio.gather(*greedy), begun, await asyncio.gather(*other)

    greedy, begun, other = asyncio.run(greedy_and_others())
    assert sorted(greedy) == [200] * 2 * OF_ONE_VISITOR + [503] * OF_ONE_VISITOR
    assert begun == OF_ONE_VISITOR + 1
    assert other == [200]


def test_what_takes_too_long_is_told_of_and_keeps_its_turn_until_it_is_done() -> None:
    async def too_late() -> list[int]:
        worker = Worker()
        turns = Turns(worker, most=1, seconds=0.01)
        statuses = [await ask(turns), await ask(turns)]  # the second finds the turn taken
        worker.gate.set()
        await worker.done.wait()
        await asyncio.sleep(0)
        return [*statuses, await ask(turns)]

    assert asyncio.run(too_late()) == [503, 503, 200]


def test_who_gives_up_while_waiting_leaves_the_line() -> None:
    async def many_give_up() -> int:
        worker = Worker()
        turns = Turns(worker, most=4 * OF_ONE_VISITOR, seconds=30)
        worked_on = [asyncio.create_task(ask(turns)) for _ in range(OF_ONE_VISITOR)]
        for _ in range(2 * OF_ONE_VISITOR):
            with suppress(TimeoutError):
                await asyncio.wait_for(ask(turns), 0.001)
        last = asyncio.create_task(ask(turns))
        await asyncio.sleep(0)
        worker.gate.set()
        await asyncio.gather(*worked_on)
        return await last

    assert asyncio.run(many_give_up()) == 200


LARGE = b"y" * 20_000_000  # more than sockets hold by themselves


async def large(scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(b"content-length", b"%d" % len(LARGE))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": LARGE})


@contextmanager
def who_does_not_read(address: str) -> Iterator[socket.socket]:
    url = httpx.URL(address)
    with socket.create_connection((url.host, url.port or 80), timeout=30) as line:
        line.sendall(f"GET {REALTIME} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
        assert line.recv(1) == b"H"  # it is written
        yield line


def read_on(line: socket.socket) -> int:
    """Bytes until there are no more."""
    found = 0
    while piece := line.recv(1_000_000):
        found += len(piece)
    return found


def test_an_answer_keeps_its_turn_until_it_is_taken() -> None:
    with served(Turns(large, most=1, seconds=30)) as address, httpx.Client(trust_env=False) as client:
        with who_does_not_read(address) as line:
            while_held = client.get(address + REALTIME)
            assert read_on(line) > len(LARGE)
        wait_until(lambda: client.get(address + REALTIME).status_code == 200, what="there is a turn again")
    assert while_held.status_code == 503


def test_who_takes_nothing_is_let_go_and_its_turn_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "TAKE_S", 0.1)
    with (
        served(Turns(large, most=1, seconds=30)) as address,
        httpx.Client(trust_env=False) as client,
        who_does_not_read(address) as line,
    ):
        wait_until(lambda: client.get(address + REALTIME).status_code == 200, what="there is a turn again")
        with suppress(ConnectionError):
            assert read_on(line) < len(LARGE)


def test_a_request_that_is_cancelled_is_worked_on_to_its_end() -> None:
    async def cancelled() -> bool:
        worker = Worker()
        turns = Turns(worker, most=1, seconds=30)
        request = asyncio.create_task(ask(turns))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        request.cancel()
        worker.gate.set()
        await asyncio.wait({request})
        await worker.done.wait()
        return True

    assert asyncio.run(cancelled())


def test_production_open_to_others_needs_a_word_on_keys(make_settings: SettingsMaker, tmp_path: Path) -> None:
    beyond = make_settings(tmp_path, environment="production", listen_host="0.0.0.0")  # noqa: S104
    with pytest.raises(Mistake, match="set API_KEYS=required"):
        require_word_on_keys(beyond)
    for update in ({"api_keys": "optional"}, {"listen_host": "127.0.0.1"}, {"environment": "development"}):
        require_word_on_keys(beyond.model_copy(update=update))
