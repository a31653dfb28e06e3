import asyncio
import gzip
from collections.abc import Callable, Mapping

import pytest
from starlette.types import Message, Receive, Scope, Send

from wickstream.serve.front import hot_store as module
from wickstream.serve.front.hot_answers import HotAnswers
from wickstream.serve.front.hot_names import HotName, hot_name
from wickstream.serve.front.hot_store import HotStore, takes_gzip

KLINES = "/api/v1/analytics/klines/BTCUSDT"
REALTIME = "/api/v1/market/realtime"


class Tiers:
    """An application that numbers its answers, and gives them when it may."""

    def __init__(self) -> None:
        self.asked = 0
        self.status = 200
        self.size = 10
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        body = str(self.asked).encode().rjust(self.size)
        await self.gate.wait()
        scope["route"] = "the route"
        headers = [(b"content-length", str(len(body)).encode()), (b"x-own", b"1")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body[:3], "more_body": True})
        await send({"type": "http.response.body", "body": body[3:]})


class Front:
    """The layer over `tiers`, on a clock that stands still."""

    def __init__(self, tiers: Tiers) -> None:
        self.now_s = 0.0
        self.store = HotStore(oldest_s=0.25, clock=lambda: self.now_s)
        self._app = HotAnswers(tiers, store=self.store)

    async def get(
        self, path: str = KLINES, query: bytes = b"", **headers: str
    ) -> tuple[int, bytes, Mapping[bytes, bytes]]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            raise AssertionError("nobody asks for a body")

        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": raw}
        await self._app(scope, receive, send)
        assert scope["route"] == "the route"
        start, *pieces = sent
        return start["status"], b"".join(piece["body"] for piece in pieces).strip(), dict(start["headers"])


def told(ask: Callable[[Front, Tiers], "asyncio.Future[object] | object"]) -> object:
    async def run() -> object:
        tiers = Tiers()
        return await ask(Front(tiers), tiers)  # type: ignore[misc]

    return asyncio.run(run())


def test_an_answer_is_given_again_until_it_is_a_quarter_of_a_second_old() -> None:
    async def ask(front: Front, tiers: Tiers) -> list[bytes]:
        found = []
        for front.now_s in (0.0, 0.1, 0.249, 0.25, 0.3):
            found.append((await front.get())[1])
        return found

    assert told(ask) == [b"1", b"1", b"1", b"2", b"2"]


def test_what_is_announced_of_a_symbol_ends_its_answers_and_no_others() -> None:
    async def ask(front: Front, tiers: Tiers) -> list[bytes]:
        paths = (KLINES, KLINES.replace("BTC", "ETH"), REALTIME)
        before = [(await front.get(path))[1] for path in paths]
        front.store.forget("BTCUSDT")
        return before + [(await front.get(path))[1] for path in paths]

    assert told(ask) == [b"1", b"2", b"3", b"4", b"2", b"3"]


def test_an_answer_that_was_begun_before_an_announcement_is_not_given_after_it() -> None:
    async def ask(front: Front, tiers: Tiers) -> list[bytes]:
        tiers.gate.clear()
        first = asyncio.create_task(front.get())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        front.store.forget("BTCUSDT")
        second = asyncio.create_task(front.get())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tiers.gate.set()
        return [(await task)[1] for task in (first, second)]

    assert told(ask) == [b"1", b"2"]


def test_many_who_ask_the_same_at_once_ask_once_and_who_gives_up_takes_it_from_nobody() -> None:
    async def ask(front: Front, tiers: Tiers) -> tuple[set[bytes], int]:
        tiers.gate.clear()
        tasks = [asyncio.create_task(front.get()) for _ in range(50)]
        await asyncio.sleep(0)
        for task in tasks[:10]:
            task.cancel()
        await asyncio.sleep(0)
        tiers.gate.set()
        return {(await task)[1] for task in tasks[10:]}, tiers.asked

    assert told(ask) == ({b"1"}, 1)


def test_addresses_are_told_apart_letter_by_letter() -> None:
    async def ask(front: Front, tiers: Tiers) -> list[bytes]:
        queries = (b"", b"limit=1", b"limit=01", b"limit=1&", b"limit=1")
        return [(await front.get(query=query))[1] for query in queries]

    assert told(ask) == [b"1", b"2", b"3", b"4", b"2"]


def test_only_good_answers_are_kept() -> None:
    async def ask(front: Front, tiers: Tiers) -> list[tuple[int, bytes]]:
        tiers.status = 503
        bad = [(await front.get())[:2] for _ in range(2)]
        tiers.status = 200
        return bad + [(await front.get())[:2] for _ in range(2)]

    assert told(ask) == [(503, b"1"), (503, b"2"), (200, b"3"), (200, b"3")]


def test_who_has_it_already_is_told_so() -> None:
    async def ask(front: Front, tiers: Tiers) -> object:
        _status, _body, headers = await front.get()
        same = await front.get(if_none_match=headers[b"etag"].decode())
        front.store.forget("BTCUSDT")
        other = await front.get(if_none_match=headers[b"etag"].decode())
        return same[:2], same[2].get(b"content-length"), other[:2], headers[b"content-length"], headers[b"x-own"]

    assert told(ask) == ((304, b""), None, (200, b"2"), b"10", b"1")


def test_it_is_compressed_once_for_all_who_take_it() -> None:
    async def ask(front: Front, tiers: Tiers) -> object:
        tiers.size = 5_000
        plain = await front.get()
        first, second = [await front.get(accept_encoding="br, gzip;q=0.8") for _ in range(2)]
        assert first[1] is second[1]
        assert (first[2][b"content-encoding"], first[2][b"vary"]) == (b"gzip", b"accept-encoding")
        return gzip.decompress(first[1]).strip() == plain[1], b"content-encoding" in plain[2], tiers.asked

    assert told(ask) == (True, False, 1)


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [(b"gzip", True), (b"br;q=1, GZIP ; q=0.5", True), (b"gzip;q=0", False), (b"gzip; q=0.0", False), (b"br", False)],
)
def test_whether_gzip_is_taken(accepted: bytes, takes: bool) -> None:  # noqa: FBT001
    assert takes_gzip(accepted) is takes


def test_memory_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 100_000)

    async def ask(front: Front, tiers: Tiers) -> bool:
        tiers.size = 10_000
        for number in range(50):
            await front.get(query=b"limit=%d" % number)
        store = front.store
        return 0 < store._bytes == sum(answer.size for answer in store._answers.values()) <= 100_000

    assert told(ask)


@pytest.mark.parametrize(
    ("path", "query", "symbol"),
    [
        (KLINES, b"limit=5", "BTCUSDT"),
        ("/api/v3/klines", b"symbol=ETHUSDT&interval=1m", "ETHUSDT"),
        ("/api/v3/ticker/24hr", b"", None),
        (REALTIME, b"", None),
        ("/readyz", b"", None),
    ],
)
def test_what_is_asked_often_is_kept(path: str, query: bytes, symbol: str | None) -> None:
    assert hot_name(path, query) == HotName(path, query, symbol)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (KLINES, b"as_known_at=1723161720000"),
        (KLINES, b"x=" + b"y" * 300),
        ("/api/v1/stream", b""),
        ("/api/v3/time", b""),
        ("/api/v1/system/health", b""),
        ("/metrics", b""),
        ("/livez", b""),
    ],
)
def test_all_else_is_asked_each_time(path: str, query: bytes) -> None:
    assert hot_name(path, query) is None
