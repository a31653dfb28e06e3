"""The express lane over real sockets: it says what the application says, and leaves to it what needs a second look."""

import gzip
import http.client
import socket
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import BinaryIO

import pytest
from httpx import URL

from tests.conftest import SettingsMaker
from tests.serving import served
from tests.unit.serve.fake_tiers import FakeTiers
from wickstream.metrics import API_REQUESTS
from wickstream.serve.app import build_app
from wickstream.serve.front.express import Express, question_of
from wickstream.serve.front.hot_names import HotName

KLINES = "/api/v1/analytics/klines/BTCUSDT?interval=1m&limit=100"
V3 = "/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=100"
OF_THE_MOMENT = {"date", "x-mbx-used-weight", "x-mbx-used-weight-1m", "x-ratelimit-reset", "x-ratelimit-remaining"}
SLOWLY = {"Origin": "https://elsewhere.example.com"}  # the application looks at it, and says nothing of it

Said = tuple[int, Mapping[str, str], bytes]


class Lane:
    """A connection that is kept, and how many of its questions the express lane answered."""

    def __init__(self, address: URL) -> None:
        self.answered = 0
        self.address = address.host, address.port or 80
        self._line = http.client.HTTPConnection(*self.address, timeout=30)

    def ask(self, target: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Said:
        self._line.request(method, target, headers=headers or {})
        answer = self._line.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def close(self) -> None:
        self._line.close()


@pytest.fixture(scope="module")
def door(make_settings: SettingsMaker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    settings = make_settings(tmp_path_factory.mktemp("express"), source="demo", hot_answer_ms=250)
    with served(build_app(settings, open_reader=FakeTiers().opened)) as address:
        yield URL(address)


@pytest.fixture
def lane(door: URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lane]:
    """Answers that are kept hold for the whole test."""
    lane, answer = Lane(door), Express.answer

    def counted(self: Express, target: bytes, headers: list[tuple[bytes, bytes]], peer: str | None) -> object:
        self._store._oldest_s = 60
        found = answer(self, target, headers, peer)
        lane.answered += found is not None
        return found

    monkeypatch.setattr(Express, "answer", counted)
    yield lane
    lane.close()


def lasting(said: Said) -> Said:
    status, headers, body = said
    return status, {name: value for name, value in headers.items() if name not in OF_THE_MOMENT}, body


@pytest.mark.parametrize("target", [KLINES, V3, "/api/v1/market/realtime", "/readyz"])
@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "br, gzip"}, {"Accept-Encoding": "identity"}])
def test_it_says_what_the_application_says(lane: Lane, target: str, headers: dict[str, str]) -> None:
    slow = lane.ask(target, headers | SLOWLY)
    assert lane.answered == 0
    assert lasting(lane.ask(target, headers)) == lasting(slow)
    assert lane.answered == (slow[0] == 200)


def test_who_has_the_answer_is_told_so(lane: Lane) -> None:
    status, headers, body = lane.ask(KLINES, SLOWLY)
    known = {"If-None-Match": headers["etag"]}

    slow, fast = lane.ask(KLINES, known | SLOWLY), lane.ask(KLINES, known)

    assert (status, lane.answered, len(body) > 1_000) == (200, 1, True)
    assert lasting(fast) == lasting(slow)
    assert (fast[0], fast[2], "content-length" in fast[1]) == (304, b"", False)


def test_what_is_compressed_is_the_same(lane: Lane) -> None:
    plain = lane.ask(KLINES)
    packed = lane.ask(KLINES, {"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed[2]) == plain[2]
    assert packed[1]["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    "headers",
    [
        SLOWLY,
        {"X-API-Key": "wk_nobodys"},
        {"X-MBX-APIKEY": "theirs"},
        {"X-MBX-TIME-UNIT": "MICROSECOND"},
        {"Content-Length": "0"},
        {"Connection": "close"},
        {"Expect": "100-continue"},
        {f"X-{number}": "y" for number in range(101)},
        {"X-Much": "y" * 17_000},
        {"X-Forwarded-For": "203.0.113.7, " * 20},
    ],
)
def test_what_needs_a_second_look_goes_to_the_application(lane: Lane, headers: dict[str, str]) -> None:
    lane.ask(KLINES, SLOWLY)
    assert lane.ask(KLINES, headers)[0] in (200, 401, 431)
    assert lane.answered == 0


def test_only_questions_are_answered(lane: Lane) -> None:
    lane.ask(KLINES, SLOWLY)
    for method in ("HEAD", "POST", "OPTIONS"):
        assert lane.ask(KLINES, method=method)[2].count(b"open_time") == 0
    assert lane.answered == 0


def test_what_each_question_weighs_is_counted_on_both_ways(lane: Lane) -> None:
    weights = [int(lane.ask(V3, headers)[1]["x-mbx-used-weight-1m"]) for headers in (SLOWLY, {}, {}, SLOWLY, {})]
    assert [after - before for before, after in pairwise(weights)] == [2, 2, 2, 2]
    assert lane.answered == 3


def test_each_answer_counts_for_its_route(lane: Lane) -> None:
    def counted() -> float:
        count: float = API_REQUESTS.labels("/api/v1/analytics/klines/{symbol}", "200")._value.get()
        return count

    before = counted()
    for headers in (SLOWLY, {}, {}):
        lane.ask(KLINES, headers)
    assert (counted() - before, lane.answered) == (3, 2)


def test_questions_one_behind_the_other_are_answered_in_their_order(lane: Lane) -> None:
    limits = [1, 2, 1, 3, 2, 1, 3]
    target = KLINES.replace("=100", "={}").format
    for limit in (1, 3):  # what is between them has to be asked of the application
        lane.ask(target(limit))
    asked = b"".join(f"GET {target(limit)} HTTP/1.1\r\nHost: here\r\n\r\n".encode() for limit in limits)
    with socket.create_connection(lane.address, timeout=30) as line, line.makefile("rb") as said:
        line.sendall(asked)
        counts = [body_of_next(said).count(b"open_time") for _ in limits]
    assert counts == limits


def body_of_next(said: BinaryIO) -> bytes:
    assert said.readline().startswith(b"HTTP/1.1 200")
    headers = http.client.parse_headers(said)
    return said.read(int(headers["content-length"]))


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (b"/api/v3/klines?symbol=ETHUSDT", HotName("/api/v3/klines", b"symbol=ETHUSDT", "ETHUSDT")),
        (b"/api/v1/analytics/klines/%E5%B8%81?a=1", HotName("/api/v1/analytics/klines/币", b"a=1", "币")),
        (b"http://here/readyz", HotName("/readyz", b"", None)),
        (b"/api/v1/stream", None),
        (b"*", None),
        (b"", None),
        (b"\xff", None),
    ],
)  # fmt: skip
def test_an_address_is_understood_as_the_server_understands_it(target: bytes, name: HotName | None) -> None:
    question = question_of(target)
    assert (question and question.name) == name
